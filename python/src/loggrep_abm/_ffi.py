"""The C library: prototypes, text, errors, handles. Calls through `ctypes.CDLL` release the interpreter's lock."""

from __future__ import annotations

import ctypes
import os
import sys
import weakref
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

from ._errors import CancelledError, Error, InputError, InvalidArgumentError, SignatureError

ABI_VERSION = 0x0001_0000


class Text(ctypes.Structure):
    """`lgabm_text`."""

    _fields_ = [("data", c_void_p), ("len", c_size_t)]

    def __str__(self) -> str:
        return ctypes.string_at(self.data, self.len).decode() if self.len else ""


class SignatureFile(ctypes.Structure):
    """`lgabm_signature_file`."""

    _fields_ = [("name", Text), ("text", Text)]


class ProvisionalText(ctypes.Structure):
    """`lgabm_provisional`."""

    _fields_ = [("id", Text), ("confidence", Text), ("path", Text), ("line", c_uint64), ("text", Text)]


ProgressCallback = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint64, c_uint64)
EvidenceCallback = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(ProvisionalText))

_OUT = POINTER(c_void_p)
_TEXT = POINTER(Text)
# Name, arguments without the place for the error object that comes last, and whether there is one.
_FALLIBLE: dict[str, list[Any]] = {
    "abi_check": [c_uint32],
    "signatures_builtin": [_OUT],
    "signatures_from_directory": [c_char_p, c_size_t, c_int32, _OUT],
    "signatures_from_pack": [c_char_p, c_size_t, c_int32, _OUT],
    "signatures_from_memory": [POINTER(SignatureFile), c_size_t, c_int32, _OUT],
    "mistakes_of_directory": [c_char_p, c_size_t, _OUT],
    "mistakes_of_memory": [POINTER(SignatureFile), c_size_t, _OUT],
    "options_set_threads": [c_void_p, c_uint32],
    "options_set_language": [c_void_p, c_char_p, c_size_t],
    "options_set_min_confidence": [c_void_p, c_char_p, c_size_t],
    "options_set_min_severity": [c_void_p, c_char_p, c_size_t],
    "options_set_cluster_version": [c_void_p, c_char_p, c_size_t],
    "options_set_context": [c_void_p, c_uint32],
    "options_set_experimental": [c_void_p, c_int32],
    "options_set_unknown": [c_void_p, c_uint32],
    "options_add_only": [c_void_p, c_char_p, c_size_t],
    "options_add_include": [c_void_p, c_char_p, c_size_t],
    "options_add_exclude": [c_void_p, c_char_p, c_size_t],
    "options_set_since": [c_void_p, c_char_p, c_size_t],
    "options_set_until": [c_void_p, c_char_p, c_size_t],
    "options_set_limit": [c_void_p, c_int32, c_uint64],
    "options_set_redactor": [c_void_p, c_void_p],
    "options_set_progress": [c_void_p, ProgressCallback, c_void_p],
    "options_set_evidence": [c_void_p, EvidenceCallback, c_void_p],
    "analyzer_new": [c_void_p, c_void_p, _OUT],
    "analyzer_analyze_paths": [c_void_p, POINTER(Text), c_size_t, _OUT],
    "analyzer_analyze_bytes": [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, _OUT],
    "analyzer_analyze_fd": [c_void_p, c_int32, c_char_p, c_size_t, _OUT],
    "redactor_redact": [c_void_p, c_void_p, _OUT],
    "redactor_key": [c_void_p, _OUT],
    "session_new": [c_void_p, c_char_p, c_size_t, _OUT],
    "session_begin": [c_void_p, c_char_p, c_size_t, c_int64],
    "session_push": [c_void_p, c_char_p, c_size_t],
    "session_end": [c_void_p],
    "session_finish": [c_void_p, _OUT],
    "report_write": [c_void_p, c_int32, _OUT],
    "report_from_json": [c_char_p, c_size_t, _OUT],
}
_GETTERS: dict[str, list[Any]] = {
    "error_message": [c_void_p, _TEXT],
    "buffer_text": [c_void_p, _TEXT],
    "signatures_id": [c_void_p, c_size_t, _TEXT],
    "signatures_digest": [c_void_p, _TEXT],
    "mistakes_get": [c_void_p, c_size_t, _OUT],
    "mistake_file": [c_void_p, _TEXT],
    "mistake_id": [c_void_p, _TEXT],
    "mistake_message": [c_void_p, _TEXT],
}
_NUMBERS: dict[str, Any] = {
    "signatures_count": c_size_t,
    "mistakes_count": c_size_t,
    "mistake_line": c_uint64,
    "mistake_column": c_uint64,
}
_FREED = ["signatures", "mistakes", "options", "redactor", "analyzer", "session", "report", "buffer", "error"]
_NEW = ["options", "redactor"]


