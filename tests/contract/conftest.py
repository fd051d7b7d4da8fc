"""Contracts assert in the package, and their failures should read as well as a test's."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("latticeflow.testing.contracts")
