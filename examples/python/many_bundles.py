"""Analyses a folder of bundles with Spark, one row for each finding, and asks which issues hit which versions.

    pip install ./python pyspark "pandas<3" pyarrow
    python examples/python/many_bundles.py BUNDLES OUT.parquet

Each bundle is one task; the library uses one thread there, since the engine spreads the bundles over the cores (or
over machines: give `--master`, with the bundles where every machine sees them). A bundle that cannot be read at all is
a row too, with its error.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame, SparkSession

import loggrep_abm

SCHEMA = """
    bundle string, cluster string, version string, id string, title string, severity string, confidence string,
    verdict string, count long, first_seen string, last_seen string, nodes array<string>, complete boolean, error string
"""
COLUMNS = [column.split()[0] for column in SCHEMA.replace("\n", " ").split(",")]


def rows_of(analyzer: loggrep_abm.Analyzer, path: str) -> Iterator[dict[str, object]]:
    """One row for each finding of a bundle and cluster that its verdict speaks of."""
    try:
        report = analyzer.analyze(path)
    except loggrep_abm.Error as error:
        yield {"bundle": path, "error": str(error)}
        return
    for finding in report:
        row = {
            "bundle": path,
            "id": finding.id,
            "title": finding.title,
            "severity": finding.severity,
            "confidence": finding.confidence,
            "count": finding.count,
            "first_seen": finding.first_seen,
            "last_seen": finding.last_seen,
            "nodes": finding.nodes,
            "complete": report.complete,
        }
        for judged in finding.verdicts or [None]:
            cluster = judged and {"cluster": judged.cluster, "version": judged.version, "verdict": judged.verdict}
            yield row | (cluster or {"verdict": finding.verdict})


def analyse(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Runs in the engine's workers: the signatures are compiled once for all bundles of a task."""
    analyzer = loggrep_abm.Analyzer(threads=1)
    for batch in batches:
        rows = [row for path in batch["path"] for row in rows_of(analyzer, path)]
        yield pd.DataFrame(rows, columns=COLUMNS).astype(object).where(lambda cells: cells.notna(), None)


def issues_by_version(spark: SparkSession, parquet: str, since: str) -> DataFrame:
    """Which issues were seen since a time, on which versions, in how many bundles."""
    spark.read.parquet(parquet).createOrReplaceTempView("findings")
    query = """
        select id, version, count(distinct bundle) as bundles, sum(count) as hits, max(last_seen) as last_seen
        from findings
        where error is null and verdict in ('affected', 'unknown') and last_seen >= :since
        group by id, version
        order by bundles desc, hits desc, id, version
    """
    return spark.sql(query, args={"since": since})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", type=Path, help="a folder")
    parser.add_argument("out", help="a Parquet data set, replaced")
    parser.add_argument("--master", default="local[*]")
    month = datetime.date.today().replace(day=1).isoformat()
    parser.add_argument("--since", default=month, help="RFC 3339; this month by default")
    arguments = parser.parse_args()

    # The workers of a local engine run the Python that has the package.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.master(arguments.master).appName("many-bundles").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    paths = sorted(str(path.absolute()) for path in arguments.bundles.iterdir())
    bundles = spark.createDataFrame([(path,) for path in paths], "path string").repartition(len(paths) or 1)
    bundles.mapInPandas(analyse, SCHEMA).write.mode("overwrite").parquet(arguments.out)
    issues_by_version(spark, arguments.out, arguments.since).show(50, truncate=False)
    failed = spark.sql("select bundle, error from findings where error is not null").collect()
    for row in failed:
        print(f"{row.bundle}: {row.error}")
    spark.stop()


if __name__ == "__main__":
    main()
