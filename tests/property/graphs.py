"""Random graphs, written as data: every rule of the stepper, and mixtures nobody would write."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import strategies as st
from tests.unit.engine.graphs import component, edge, graph, node

from latticeflow.flow import Catalog, Edge, Flow, Node, Retry, Surface
from latticeflow.plan import Plan, lower_graph


def add(x: Any, y: Any = 0) -> int:
    return (_number(x) * 3 + _number(y) + 1) % 97


def fragile(x: Any, y: Any = 0) -> int:
    total = add(x, y)
    if total % 7 == 0:
        raise ValueError(f"seven divides {total}")
    return total


async def slow(x: Any, y: Any = 0) -> int:
    for _ in range(_number(x) % 3):
        await asyncio.sleep(0)
    return fragile(x, y)


def odd(x: Any) -> bool:
    return _number(x) % 2 == 1


def span(x: Any) -> list[int]:
    return [_number(x) + i for i in range(_number(x) % 5)]


def _number(value: Any) -> int:
    """Read anything as a number, so that whatever arrives can be worked on."""
    if isinstance(value, int):
        return int(value)
    return sum(hashlib.sha256(repr(value).encode()).digest()) % 97


CATALOG = Catalog(
    [
        component("add", add, ports=("x", "y")),
        component("fragile", fragile, ports=("x", "y")),
        component("slow", slow, ports=("x", "y")),
        component("odd", odd),
        component("span", span),
    ]
)


@dataclass
class _Builder:
    """Draws one graph. `numbers` are the nodes whose value another may take."""

    draw: Callable[[st.SearchStrategy[Any]], Any]
    timed: bool
    depth: int
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    surfaces: list[Surface] = field(default_factory=list)
    sources: list[tuple[str, str | None]] = field(default_factory=list)

    def chance(self, one_in: int) -> bool:
        return bool(self.draw(st.integers(1, one_in)) == 1)

    def alias(self) -> str:
        return f"n{len(self.nodes)}"

    def feed(self, alias: str, port: str) -> None:
        source, select = self.draw(st.sampled_from(self.sources))
        self.edges.append(edge(f"{source} -> {alias}.{port}", select=select))

    def policies(self, *, is_body: bool) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if self.chance(4):
            fields["retry"] = Retry(
                max_attempts=self.draw(st.integers(2, 3)),
                initial_interval_ms=self.draw(st.integers(0, 4)),
                retry_on=["builtins:ConnectionError"] if self.chance(2) else [],
            )
        if self.timed and self.chance(4):
            fields["timeout_ms"] = self.draw(st.integers(2, 25 if is_body else 6))
        if self.chance(5):
            fields["on_error"] = "continue"
            if self.chance(2):
                fields["fallback"] = self.draw(st.integers(0, 9))
        if not is_body and self.chance(6) and len(self.nodes) > 1:
            other = self.draw(st.sampled_from(self.nodes[1:])).alias
            status = self.draw(st.sampled_from(["succeeded", "failed", "skipped"]))
            fields["when"] = f"steps.{other}.status == '{status}'"
        return fields

    def add_node(self, node_: Node) -> None:
        self.nodes.append(node_)
        if node_.when is not None:
            read = node_.when.split(".")[1]
            if not any(e.from_ == read and e.to == node_.alias for e in self.edges):
                self.edges.append(edge(f"{read} -> {node_.alias}"))
        self.sources.append((node_.alias, None))

    def call(self) -> None:
        alias = self.alias()
        self.feed(alias, "x")
        if self.chance(2):
            self.feed(alias, "y")
        name = self.draw(st.sampled_from(["add", "fragile", "slow"]))
        self.add_node(node(alias, name, **self.policies(is_body=False)))
        if self.chance(3) and len(self.nodes) > 2:
            before = self.draw(st.sampled_from(self.nodes[:-1])).alias
            if not any(e.from_ == before and e.to == alias for e in self.edges):
                self.edges.append(edge(f"{before} -> {alias}"))

    def branch(self) -> None:
        """Two branches and what joins them."""
        test = self.alias()
        self.feed(test, "x")
        self.nodes.append(node(test, "odd"))
        taken = []
        for _ in range(2):
            alias = self.alias()
            self.feed(alias, "x")
            self.edges.append(edge(f"{test} -> {alias}"))
            name = self.draw(st.sampled_from(["add", "fragile", "slow"]))
            self.nodes.append(node(alias, name, **self.policies(is_body=True)))
            taken.append(alias)
        joined = self.alias()
        self.edges += [edge(f"{alias} -> {joined}.value") for alias in taken]
        self.nodes.append(node(joined, "std.merge"))
        self.sources.append((joined, None))
        config = {"v": 1, "source": test, "then": taken[0], "else": taken[1]}
        self.surfaces.append(
            Surface(id=f"if:{test}", kind="if", targets=[test, *taken], config=config)
        )

    def body(self) -> None:
        alias = self.alias()
        kind = self.draw(st.sampled_from(["plain", "each", "loop"]))
        port = "item" if kind == "each" else "x"
        inner = _graph(self.draw, self.timed, self.depth + 1, inputs=(port,))
        if kind == "each":
            items = alias
            self.feed(items, "x")
            self.nodes.append(node(items, "span"))
            alias = self.alias()
            self.edges.append(edge(f"{items} -> {alias}.items"))
            config: dict[str, Any] = {"v": 1, "source": items, "body_entry": alias}
            config["concurrency"] = self.draw(st.integers(1, 4))
            config["on_error"] = self.draw(st.sampled_from(["fail", "fail", "skip", "collect"]))
            if self.chance(4):
                config["stop"] = "=value == null || value == 7"
            self.surfaces.append(Surface(id=f"each:{alias}", kind="for_each", config=config))
        else:
            self.feed(alias, "x")
            if kind == "loop":
                config = {
                    "v": 1,
                    "body_entry": alias,
                    "index": "round",
                    "stop": "=value == null || value == 7",
                    "max_iterations": self.draw(st.integers(1, 3)),
                    "exhausted": self.draw(st.sampled_from(["finish", "fail"])),
                }
                self.surfaces.append(Surface(id=f"loop:{alias}", kind="loop", config=config))
        fields = self.policies(is_body=True)
        self.add_node(node(alias, f"f.{alias}", subflow_ir=inner, **fields))
        if self.chance(3) and "on_error" not in fields:
            names = self.draw(st.sampled_from(["builtins:ValueError", "builtins:Exception"]))
            config = {
                "v": 1,
                "scope": {"nodes": [alias]},
                "strategy": "catch",
                "catch": [{"on": [names], "label": "0"}],
            }
            self.surfaces.append(Surface(id=f"catch:{alias}", kind="error_handler", config=config))


def _graph(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    timed: bool,
    depth: int = 0,
    *,
    inputs: tuple[str, ...] = ("x",),
) -> Flow:
    builder = _Builder(draw, timed, depth)
    builder.nodes.append(node("input", "std.input" if depth else "std.trigger.manual"))
    builder.sources += [("input", f"/{name}") for name in inputs]
    kinds = ["call", "call", "branch", "body"] if depth < 2 else ["call"]
    for _ in range(draw(st.integers(1, 6 - 2 * depth))):
        getattr(builder, draw(st.sampled_from(kinds)))()
    return graph(
        builder.nodes,
        builder.edges,
        output=builder.nodes[-1].alias,
        surfaces=builder.surfaces,
        inputs=inputs,
    )


@dataclass(frozen=True)
class Drawn:
    """A plan, shown as little text."""

    plan: Plan

    def __repr__(self) -> str:
        return _shown(self.plan.flow)


def _shown(flow: Flow) -> str:
    lines = [
        f"{e.from_}{e.select or ''} -> {e.to}{f'.{e.to_port}' if e.to_port else ''}"
        for e in flow.edges
    ]
    for n in flow.nodes:
        rules = [
            f"{name}={value!r}"
            for name in ("retry", "timeout_ms", "on_error", "fallback", "when")
            if (value := getattr(n, name)) not in (None, "fail", msgspec.UNSET)
        ]
        body = "" if n.subflow_ir is None else f" {{{_shown(n.subflow_ir)}}}"
        lines.append(f"{n.alias}: {n.identifier} {' '.join(rules)}{body}")
    lines += [f"{surface.kind} {surface.config}" for surface in flow.control_surfaces]
    return "; ".join(lines)


@st.composite
def plans(draw: Callable[[st.SearchStrategy[Any]], Any], *, timed: bool = True) -> Drawn:
    """Draw a plan with one input, `x`. Without `timed` nothing in it has a timeout."""
    return Drawn(lower_graph(_graph(draw, timed), CATALOG))


def chance_of(position: str, attempt: int, what: str) -> int:
    """Return a number that depends on nothing but the attempt."""
    return hashlib.sha256(f"{what}:{position}:{attempt}".encode()).digest()[0]


def sometimes_fails(position: str, attempt: int) -> Exception | None:
    return ConnectionError(position) if chance_of(position, attempt, "error") < 16 else None


def takes_a_while(position: str, attempt: int) -> int:
    return chance_of(position, attempt, "time") % 7
