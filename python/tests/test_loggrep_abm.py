"""The package as a program uses it."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import pytest

import loggrep_abm
from loggrep_abm import Analyzer, Limits, Provisional, Redactor, Report, Signatures

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "testdata/demo/snapshot.tar.gz"
LOG = (
    b'E0119 22:11:49.705596 1 client.go:48] ANGd.Setup Failed to create ANG daemon {"nodeName": "bm-node-1", '
    rb'"error": "creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\""}' + b"\n"
)
LOG_ID = "network-gateway-group-missing-interface-ip"

FORMS: tuple[loggrep_abm.Form, ...] = get_args(loggrep_abm.Form)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer()


@pytest.fixture(scope="module")
def demo(analyzer: Analyzer) -> Report:
    return analyzer.analyze(DEMO)


def test_a_report_has_attributes(demo: Report) -> None:
    by_id = {finding.id: finding for finding in demo}
    finding = by_id["containerd-1-5-13-needs-libseccomp-2-5"]
    assert (finding.count, finding.severity, finding.verdict) == (31, "high", "affected")
    assert finding.evidence[0].line >= 1
    assert finding.evidence[0].path.startswith(f"{DEMO}!")
    assert finding.nodes == ["usr-cp-01"]
    assert not demo.complete
    assert demo.problems[0].kind
    assert {cluster.name for cluster in demo.bundle.clusters} >= {"admin-seoul", "user-ci"}
    assert demo.inputs[0].format == "tar.gz"
    assert demo.coverage.evaluated == demo.tool.signatures == len(Signatures.builtin())


def test_every_door_gives_the_same_report(analyzer: Analyzer, demo: Report) -> None:
    content = DEMO.read_bytes()
    name = str(DEMO)
    assert analyzer.analyze(name).to_json() == demo.to_json()
    assert analyzer.analyze(content, name=name).to_json() == demo.to_json()
    assert analyzer.analyze(io.BytesIO(content), name=name).to_json() == demo.to_json()
    with DEMO.open("rb") as file:
        assert analyzer.analyze(file).to_json() == demo.to_json()
    with analyzer.session() as session:
        session.begin(name)
        for at in range(0, len(content), 1000):
            session.push(memoryview(content)[at : at + 1000])
        session.end()
        assert session.finish().to_json() == demo.to_json()


def test_a_report_is_stored_pickled_and_rendered(demo: Report) -> None:
    assert Report.from_json(demo.to_json()) == demo
    again = pickle.loads(pickle.dumps(demo))
    assert again == demo and again.to_json() == demo.to_json()
    assert demo.render("json") == demo.to_json()
    assert demo.render("html").lower().startswith("<!doctype html>")
    assert demo.render("markdown") and demo.render("csv") and demo.render("sarif") and demo.render("junit")
    with pytest.raises(ValueError):
        demo.render("pdf")  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        Report.from_json("{}")


def test_unknown_keys_of_a_later_library_are_ignored(demo: Report) -> None:
    later = demo.to_json().replace('"schema_version"', '"new_key": [1], "schema_version"', 1)
    assert Report.from_json(later) == demo


def test_options_count() -> None:
    korean = Analyzer(language="ko", only=[LOG_ID], cluster_version="1.12.0", threads=1, limits=Limits(evidence=1))
    report = korean.analyze(LOG * 3, name="a.log")
    assert report.language == "ko"
    assert [finding.id for finding in report] == [LOG_ID]
    assert len(report.findings[0].evidence) == 1
    assert report.findings[0].captures["interface"] == ["ens192"]
    assert Analyzer(exclude=["*.log"]).analyze(LOG, name="a.log").findings == []


def test_sessions_take_files_by_name(
    analyzer: Analyzer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = Path("node.log")
    log.write_bytes(LOG)
    with analyzer.session("upload") as session:
        session.begin("nodes/a.log", mtime=1674166309)
        session.push(LOG[:10])
        session.push(bytearray(LOG[10:]))
        session.end()
        session.push_file(log)
        report = session.finish()
    evidence = [one for finding in report for one in finding.evidence]
    assert {one.path for one in evidence} == {f"upload/{log}", "upload/nodes/a.log"}
    assert any((one.time or "").startswith("2023-01-19T22:11:49") for one in evidence)
    with pytest.raises(loggrep_abm.Error, match="finished"):
        session.end()


def test_errors_carry_the_message_of_the_library(analyzer: Analyzer) -> None:
    with pytest.raises(loggrep_abm.InputError, match="cannot open `/nowhere`"):
        analyzer.analyze("/nowhere")
    with pytest.raises(loggrep_abm.InvalidArgumentError, match="tlh"):
        Analyzer(language="tlh")
    with pytest.raises(ValueError):
        Analyzer(threads=-1)
    with pytest.raises(loggrep_abm.SignatureError, match="broken.toml:"):
        Signatures.from_files({"broken.toml": "id = "})
    with pytest.raises(TypeError):
        analyzer.analyze(b"", "another")
    with pytest.raises(loggrep_abm.Error, match="no entry has begun"):
        analyzer.session().push(b"x")


def test_signatures_from_anywhere() -> None:
    builtin = Signatures.builtin()
    files = {path.name: path.read_text() for path in (ROOT / "signatures").glob("*.toml")}
    assert Signatures.from_directory(ROOT / "signatures").digest == builtin.digest
    assert Signatures.from_files(dict(sorted(files.items()))).ids == builtin.ids
    assert loggrep_abm.check({"broken.toml": "id = ", "other.toml": 'id = "x"'})
    mistake = loggrep_abm.check({"broken.toml": "id = "})[0]
    assert str(mistake).startswith("broken.toml:1:")


def test_wrong_types_are_told_by_name(analyzer: Analyzer, demo: Report) -> None:
    untyped: Any = Analyzer
    made: Any = analyzer
    session: Any = analyzer.session()
    redactor: Any = Redactor()
    signatures: Any = Signatures
    check: Any = loggrep_abm.check
    limits: Any = Limits
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: untyped(language=1), "language must be str, not int"),
        (lambda: untyped(min_confidence=None), "min_confidence must be str, not NoneType"),
        (lambda: untyped(since=7), "since must be str, not int"),
        (lambda: untyped(threads="2"), "threads must be int, not str"),
        (lambda: untyped(context=1.5), "context must be int, not float"),
        (lambda: untyped(only="one-id"), "only must be an iterable of str, not str"),
        (lambda: untyped(include=[1]), "an item of include must be str, not int"),
        (lambda: untyped(exclude=3), "exclude must be an iterable of str, not int"),
        (lambda: untyped("signatures"), "signatures must be Signatures or None, not str"),
        (lambda: untyped(limits={"depth": 1}), "limits must be Limits or None, not dict"),
        (lambda: untyped(limits=limits(depth="deep")), "limits.depth must be int, not str"),
        (lambda: untyped(redactor=True), "redactor must be Redactor or None, not bool"),
        (lambda: untyped(experimental="no"), "experimental must be bool, not str"),
        (lambda: untyped(unknown="5"), "unknown must be int, not str"),
        (lambda: made.analyze(None), "source must be a path, bytes or a file opened for reading, not NoneType"),
        (lambda: made.analyze(7), "source must be a path"),
        (lambda: made.analyze(io.StringIO("x")), "opened in binary mode: it gives str"),
        (lambda: made.analyze(b"", name=1), "name must be str, not int"),
        (lambda: made.analyze("a", 1), "an input must be str or os.PathLike, not int"),
        (lambda: made.session(1), "name must be str, not int"),
        (lambda: session.begin(b"a.log"), "name must be str, not bytes"),
        (lambda: session.begin("a", mtime="now"), "mtime must be int, not str"),
        (lambda: session.push("text"), "data must be bytes, bytearray or memoryview, not str"),
        (lambda: redactor.redact(demo.to_json()), "report must be Report, not str"),
        (lambda: signatures.from_directory(1), "path must be str or os.PathLike, not int"),
        (lambda: signatures.from_pack(None), "path must be str or os.PathLike, not NoneType"),
        (lambda: signatures.from_files(["a"]), "files must be a mapping of str to str, not list"),
        (lambda: signatures.from_files({"a.toml": b""}), "the text of a.toml must be str, not bytes"),
        (lambda: check(3), "signatures must be str or os.PathLike, not int"),
    ]
    for call, message in wrong:
        with pytest.raises(TypeError, match=re.escape(message)):
            call()
    session.close()
    assert analyzer.analyze(bytearray(LOG), name="a.log") == analyzer.analyze(memoryview(LOG), name="a.log")


def test_captures_beyond_the_limit_are_told(analyzer: Analyzer) -> None:
    log = b"".join(LOG.replace(b"ens192", b"ens%d" % number) for number in range(100))
    (finding,) = [one for one in analyzer.analyze(log, name="a.log") if one.id == LOG_ID]
    assert finding.captures_omitted and 0 < len(finding.captures["interface"]) < 100
    (finding,) = [one for one in analyzer.analyze(LOG, name="a.log") if one.id == LOG_ID]
    assert not finding.captures_omitted


def test_experimental_signatures_and_unknown_messages() -> None:
    name = f"{LOG_ID}.toml"
    toml = (ROOT / "signatures" / name).read_text()
    experimental = toml.replace("source_confidence", 'status = "experimental"\nsource_confidence', 1)
    signatures = Signatures.from_files({name: experimental})
    log = LOG + b"E0119 22:11:49.705596 1 client.go:48] spurious wombat in the reactor\n"
    ids = [one.id for one in Analyzer(signatures).analyze(log, name="a.log")]
    assert ids == []
    report = Analyzer(signatures, context=0, experimental=True, unknown=0).analyze(log, name="a.log")
    assert [one.id for one in report] == [LOG_ID]
    assert "wombat" not in report.to_json()
    assert "wombat" in Analyzer(signatures, context=0, unknown=3).analyze(log, name="a.log").to_json()
    with pytest.raises(loggrep_abm.InvalidArgumentError, match="1001"):
        Analyzer(unknown=1001)


def pack_of(path: Path, text: str, told: str | None = None) -> None:
    """Writes a pack of one signature; `told` is what the manifest says of it."""
    member, content = f"signatures/{LOG_ID}.toml", text.encode()
    digest = hashlib.sha256((told or text).encode()).hexdigest()
    files = [{"path": member, "bytes": len(content), "sha256": digest}]
    manifest = {"format": 1, "name": "own", "tool": ">= 0.1.0", "files": files}
    with tarfile.open(path, "w:gz") as pack:
        for name, data in [("manifest.json", json.dumps(manifest).encode()), (member, content)]:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            pack.addfile(entry, io.BytesIO(data))


def test_a_pack_is_held_to_its_manifest(tmp_path: Path) -> None:
    toml = (ROOT / "signatures" / f"{LOG_ID}.toml").read_text()
    own = tmp_path / "own.tar.gz"
    pack_of(own, toml)
    assert Signatures.from_pack(own).ids == [LOG_ID]
    assert Signatures.from_pack(str(own), builtin=True).ids == Signatures.builtin().ids
    pack_of(own, toml, toml + "\n")
    with pytest.raises(loggrep_abm.SignatureError, match="cannot be trusted"):
        Signatures.from_pack(own)


@pytest.mark.parametrize("page", ["README.md", "python/README.md"])
def test_the_scripts_of_the_readme_run(page: str, tmp_path: Path) -> None:
    shutil.copy(DEMO, tmp_path / "snapshot.tar.gz")
    scripts = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S)
    (tmp_path / "script.py").write_text("".join(scripts))
    run = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "containerd-1-5-13-needs-libseccomp-2-5 31 affected" in run.stdout


def test_numbers_pass_whole(demo: Report) -> None:
    wide = Analyzer(limits=Limits(total_bytes=1 << 40, member_bytes=1 << 40))
    assert wide.analyze(DEMO) == demo
    with pytest.raises(ValueError, match="limits.depth"):
        Analyzer(limits=Limits(depth=-1))


def test_a_redacted_report_names_nobody(demo: Report) -> None:
    redactor = Redactor()
    report = Analyzer(redactor=redactor).analyze(DEMO)
    for form in FORMS:
        assert "usr-cp-01" in demo.render(form)
        text = report.render(form)
        assert not re.search(r"usr-cp-01|user-ci|admin-seoul|10\.200\.0\.", text), form
        assert "NODE-" in text, form
    names = set(redactor.key().values())
    assert names >= {"usr-cp-01", "user-ci", "admin-seoul"}
    assert redactor.redact(demo) == report
    assert Redactor().key() == {}
    assert report.redacted and not demo.redacted


def test_callbacks_hear_and_cancel(analyzer: Analyzer) -> None:
    heard: list[Provisional] = []
    seen: list[int] = []
    report = analyzer.analyze(DEMO, progress=lambda done, _: seen.append(done), evidence=heard.append)
    assert seen and "containerd-1-5-13-needs-libseccomp-2-5" in {one.id for one in heard}
    assert {finding.id for finding in report if finding.confidence == "confirmed"} & {one.id for one in heard}
    with pytest.raises(loggrep_abm.CancelledError):
        analyzer.analyze(DEMO, progress=lambda *_: False)

    def broken(_: Provisional) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        analyzer.analyze(DEMO, evidence=broken)
    with pytest.raises(RuntimeError, match="mine"), analyzer.session(evidence=broken) as session:
        session.push_file(DEMO)
        session.finish()


def test_threads_share_an_analyzer(analyzer: Analyzer, demo: Report) -> None:
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(analyzer.analyze, [DEMO] * 8))
    assert all(report == demo for report in reports)


def test_the_interpreter_runs_meanwhile() -> None:
    analyzer = Analyzer(threads=1)
    content = b"I0119 22:11:49.705596 1 client.go:48] an ordinary line of some length, repeated\n" * 400_000
    ticks = 0
    done = threading.Event()

    def analyse() -> None:
        analyzer.analyze(content)
        done.set()

    thread = threading.Thread(target=analyse)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0)
    thread.join()
    assert ticks > 100
