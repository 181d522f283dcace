"""Signatures, analyzers, sessions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from . import _ffi
from ._errors import CancelledError
from ._report import Report

_PIECE = 1 << 20


class BinaryReader(Protocol):
    """Anything that gives bytes, such as an open file or the body of a request."""

    def read(self, size: int, /) -> bytes: ...


PathOrText = str | os.PathLike[str]
ProgressFunction = Callable[[int, int], object]


def _wrong(name: str, expected: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {expected}, not {type(value).__name__}")


def _text(value: object, name: str) -> bytes:
    """A text for the library."""
    if not isinstance(value, str):
        raise _wrong(name, "str", value)
    return value.encode()


def _path(value: object, name: str) -> bytes:
    """A path for the library."""
    if not isinstance(value, (str, os.PathLike)):
        raise _wrong(name, "str or os.PathLike", value)
    return _text(os.fspath(value), name)


def _number(value: object, name: str) -> int:
    """A number; a truth is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, "int", value)
    return value


def _list(value: object, name: str) -> list[str]:
    """Texts; a single one is none, for it would be taken letter by letter."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise _wrong(name, "an iterable of str", value)
    texts = list(value)
    for text in texts:
        _text(text, f"an item of {name}")
    return texts


def _files(value: object) -> dict[str, str]:
    """Texts by file name."""
    if not isinstance(value, Mapping):
        raise _wrong("files", "a mapping of str to str", value)
    for name, text in value.items():
        _text(name, "a file name")
        _text(text, f"the text of {name}")
    return dict(value)


def _handle_of(value: object, kind: type, name: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise _wrong(name, f"{kind.__name__} or None", value)


@dataclass(frozen=True)
class Provisional:
    """Evidence before the end: the report may judge it otherwise or leave it out."""

    id: str
    confidence: str
    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Mistake:
    """A mistake in a signature file. Line and column count from 1."""

    file: str
    line: int
    column: int
    id: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.id}: {self.message}"


@dataclass(frozen=True)
class Limits:
    """What an analysis may cost; `None` leaves the default. A limit that strikes is a problem in the report."""

    depth: int | None = None
    members: int | None = None
    member_bytes: int | None = None
    total_bytes: int | None = None
    ratio: int | None = None
    window_bytes: int | None = None
    evidence: int | None = None
    problems: int | None = None
    zip_buffer_bytes: int | None = None
    wall_time_ms: int | None = None
    line_bytes: int | None = None
    scope_keys: int | None = None
    facts: int | None = None
    document_bytes: int | None = None


class Signatures:
    """A set of known issues. It never changes and may be shared between threads."""

    def __init__(self, handle: _ffi.Handle) -> None:
        self._handle = handle

    @staticmethod
    def builtin() -> Signatures:
        """Those of the library."""
        return Signatures(_ffi.Handle.of("signatures", "signatures_builtin"))

    @staticmethod
    def from_directory(path: PathOrText, *, builtin: bool = False) -> Signatures:
        """The `*.toml` of a directory, after the built-in ones if asked for."""
        text = _path(path, "path")
        arguments = (text, len(text), int(builtin))
        return Signatures(_ffi.Handle.of("signatures", "signatures_from_directory", *arguments))

    @staticmethod
    def from_pack(path: PathOrText, *, builtin: bool = False) -> Signatures:
        """Those of a pack that `loggrep-abm signatures pack` made, held to its manifest; beside the built-in ones, in
        place of those of the same id, if asked for."""
        text = _path(path, "path")
        arguments = (text, len(text), int(builtin))
        return Signatures(_ffi.Handle.of("signatures", "signatures_from_pack", *arguments))

    @staticmethod
    def from_files(files: Mapping[str, str], *, builtin: bool = False) -> Signatures:
        """From texts by file name, after the built-in ones if asked for."""
        array, kept = _ffi.signature_files(_files(files))
        arguments = (array, len(array), int(builtin))
        signatures = Signatures(_ffi.Handle.of("signatures", "signatures_from_memory", *arguments))
        del kept
        return signatures

    @property
    def ids(self) -> list[str]:
        """Ids, sorted."""
        return [_ffi.text("signatures_id", self._handle.pointer, index) for index in range(len(self))]

    @property
    def digest(self) -> str:
        """SHA-256 over the files, in hexadecimal."""
        return _ffi.text("signatures_digest", self._handle.pointer)

    def __len__(self) -> int:
        return _ffi.number("signatures_count", self._handle.pointer)


def check(signatures: PathOrText | Mapping[str, str]) -> list[Mistake]:
    """All mistakes of a directory of signatures, or of texts by file name, their own examples included."""
    if isinstance(signatures, Mapping):
        array, kept = _ffi.signature_files(_files(signatures))
        handle = _ffi.Handle.of("mistakes", "mistakes_of_memory", array, len(array))
        del kept
    else:
        text = _path(signatures, "signatures")
        handle = _ffi.Handle.of("mistakes", "mistakes_of_directory", text, len(text))
    count = _ffi.number("mistakes_count", handle.pointer)
    return [_mistake(_ffi.item("mistakes_get", handle.pointer, index)) for index in range(count)]


def _mistake(pointer: Any) -> Mistake:
    return Mistake(
        file=_ffi.text("mistake_file", pointer),
        line=_ffi.number("mistake_line", pointer),
        column=_ffi.number("mistake_column", pointer),
        id=_ffi.text("mistake_id", pointer),
        message=_ffi.text("mistake_message", pointer),
    )


class Redactor:
    """Replaces IP addresses and the names of clusters, nodes, hosts and projects by aliases, so that a report can leave
    the company. The same value has the same alias in all reports of one redactor, which threads may share."""

    def __init__(self) -> None:
        self._handle = _ffi.Handle("redactor", _ffi.new("redactor"))

    def redact(self, report: Report) -> Report:
        """A report with aliases."""
        if not isinstance(report, Report):
            raise _wrong("report", "Report", report)
        stored = _stored(report.to_json())
        return _report(_ffi.Handle.of("report", "redactor_redact", self._handle.pointer, stored.pointer))

    def key(self) -> dict[str, str]:
        """What the aliases stand for, so far: for the customer alone."""
        buffer = _ffi.Handle.of("buffer", "redactor_key", self._handle.pointer)
        key: dict[str, str] = json.loads(_ffi.text("buffer_text", buffer.pointer))
        return key


class _Callbacks:
    """The callbacks of one analysis, and what one of them raised."""

    def __init__(self, progress: ProgressFunction | None, evidence: Callable[[Provisional], object] | None) -> None:
        self.raised: BaseException | None = None
        self.progress = _ffi.ProgressCallback(
            lambda _user, input_bytes, issues: self._answer(progress, input_bytes, issues)
        )
        self.evidence = _ffi.EvidenceCallback(lambda _user, found: self._evidence(evidence, found))
        self.wants_progress, self.wants_evidence = progress is not None, evidence is not None

    def _evidence(self, evidence: Callable[[Provisional], object] | None, found: Any) -> int:
        one = found.contents
        texts = (str(one.id), str(one.confidence), str(one.path))
        return self._answer(evidence, Provisional(*texts, one.line, str(one.text)))

    def _answer(self, function: Callable[..., object] | None, *arguments: object) -> int:
        try:
            return int(function is not None and function(*arguments) is False)
        except BaseException as error:  # It is raised again where the analysis was called.
            self.raised = error
            return 1

    def set_on(self, options: _ffi.Handle) -> None:
        if self.wants_progress:
            _ffi.call("options_set_progress", options.pointer, self.progress, None)
        if self.wants_evidence:
            _ffi.call("options_set_evidence", options.pointer, self.evidence, None)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, CancelledError) and self.raised is not None:
            raise self.raised from None


class Analyzer:
    """Signatures with options, to analyse any number of inputs, in any number of threads at once.

    A value of the wrong type is a `TypeError`, one that the library does not know an `InvalidArgumentError`.
    `signatures` are the built-in ones by default; `threads` of 0 takes as many as there are processors; `language` is
    `en` or `ko`; `only` names the signatures to evaluate; `include` and `exclude` are globs on paths; `since` and
    `until` are times such as `2023-01-19T22:11:49Z`; `experimental` evaluates experimental signatures too; `unknown` is
    how many of the messages that no signature matched the report holds, 5 by default; a `redactor` puts aliases into every report, though not into
    provisional evidence.
    """

    def __init__(
        self,
        signatures: Signatures | None = None,
        *,
        threads: int = 0,
        language: str = "en",
        context: int = 1,
        min_confidence: str = "possible",
        min_severity: str = "info",
        cluster_version: str | None = None,
        only: Iterable[str] = (),
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        since: str | None = None,
        until: str | None = None,
        limits: Limits | None = None,
        redactor: Redactor | None = None,
        experimental: bool = False,
        unknown: int | None = None,
    ) -> None:
        for value, kind, name in [(signatures, Signatures, "signatures"), (limits, Limits, "limits")]:
            _handle_of(value, kind, name)
        _handle_of(redactor, Redactor, "redactor")
        if not isinstance(experimental, bool):
            raise _wrong("experimental", "bool", experimental)
        self._signatures = Signatures.builtin() if signatures is None else signatures
        self._numbers = {"set_threads": _number(threads, "threads"), "set_context": _number(context, "context")}
        self._numbers["set_experimental"] = int(experimental)
        if unknown is not None:
            self._numbers["set_unknown"] = _number(unknown, "unknown")
        texts = [
            ("set_language", language),
            ("set_min_confidence", min_confidence),
            ("set_min_severity", min_severity),
        ]
        optional = [("set_cluster_version", cluster_version), ("set_since", since), ("set_until", until)]
        texts += [(name, value) for name, value in optional if value is not None]
        lists = [("add_only", only), ("add_include", include), ("add_exclude", exclude)]
        texts += [(name, value) for name, values in lists for value in _list(values, name.removeprefix("add_"))]
        self._texts = [(name, _text(value, name.removeprefix("set_"))) for name, value in texts]
        named: dict[str, int | None] = {} if limits is None else vars(limits)
        self._limits = list(named.values())
        for name, limit in named.items():
            if limit is not None and not 0 <= _number(limit, f"limits.{name}") < 1 << 64:
                raise ValueError(f"limits.{name}: {limit} is out of range")
        self._redactor = redactor
        self._handle = self._analyzer(None)

    def _analyzer(self, callbacks: _Callbacks | None) -> _ffi.Handle:
        options = _ffi.Handle("options", _ffi.new("options"))
        for name, number in self._numbers.items():
            if not 0 <= number < 1 << 32:
                raise ValueError(f"{number} is out of range")
            _ffi.call(f"options_{name}", options.pointer, number)
        for name, text in self._texts:
            _ffi.call(f"options_{name}", options.pointer, text, len(text))
        for number, limit in enumerate(self._limits, 1):
            if limit is not None:
                _ffi.call("options_set_limit", options.pointer, number, limit)
        if self._redactor is not None:
            _ffi.call("options_set_redactor", options.pointer, self._redactor._handle.pointer)
        if callbacks is not None:
            callbacks.set_on(options)
        return _ffi.Handle.of("analyzer", "analyzer_new", self._signatures._handle.pointer, options.pointer)

    def analyze(
        self,
        source: PathOrText | bytes | bytearray | memoryview | BinaryReader,
        *more: PathOrText,
        name: str | None = None,
        progress: ProgressFunction | None = None,
        evidence: Callable[[Provisional], object] | None = None,
    ) -> Report:
        """Analyses a path (and `more` that belong to it), bytes, or an open file, and gives one report.

        `name` is what reports call bytes and files. `progress(input_bytes, issues)` and `evidence(provisional)` are
        called from other threads, one at a time; one that returns `False` cancels with `CancelledError`, and what one
        raises is raised here.
        """
        callbacks = _Callbacks(progress, evidence)
        wanted = progress is not None or evidence is not None
        handle = self._analyzer(callbacks) if wanted else self._handle
        with callbacks:
            if isinstance(source, (str, os.PathLike)):
                return _of_paths(handle, [source, *more])
            if more:
                raise TypeError("several inputs must all be paths")
            if isinstance(source, (bytearray, memoryview)):
                source = bytes(source)
            if isinstance(source, bytes):
                text = b"bytes" if name is None else _text(name, "name")
                arguments = (handle.pointer, text, len(text), source, len(source))
                return _report(_ffi.Handle.of("report", "analyzer_analyze_bytes", *arguments))
            if not callable(getattr(source, "read", None)):
                raise _wrong("source", "a path, bytes or a file opened for reading", source)
            return _of_file(handle, source, name)

    def session(
        self,
        name: str | None = None,
        *,
        progress: ProgressFunction | None = None,
        evidence: Callable[[Provisional], object] | None = None,
    ) -> Session:
        """Starts a session that analyses what is pushed. With a name, its entries are those of one directory; without,
        each is an input by itself. The callbacks are those of `analyze`."""
        callbacks = _Callbacks(progress, evidence)
        return Session(self._analyzer(callbacks), callbacks, name)


def _stored(text: str) -> _ffi.Handle:
    """The library's own report of a JSON document."""
    value = text.encode()
    return _ffi.Handle.of("report", "report_from_json", value, len(value))


