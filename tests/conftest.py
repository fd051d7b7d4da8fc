"""What holds for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Machines that run the tests are shared: how long drawing takes says nothing about the code.
settings.register_profile(
    "shared", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("shared")
