"""Waits of a flow: timers, events, approvals. They reach the graph as `await` surfaces."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.values import Value

AWAITED: dict[Any, Callable[..., Value]] = {}
"""How each awaited word is compiled."""

_ = (ast, Frame)
