"""The configurations of control surfaces, one struct a kind.

Every one carries `v`, the version of its shape. `Surface.config` stays plain JSON in the IR;
`surface_config` reads it into the struct of its kind.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from latticeflow.flow.model import Json, Surface

Targets: TypeAlias = str | list[str] | None


def as_aliases(targets: Targets) -> list[str]:
    """Return the aliases named by `targets`, in order."""
    if targets is None:
        return []
    return [targets] if isinstance(targets, str) else targets


class _Config(msgspec.Struct, omit_defaults=False, kw_only=True):
    v: int = 1


class IfConfig(_Config, kw_only=True):
    """Open one side: `then` when the boolean at `selector_pointer` of `source` is true."""

    source: str
    selector_pointer: str = ""
    then: Targets = None
    else_: Targets = msgspec.field(default=None, name="else")


class SwitchConfig(_Config, kw_only=True):
    """Open the targets of the case whose label equals the text at `selector_pointer`.

    With neither a matching case nor a `default` every target is skipped.
    """

    source: str
    selector_pointer: str = ""
    cases: dict[str, Targets]
    default: Targets = None


class ForEachConfig(_Config, kw_only=True):
    """Run the body `body_entry` once an item of the list at `items_pointer` of `source`.

    The item enters the body at port `item`, its index at port `index` if named. With `state`,
    rounds run one after another and carry the named values: they enter as ports and leave as
    fields of the body's output; `stop` points to a boolean in it that ends the rounds. `keep`
    points to a boolean in the body's output that says whether the item's result is kept, and
    `value` to the result. `on_error` is `fail`, `skip` (drop the item) or `collect` (keep the
    error in the item's place).
    """

    source: str
    items_pointer: str = ""
    body_entry: str
    item: str = "item"
    index: str | None = None
    concurrency: int = 1
    on_error: Literal["fail", "skip", "collect"] = "fail"
    state: list[str] = []
    keep: str | None = None
    value: str | None = None
    stop: str | None = None


class LoopConfig(_Config, kw_only=True):
    """Run the body while `condition` (CEL over the body's ports) holds.

    `state` names the ports that carry over. After a round in which the boolean at `stop` of the
    body's output is true the loop ends. At `max_iterations` it ends (`exhausted = "finish"`) or
    fails.
    """

    body_entry: str
    condition: str | None = None
    state: list[str] = []
    index: str | None = None
    stop: str | None = None
    max_iterations: int = 1000
    exhausted: Literal["finish", "fail"] = "fail"


class Catch(_Config, kw_only=True):
    """One handler: errors whose type or a base of it is in `on` take the case `label`."""

    on: list[str]
    label: str


class Scope(msgspec.Struct, kw_only=True):
    """The nodes that a handler governs."""

    nodes: list[str]


class ErrorHandlerConfig(_Config, kw_only=True):
    """What happens when a node in `scope` fails.

    With `catch`, the governed node always completes, with the record
    `{"case": "ok", "value": …}` or `{"case": label, "error": {"type", "message"}}`; an error
    that no handler names fails the node.
    """

    scope: Scope
    strategy: Literal["retry", "fail", "continue", "catch"] = "fail"
    max_retries: int | None = None
    backoff_ms: int | None = None
    catch: list[Catch] = []


class EdgeRef(msgspec.Struct, kw_only=True):
    """An edge, by its ends."""

    from_: str = msgspec.field(name="from")
    to: str


class PartitionConfig(_Config, kw_only=True):
    """Keep items of one key in order and spread keys."""

    edge: EdgeRef
    key: str


class RateLimitConfig(_Config, kw_only=True):
    """Let at most `qps` starts a second through, `burst` at once."""

    target: str
    qps: float
    burst: int = 1


class WindowConfig(_Config, kw_only=True):
    """Group a stream's items by time."""

    event_time_pointer: str
    size_ms: int
    allowed_lateness_ms: int = 0
    watermark: str = "max"
    kind: Literal["tumbling", "sliding", "session"] = "tumbling"
    every_ms: int | None = None


class MergeConfig(_Config, kw_only=True):
    """`target` takes the first branch, in edge order, that was taken."""

    target: str


class TimeoutConfig(_Config, kw_only=True):
    """Bound the time of the nodes in `scope`."""

    scope: Scope
    duration_ms: int
    behaviour: Literal["cancel", "retry", "dead_letter"] = "cancel"


class AwaitConfig(_Config, kw_only=True):
    """Wait for a timer, an event or an approval at `target`."""

    target: str
    kind: Literal["timer", "event", "approval"]
    correlation_key: str | None = None
    timeout_ms: int | None = None
    options: dict[str, Json] = {}


SurfaceConfig: TypeAlias = (
    IfConfig
    | SwitchConfig
    | ForEachConfig
    | LoopConfig
    | ErrorHandlerConfig
    | PartitionConfig
    | RateLimitConfig
    | WindowConfig
    | MergeConfig
    | TimeoutConfig
    | AwaitConfig
)

CONFIG_TYPES: dict[str, type[SurfaceConfig]] = {
    "if": IfConfig,
    "switch": SwitchConfig,
    "for_each": ForEachConfig,
    "loop": LoopConfig,
    "error_handler": ErrorHandlerConfig,
    "partition": PartitionConfig,
    "rate_limit": RateLimitConfig,
    "window": WindowConfig,
    "merge": MergeConfig,
    "timeout": TimeoutConfig,
    "await": AwaitConfig,
}


def surface_config(surface: Surface) -> SurfaceConfig:
    """Read the configuration of `surface`.

    Raises:
        KeyError: its kind has no configuration of its own (`join`, `zip`).
        msgspec.ValidationError: the JSON does not fit; the message names the path.
    """
    return msgspec.convert(surface.config or {}, CONFIG_TYPES[surface.kind])
