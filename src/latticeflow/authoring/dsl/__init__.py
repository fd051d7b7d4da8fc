"""The Python way in: a flow is a function, and its body is compiled to a graph.

The names users write (`node`, `flow`, `each`, `retry`, triggers …), what a function declares as a
component, and how a Python target is loaded. Calling a flow runs it as plain Python; each name
says what it means then.
"""

from latticeflow.authoring.dsl.builder import FlowBuilder, Handle
from latticeflow.authoring.dsl.compensation import Saga, saga
from latticeflow.authoring.dsl.compiler import compile_flow
from latticeflow.authoring.dsl.components import component_of, is_data_type
from latticeflow.authoring.dsl.concurrency import parallel
from latticeflow.authoring.dsl.decorators import flow, node
from latticeflow.authoring.dsl.durations import Duration, duration_ms, parse_duration
from latticeflow.authoring.dsl.errors import NonRetryable, RetryAfter, exception_name
from latticeflow.authoring.dsl.granting import Granted, granted, granting
from latticeflow.authoring.dsl.iteration import each, static, up_to
from latticeflow.authoring.dsl.loading import LoadedTarget, load_flows, load_python, resolve_python
from latticeflow.authoring.dsl.node_fields import node_fields
from latticeflow.authoring.dsl.options import (
    NO_FALLBACK,
    FlowOptions,
    NodeOptions,
    flow_options,
    node_options,
)
from latticeflow.authoring.dsl.scopes import (
    RateLimitScope,
    RetryScope,
    Scope,
    TimeoutScope,
    rate_limit,
    retry,
    timeout,
)
from latticeflow.authoring.dsl.streams import (
    Frame,
    Window,
    join,
    session,
    sliding,
    tumbling,
    window,
)
from latticeflow.authoring.dsl.triggers import (
    Body,
    Header,
    PathParam,
    Trigger,
    http,
    manual,
    queue,
    schedule,
)
from latticeflow.authoring.dsl.waiting import Answers, Decision, answering, approval, event, sleep

__all__ = [
    "NO_FALLBACK",
    "Answers",
    "Body",
    "Decision",
    "Duration",
    "FlowBuilder",
    "FlowOptions",
    "Frame",
    "Granted",
    "Handle",
    "Header",
    "LoadedTarget",
    "NodeOptions",
    "NonRetryable",
    "PathParam",
    "RateLimitScope",
    "RetryAfter",
    "RetryScope",
    "Saga",
    "Scope",
    "TimeoutScope",
    "Trigger",
    "Window",
    "answering",
    "approval",
    "compile_flow",
    "component_of",
    "duration_ms",
    "each",
    "event",
    "exception_name",
    "flow",
    "flow_options",
    "granted",
    "granting",
    "http",
    "is_data_type",
    "join",
    "load_flows",
    "load_python",
    "manual",
    "node",
    "node_fields",
    "node_options",
    "parallel",
    "parse_duration",
    "queue",
    "rate_limit",
    "resolve_python",
    "retry",
    "saga",
    "schedule",
    "session",
    "sleep",
    "sliding",
    "static",
    "timeout",
    "tumbling",
    "up_to",
    "window",
]
