"""What lies on disk for good."""

from __future__ import annotations

from latticeflow.providers.run_store.sqlite.rows import KIND_NUMBERS
from latticeflow.runs import EventKind


def test_every_kind_of_event_has_its_number_for_good():
    assert set(KIND_NUMBERS) == set(EventKind)
    assert {kind.value: number for kind, number in KIND_NUMBERS.items()} == {
        "run_started": 1,
        "run_resumed": 2,
        "step_started": 3,
        "step_completed": 4,
        "step_failed": 5,
        "step_retrying": 6,
        "step_skipped": 7,
        "step_cancelled": 8,
        "step_in_doubt": 9,
        "step_assumed": 10,
        "artifact": 11,
        "run_completed": 12,
        "run_failed": 13,
        "run_cancelled": 14,
        "run_parked": 15,
    }
