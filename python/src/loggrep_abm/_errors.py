"""Exceptions, each with the library's own message."""


class Error(Exception):
    """A call failed; there is no report."""


class InputError(Error, OSError):
    """The input cannot be opened or read at all. Damage inside it is no error: see `Report.problems`."""


class SignatureError(Error, ValueError):
    """Signatures cannot be read, or have mistakes: the message has a line for each."""


class InvalidArgumentError(Error, ValueError):
    """An argument has a value that cannot be used."""


class CancelledError(Error):
    """A callback asked to stop."""
