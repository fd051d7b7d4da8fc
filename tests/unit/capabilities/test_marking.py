import pickle
from typing import Annotated, Protocol, get_type_hints

import pytest

from latticeflow.capabilities import (
    CapabilityDeniedError,
    Clock,
    Db,
    Dedupe,
    Files,
    Http,
    Kv,
    KvConflictError,
    Process,
    Rng,
    capability_of,
)
from latticeflow.diagnostics import report

PORTS = {
    Clock: "clock",
    Rng: "rng",
    Files.Read: "files.read",
    Files.Write: "files.write",
    Process: "process",
    Kv.Read: "kv.read",
    Kv.Write: "kv.write",
    Db.Read: "db.read",
    Db.Write: "db.write",
    Dedupe: "dedupe",
    Http.Read: "http.read",
    Http.Write: "http.write",
}


@pytest.mark.parametrize("port", PORTS)
def test_port_knows_its_capability(port):
    assert capability_of(port) == PORTS[port]
    assert issubclass(port, Protocol)


def test_mark_survives_type_hints():
    def charge(cents: "int", *, http: "Http.Write", kv: "Kv.Read") -> "str": ...

    hints = get_type_hints(charge, include_extras=True)
    assert {name: capability_of(hint) for name, hint in hints.items()} == {
        "cents": None,
        "http": "http.write",
        "kv": "kv.read",
        "return": None,
    }


@pytest.mark.parametrize("annotation", [int, "Kv.Write", None, Kv, Annotated[int, 1], object()])
def test_other_annotations_are_no_capability(annotation):
    assert capability_of(annotation) is None


def test_mark_is_no_member_of_the_protocol():
    # A member would have to be on every fake a user writes.
    assert "__capability__" not in getattr(Kv.Write, "__protocol_attrs__", set())
    assert "__capability__" not in Kv.Write.__annotations__


def test_errors_keep_their_findings_through_pickle():
    finding = report("CAP110", node="charge", capability="kv.write")
    denied = CapabilityDeniedError(diagnostics=(finding,))
    back = pickle.loads(pickle.dumps(denied))
    assert (type(back), str(back), back.diagnostics) == (
        CapabilityDeniedError,
        str(denied),
        (finding,),
    )
    assert pickle.loads(pickle.dumps(KvConflictError("late", retryable=True))).retryable