def _load() -> ctypes.CDLL:
    name = "libloggrep_abm.dylib" if sys.platform == "darwin" else "libloggrep_abm.so"
    path = os.environ.get("LOGGREP_ABM_LIBRARY") or str(Path(__file__).with_name(name))
    library = ctypes.CDLL(path)
    # By attribute: what `library[name]` gives is another object each time, which forgets its types.
    for function, arguments in _FALLIBLE.items():
        prototype = getattr(library, f"lgabm_{function}")
        prototype.argtypes, prototype.restype = [*arguments, _OUT], c_int32
    for function, arguments in _GETTERS.items():
        prototype = getattr(library, f"lgabm_{function}")
        prototype.argtypes, prototype.restype = arguments, c_int32
    for function, result in _NUMBERS.items():
        prototype = getattr(library, f"lgabm_{function}")
        prototype.argtypes, prototype.restype = [c_void_p], result
    for handle in _FREED:
        prototype = getattr(library, f"lgabm_{handle}_free")
        prototype.argtypes, prototype.restype = [c_void_p], None
    for handle in _NEW:
        prototype = getattr(library, f"lgabm_{handle}_new")
        prototype.argtypes, prototype.restype = [], c_void_p
    library.lgabm_version.argtypes, library.lgabm_version.restype = [], c_char_p
    return library


_LIBRARY = _load()
_EXCEPTIONS = {2: InvalidArgumentError, 3: InputError, 4: SignatureError, 5: CancelledError}


def call(name: str, *arguments: Any) -> None:
    """Calls a function that can fail; raises what its error object says."""
    error = c_void_p()
    status: int = getattr(_LIBRARY, f"lgabm_{name}")(*arguments, byref(error))
    if status == 0:
        return
    message = text("error_message", error) if error else f"status {status}"
    _LIBRARY.lgabm_error_free(error)
    raise _EXCEPTIONS.get(status, Error)(message)


def text(name: str, *arguments: Any) -> str:
    """What a function that gives text gives."""
    out = Text()
    status = getattr(_LIBRARY, f"lgabm_{name}")(*arguments, byref(out))
    if status != 0:
        raise IndexError(name)
    return str(out)


def number(name: str, handle: c_void_p) -> int:
    """What a function that gives a number gives."""
    return int(getattr(_LIBRARY, f"lgabm_{name}")(handle))


def item(name: str, handle: c_void_p, index: int) -> c_void_p:
    """An item that belongs to another handle."""
    out = c_void_p()
    if getattr(_LIBRARY, f"lgabm_{name}")(handle, index, byref(out)) != 0:
        raise IndexError(index)
    return out


def new(kind: str) -> c_void_p:
    """What a function gives that cannot fail."""
    return c_void_p(getattr(_LIBRARY, f"lgabm_{kind}_new")())


class Handle:
    """A pointer that is freed with this object."""

    def __init__(self, kind: str, pointer: c_void_p) -> None:
        self.pointer = pointer
        self.free = weakref.finalize(self, getattr(_LIBRARY, f"lgabm_{kind}_free"), pointer)

    @staticmethod
    def of(kind: str, name: str, *arguments: Any) -> Handle:
        """What a function that can fail gives."""
        out = c_void_p()
        call(name, *arguments, byref(out))
        return Handle(kind, out)


def written(report: Handle, form: int) -> str:
    """A report in one of the forms."""
    buffer = Handle.of("buffer", "report_write", report.pointer, form)
    return text("buffer_text", buffer.pointer)


def texts(values: list[bytes]) -> Any:
    """An array of `Text`; the values must outlive it."""
    array = (Text * len(values))()
    for place, value in zip(array, values, strict=True):
        place.data = ctypes.cast(c_char_p(value), c_void_p)
        place.len = len(value)
    return array


def signature_files(files: dict[str, str]) -> tuple[Any, list[bytes]]:
    """An array of `SignatureFile`, and what must outlive it."""
    kept = [part.encode() for pair in files.items() for part in pair]
    flat = texts(kept)
    array = (SignatureFile * len(files))()
    for index, place in enumerate(array):
        place.name, place.text = flat[2 * index], flat[2 * index + 1]
    return array, kept


def library_version() -> str:
    """The release of the library."""
    version: bytes = _LIBRARY.lgabm_version()
    return version.decode()


call("abi_check", ABI_VERSION)
