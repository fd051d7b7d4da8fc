"""The pytest plugin: fixtures to run flows in tests.

Pytest loads this module in every project that has LatticeFlow installed, so it imports nothing of
it until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from latticeflow.testing.fakes import Fakes
    from latticeflow.testing.flow_runner import FlowRunner
    from latticeflow.testing.virtual_time import VirtualTime


@pytest.fixture
def virtual_time() -> VirtualTime:
    """The time of the test's runs: every wait in them is over at once.

    It is a `Clock` to hand to nodes; `elapsed` tells how much virtual time has passed.
    """
    from latticeflow.testing.virtual_time import VirtualTime  # noqa: PLC0415  (see the module)

    return VirtualTime()


@pytest.fixture
def grants(virtual_time: VirtualTime) -> Iterator[Fakes]:
    """A fresh fake for every capability, handed to all nodes and flows that the test calls.

    They are attributes: `grants.http.answer(…)`, `await grants.kv.get(…)`; `grants.use(kv=…)`
    puts another provider in the place of one.
    """
    from latticeflow.testing.fakes import Fakes  # noqa: PLC0415  (see the module)
    from latticeflow.testing.granting import grants as granted_inside  # noqa: PLC0415

    fakes = Fakes(clock=virtual_time)
    with granted_inside(**fakes.late()):
        yield fakes
    fakes.close()


@pytest.fixture
def flow_runner(virtual_time: VirtualTime, grants: Fakes) -> FlowRunner:
    """Run flows with the fakes of `grants`, in `virtual_time`.

    `await flow_runner(flow, …)`, or `flow_runner.run_sync(flow, …)` in a test that is no
    coroutine; both give a result with `value`, `error`, `events`, `effects`.
    """
    from latticeflow.testing.flow_runner import FlowRunner  # noqa: PLC0415  (see the module)

    return FlowRunner(virtual_time, grants)
