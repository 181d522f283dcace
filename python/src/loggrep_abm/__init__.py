"""Finds the known issues of Google Distributed Cloud for bare metal in a cluster snapshot.

Start from `Analyzer`:

    report = loggrep_abm.Analyzer().analyze("snapshot.tar.gz")
    for finding in report:
        print(finding.id, finding.count, finding.verdict)
"""

from ._analyzer import Analyzer, Limits, Mistake, Provisional, Redactor, Session, Signatures, check
from ._errors import CancelledError, Error, InputError, InvalidArgumentError, SignatureError
from ._ffi import library_version
from ._report import (
    Advisory,
    AlsoMatched,
    Bundle,
    CannotTell,
    Cluster,
    ClusterVerdict,
    Coverage,
    Evidence,
    Finding,
    Form,
    Input,
    Missing,
    Node,
    NodeHits,
    Problem,
    Report,
    Source,
    Tool,
)

__version__ = library_version()

__all__ = [
    "Advisory",
    "AlsoMatched",
    "Analyzer",
    "Bundle",
    "CancelledError",
    "CannotTell",
    "Cluster",
    "ClusterVerdict",
    "Coverage",
    "Error",
    "Evidence",
    "Finding",
    "Form",
    "Input",
    "InputError",
    "InvalidArgumentError",
    "Limits",
    "Missing",
    "Mistake",
    "Node",
    "NodeHits",
    "Problem",
    "Provisional",
    "Redactor",
    "Report",
    "Session",
    "SignatureError",
    "Signatures",
    "Source",
    "Tool",
    "check",
]
