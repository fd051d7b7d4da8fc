"""Clocks: of the machine, and of tests."""

from latticeflow.providers.clock.system import SystemClock
from latticeflow.providers.clock.virtual import VirtualClock

__all__ = ["SystemClock", "VirtualClock"]
