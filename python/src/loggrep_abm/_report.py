"""The report: the JSON document as dataclasses. Keys that a later library adds are ignored here and kept in `to_json`."""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from . import _ffi

Form = Literal["json", "jsonl", "text", "markdown", "html", "csv", "sarif", "junit"]
_FORMS = {name: number for number, name in enumerate(typing.get_args(Form), 1)}


@dataclass(frozen=True)
class Tool:
    """The program that wrote the report."""

    name: str
    version: str
    signatures: int
    signatures_digest: str


@dataclass(frozen=True)
class Input:
    """One input."""

    path: str
    format: str
    complete: bool
    compressed_bytes: int
    bytes: int
    entries: int
    lines: int


@dataclass(frozen=True)
class Source:
    """A line of a file, from 1."""

    path: str
    line: int


@dataclass(frozen=True)
class Cluster:
    """One cluster."""

    name: str
    kind: str | None = None
    version: str | None = None
    desired_version: str | None = None
    source: Source | None = None
    kubernetes_version: str | None = None


@dataclass(frozen=True)
class Node:
    """One node."""

    name: str
    ip: str | None = None
    cluster: str | None = None
    captured: bool = False
    os: str | None = None
    kernel: str | None = None
    runtime: str | None = None
    kubelet_version: str | None = None
    roles: list[str] = field(default_factory=list)
    status: str | None = None


@dataclass(frozen=True)
class Bundle:
    """What the bundle says of itself."""

    recognised: bool
    clusters: list[Cluster]
    nodes: list[Node]
    first_time: str | None = None
    last_time: str | None = None


@dataclass(frozen=True)
class ClusterVerdict:
    """The verdict of an issue for one cluster."""

    cluster: str
    verdict: str
    version: str | None = None
    fix: str | None = None


@dataclass(frozen=True)
class Evidence:
    """A hit: where, when, what. Lines count from 1."""

    path: str
    line: int
    offset: int
    text: str
    time: str | None = None
    time_inferred: bool = False
    cluster: str | None = None
    node: str | None = None
    namespace: str | None = None
    pod: str | None = None
    container: str | None = None
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    captures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NodeHits:
    """Hits of one issue on one node."""

    node: str
    count: int
    first_seen: str | None = None
    last_seen: str | None = None


@dataclass(frozen=True)
class AlsoMatched:
    """An issue that showed and that a more specific finding explains."""

    id: str
    title: str
    severity: str
    confidence: str
    verdict: str
    fingerprint: str
    count: int
    nodes: list[str]
    evidence: list[Source]


@dataclass(frozen=True)
class Finding:
    """One issue that the input shows."""

    id: str
    title: str
    summary: str
    category: str
    severity: str
    confidence: str
    verdict: str
    affected: list[str]
    fixed_in: list[str]
    verdicts: list[ClusterVerdict]
    fingerprint: str
    count: int
    nodes: list[str]
    pods: list[str]
    captures: dict[str, list[str]]
    workaround: str
    unfilled_slots: list[str]
    references: list[str]
    evidence: list[Evidence]
    fix_for_this_cluster: str | None = None
    first_seen: str | None = None
    last_seen: str | None = None
    time_inferred: bool = False
    ongoing: bool | None = None
    captures_omitted: bool = False
    by_node: list[NodeHits] = field(default_factory=list)
    related: list[str] = field(default_factory=list)
    supersedes: list[str] = field(default_factory=list)
    caused_by: list[str] = field(default_factory=list)
    also_matched: list[AlsoMatched] = field(default_factory=list)
    status: str | None = None
    successor: str | None = None


@dataclass(frozen=True)
class Advisory:
    """An issue suggested by version, profile or topology alone."""

    id: str
    title: str
    summary: str
    category: str
    severity: str
    verdict: str
    affected: list[str]
    fixed_in: list[str]
    verdicts: list[ClusterVerdict]
    workaround: str
    references: list[str]
    fix_for_this_cluster: str | None = None
    confidence: str = "possible"


@dataclass(frozen=True)
class Missing:
    """A fact that the bundle lacks, the command that would tell it, and the nodes that lack it."""

    fact: str
    command: str | None = None
    nodes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CannotTell:
    """An issue that the bundle cannot decide."""

    id: str
    missing: list[Missing]


@dataclass(frozen=True)
class Coverage:
    """Which signatures could be evaluated."""

    evaluated: int
    shown: int
    not_shown: int
    cannot_tell: list[CannotTell] = field(default_factory=list)
    cannot_tell_unaffected: int = 0
    evaluated_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Problem:
    """Damage or a limit met while reading."""

    path: str
    kind: str
    message: str
    offset: int | None = None


@dataclass(frozen=True)
class Report:
    """What an analysis found. Iterating gives the findings, the most severe and most certain first."""

    schema_version: str
    tool: Tool
    language: str
    inputs: list[Input]
    bundle: Bundle
    findings: list[Finding]
    advisories: list[Advisory]
    coverage: Coverage
    problems: list[Problem]
    problems_omitted: int
    redacted: bool = False
    _json: str = field(default="", repr=False, compare=False)

    @staticmethod
    def from_json(text: str) -> Report:
        """A report that was stored; raises `ValueError` when it is none."""
        try:
            report = _reader(Report)(json.loads(text))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no report: {error}") from error
        assert isinstance(report, Report)
        return dataclasses.replace(report, _json=text)

    @property
    def complete(self) -> bool:
        """Whether all of every input was read."""
        return all(one.complete for one in self.inputs)

    def to_json(self) -> str:
        """The JSON document, as the library wrote it."""
        return self._json

    def render(self, form: Form) -> str:
        """The report in another form."""
        if form not in _FORMS:
            raise ValueError(f"`{form}` is no form of a report: {', '.join(_FORMS)}")
        text = self._json.encode()
        handle = _ffi.Handle.of("report", "report_from_json", text, len(text))
        return _ffi.written(handle, _FORMS[form])

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)


def _same(value: Any) -> Any:
    return value


@functools.cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """How to read a value of this type from JSON."""
    if dataclasses.is_dataclass(kind):
        make: Any = kind
        hints = typing.get_type_hints(kind)
        readers = {name: _reader(hint) for name, hint in hints.items()}

        def record(value: dict[str, Any]) -> Any:
            known = {name: readers[name](part) for name, part in value.items() if name in readers}
            return make(**known)

        return record
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is list:
        one = _reader(arguments[0])
        return _same if one is _same else lambda values: [one(value) for value in values]
    if isinstance(kind, types.UnionType):
        one = _reader(arguments[0])
        return _same if one is _same else lambda value: None if value is None else one(value)
    return _same
