"""What a component may touch: one port per capability, its floors, and how it is granted.

Ports only; what implements them is in `latticeflow.providers`. A function asks for a capability by
the type of a parameter (`kv: Kv.Write = granted`), and that is its whole declaration.
"""

from latticeflow.capabilities.clock import Clock
from latticeflow.capabilities.db import Db, SqlParameters, SqlRow, SqlValue
from latticeflow.capabilities.dedupe import DEFAULT_LEASE, Claim, Dedupe, Done, New, Pending
from latticeflow.capabilities.errors import (
    CapabilityDeniedError,
    CapabilityError,
    CapabilityMissingError,
    DbError,
    DbReadOnlyError,
    DedupeError,
    FileAccessError,
    HttpError,
    HttpTimeoutError,
    KvConflictError,
    KvError,
    ProcessError,
)
from latticeflow.capabilities.files import ArtifactFile, FileInfo, Files
from latticeflow.capabilities.floors import (
    CAPABILITIES,
    HINTS,
    CapabilitySpec,
    Floor,
    HintTable,
    floor_of,
)
from latticeflow.capabilities.grants import MEMBERS, Grants, Holder, PerStep, View
from latticeflow.capabilities.http import Http, HttpResponse
from latticeflow.capabilities.kv import MAX_KEY_BYTES, Kv, KvEntry, KvInfo, KvPage
from latticeflow.capabilities.marking import capability, capability_of
from latticeflow.capabilities.process import Process, ProcessResult
from latticeflow.capabilities.rng import Rng

__all__ = [
    "CAPABILITIES",
    "DEFAULT_LEASE",
    "HINTS",
    "MAX_KEY_BYTES",
    "MEMBERS",
    "ArtifactFile",
    "CapabilityDeniedError",
    "CapabilityError",
    "CapabilityMissingError",
    "CapabilitySpec",
    "Claim",
    "Clock",
    "Db",
    "DbError",
    "DbReadOnlyError",
    "Dedupe",
    "DedupeError",
    "Done",
    "FileAccessError",
    "FileInfo",
    "Files",
    "Floor",
    "Grants",
    "HintTable",
    "Holder",
    "Http",
    "HttpError",
    "HttpResponse",
    "HttpTimeoutError",
    "Kv",
    "KvConflictError",
    "KvEntry",
    "KvError",
    "KvInfo",
    "KvPage",
    "New",
    "Pending",
    "PerStep",
    "Process",
    "ProcessError",
    "ProcessResult",
    "Rng",
    "SqlParameters",
    "SqlRow",
    "SqlValue",
    "View",
    "capability",
    "capability_of",
    "floor_of",
]
