"""Runs a plan: the stepper decides, the loop carries out, the journal keeps."""

from latticeflow.engine.effects import EffectClaim, Effects, InDoubt
from latticeflow.engine.failure import Failure, failure_of, type_name
from latticeflow.engine.frame import Frame
from latticeflow.engine.idempotency import idempotency_key
from latticeflow.engine.journal import Journal, Observer, Past
from latticeflow.engine.loop import Loop
from latticeflow.engine.recording import UnrecordableResultError, encode_result
from latticeflow.engine.snapshot import restore, snapshot
from latticeflow.engine.stepper import Fact, Outcome, Stepper
from latticeflow.engine.surroundings import Durability, ShellRunner, Surroundings, WorkerRunner

__all__ = [
    "Durability",
    "EffectClaim",
    "Effects",
    "Fact",
    "Failure",
    "Frame",
    "InDoubt",
    "Journal",
    "Loop",
    "Observer",
    "Outcome",
    "Past",
    "ShellRunner",
    "Stepper",
    "Surroundings",
    "UnrecordableResultError",
    "WorkerRunner",
    "encode_result",
    "failure_of",
    "idempotency_key",
    "restore",
    "snapshot",
    "type_name",
]