def _report(handle: _ffi.Handle) -> Report:
    return Report.from_json(_ffi.written(handle, 1))


def _of_paths(analyzer: _ffi.Handle, paths: list[PathOrText]) -> Report:
    values = [_path(path, "an input") for path in paths]
    array = _ffi.texts(values)
    return _report(_ffi.Handle.of("report", "analyzer_analyze_paths", analyzer.pointer, array, len(array)))


def _of_file(analyzer: _ffi.Handle, file: BinaryReader, name: str | None) -> Report:
    given = name or getattr(file, "name", None)
    session = Session(analyzer, _Callbacks(None, None), None)
    session.begin(given if isinstance(given, str) else "file")
    while piece := file.read(_PIECE):
        if not isinstance(piece, bytes):
            raise TypeError(f"the file must be opened in binary mode: it gives {type(piece).__name__}")
        session.push(piece)
    session.end()
    return session.finish()


class Session:
    """Files that are analysed while they arrive: `begin`, any number of `push`, `end`, and at last `finish`.

    As a context manager it gives up what was not finished.
    """

    def __init__(self, analyzer: _ffi.Handle, callbacks: _Callbacks, name: str | None) -> None:
        self._callbacks = callbacks
        text = None if name is None else _text(name, "name")
        arguments = (analyzer.pointer, text, len(text or b""))
        self._handle = _ffi.Handle.of("session", "session_new", *arguments)

    def begin(self, name: str, *, mtime: int = 0) -> None:
        """Begins an entry, which may be an archive; `mtime` tells the year of log lines that leave it out."""
        text, modified = _text(name, "name"), _number(mtime, "mtime")
        with self._callbacks:
            _ffi.call("session_begin", self._handle.pointer, text, len(text), modified)

    def push(self, data: bytes | bytearray | memoryview) -> None:
        """The next bytes of the entry. Waits while the analysis is behind."""
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise _wrong("data", "bytes, bytearray or memoryview", data)
        piece = data if isinstance(data, bytes) else bytes(data)
        with self._callbacks:
            _ffi.call("session_push", self._handle.pointer, piece, len(piece))

    def end(self) -> None:
        """The entry is complete."""
        with self._callbacks:
            _ffi.call("session_end", self._handle.pointer)

    def finish(self) -> Report:
        """Nothing follows: waits for the report."""
        with self._callbacks:
            return _report(_ffi.Handle.of("report", "session_finish", self._handle.pointer))

    def push_file(self, path: PathOrText) -> None:
        """A whole file as an entry, by its name."""
        with Path(path).open("rb") as file:
            self.begin(os.fspath(path), mtime=int(os.fstat(file.fileno()).st_mtime))
            while piece := file.read(_PIECE):
                self.push(piece)
            self.end()

    def close(self) -> None:
        """Gives up what was not finished."""
        self._handle.free()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
