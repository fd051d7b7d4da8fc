"""Random flows, as source text: what the Hypothesis suite calls and runs.

A program is a module of one flow and up to two sub-flows over the nodes of `nodes.py`. All values
are of known type and every name has a value where it is used, so that whatever the compiler
refuses in a program is a defect of the compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

HEADER = """\
from latticeflow import each, flow, parallel, retry, timeout, up_to
from tests.property.nodes import (
    Oops, add, clip, collect, even, inc, look, numbers, put, pair_sum, shaky, spell,
)

"""


@dataclass
class Program:
    """The text of a program and that of its eager twin, where it has one.

    The twin is what a compiler would make of it that evaluates both sides of `or` and `and`.
    """

    source: str
    eager: str
    has_lazy: bool


@dataclass
class _Writer:
    """Draws statements. `eager` collects the twin line by line; `frozen` names keep their value."""

    draw: Callable[[st.SearchStrategy[object]], object]
    lines: list[str] = field(default_factory=list)
    eager: list[str] = field(default_factory=list)
    has_lazy: bool = False
    counter: int = 0
    subflows: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    frozen: set[str] = field(default_factory=set)

    # -- drawing ---------------------------------------------------------------------------

    def pick(self, *choices: str) -> str:
        return str(self.draw(st.sampled_from(choices)))

    def number(self, low: int, high: int) -> int:
        value = self.draw(st.integers(low, high))
        assert isinstance(value, int)
        return value

    def fresh(self, stem: str) -> str:
        self.counter += 1
        return f"{stem}{self.counter}"

    def emit(self, depth: int, text: str, *, twin: str | None = None) -> None:
        indent = "    " * depth
        self.lines.append(indent + text)
        self.eager.extend(indent + line for line in self.pending)
        self.pending.clear()
        self.eager.append(indent + (text if twin is None else twin))

    # -- expressions -----------------------------------------------------------------------

    def integer(self, names: list[str], depth: int = 0) -> str:
        simple = ["name", "constant"] if names else ["constant"]
        kinds = simple if depth >= 2 else [*simple, "sum", "call", "call", "choice", "size", "max"]
        kind = self.pick(*kinds)
        if kind == "name":
            return self.pick(*names)
        if kind == "constant":
            return str(self.number(-3, 9))
        if kind == "sum":
            operator = self.pick("+", "-", "*")
            left = self.integer(names, depth + 1)
            right = str(self.number(0, 3)) if operator == "*" else self.integer(names, 2)
            return f"({left} {operator} {right})"
        if kind == "choice":
            return (
                f"({self.integer(names, depth + 1)} if {self.plain_condition(names)} "
                f"else {self.integer(names, depth + 1)})"
            )
        if kind == "size":
            return f"len({self.numbers(names, depth + 1)})"
        if kind == "max":
            function = self.pick("max", "min")
            return f"{function}({self.integer(names, 2)}, {self.integer(names, 2)})"
        return self.call(names, depth + 1)

    def call(self, names: list[str], depth: int) -> str:
        target = self.pick("inc", "add", "shaky", "look", "put", *self.subflows)
        first = self.integer(names, depth)
        if target == "inc":
            return f"inc({first})"
        if target == "add":
            return f"await add({first}, {self.integer(names, depth)})"
        return f"await {target}({first})"

    def numbers(self, names: list[str], depth: int = 0) -> str:
        kind = self.pick("node", "display")
        if kind == "node":
            return f"numbers({self.integer(names, depth + 1)})"
        return f"[{self.integer(names, 2)}, {self.integer(names, 2)}]"

    def plain_condition(self, names: list[str]) -> str:
        kind = self.pick("compare", "chain", "member", "not", "even")
        left = self.integer(names, 2)
        if kind == "compare":
            operator = self.pick("<", "<=", ">", ">=", "==", "!=")
            return f"{left} {operator} {self.integer(names, 2)}"
        if kind == "chain":
            return f"{self.number(-2, 2)} < {left} < {self.number(3, 8)}"
        if kind == "member":
            return f"{left} in [{self.number(0, 3)}, {self.number(4, 6)}]"
        if kind == "even":
            return f"even({left})"
        return f"not {left} > {self.number(0, 5)}"

    def condition(self, names: list[str]) -> tuple[str, str]:
        """Return a condition and its eager twin; the twin's call stands in `pending`."""
        left = self.plain_condition(names)
        if self.pick("plain", "lazy") == "plain":
            return left, left
        self.has_lazy = True
        operator = self.pick("or", "and")
        function = self.pick("put", "shaky", "look")
        right = f"await {function}({self.integer(names, 2)}) > {self.number(-2, 6)}"
        name = self.fresh("eager")
        self.pending.append(f"{name} = {right}")
        return f"{left} {operator} {right}", f"{left} {operator} {name}"

    # -- statements ------------------------------------------------------------------------

    def block(self, depth: int, names: list[str], *, nested: int, may_return: bool) -> None:
        """Write one to three statements; names made inside are not seen outside."""
        own = list(names)
        for _ in range(self.number(1, 3)):
            self.statement(depth, own, nested=nested, may_return=may_return)

    def assign(self, depth: int, names: list[str]) -> None:
        # The graph counts in 64 bits, so that what loops compute is kept small.
        value = self.integer(names)
        if depth > 1:
            value = f"clip({value})"
        old = [name for name in names if name not in self.frozen]
        if old and self.pick("old", "new") == "old":
            target = self.pick(*old)
            operator = "=" if depth > 1 else self.pick("=", "=", "+=")
            self.emit(depth, f"{target} {operator} {value}")
        else:
            target = self.fresh("v")
            self.emit(depth, f"{target} = {value}")
            names.append(target)

    def statement(self, depth: int, names: list[str], *, nested: int, may_return: bool) -> None:
        simple = ["assign", "assign", "effect", "parallel", "comprehension"]
        compound = ["if", "if", "match", "for", "while", "up_to", "try", "scope"]
        kind = self.pick(*(simple if nested >= 2 else simple + compound))
        if kind == "assign":
            self.assign(depth, names)
        elif kind == "effect":
            self.emit(depth, f"await put({self.integer(names)})")
        elif kind == "parallel":
            left, right = self.fresh("v"), self.fresh("v")
            first = f"add({self.integer(names, 2)}, {self.integer(names, 2)})"
            second = f"look({self.integer(names, 2)})"
            self.emit(depth, f"{left}, {right} = await parallel({first}, {second})")
            names += [left, right]
        elif kind == "comprehension":
            self.comprehension(depth, names)
        else:
            write = getattr(self, f"write_{kind}")
            write(depth, names, nested + 1, may_return)

    def comprehension(self, depth: int, names: list[str]) -> None:
        target, item = self.fresh("v"), self.fresh("item")
        inner = [*names, item]
        function = self.pick("inc", "await add", "await shaky", "await look")
        second = f", {self.integer(names, 2)}" if function == "await add" else ""
        test = f" if {self.integer(inner, 2)} > {self.number(0, 4)}"
        test = self.pick(test, "")
        wide = "" if function != "await add" else self.pick("", ", concurrency=3")
        self.emit(
            depth,
            f"{target} = collect([{function}({item}{second}) "
            f"for {item} in each({self.numbers(names)}{wide}){test}])",
        )
        names.append(target)

    def write_if(self, depth: int, names: list[str], nested: int, may_return: bool) -> None:
        text, twin = self.condition(names)
        self.emit(depth, f"if {text}:", twin=f"if {twin}:")
        self.block(depth + 1, names, nested=nested, may_return=may_return)
        if may_return and self.number(0, 3) == 0:
            self.emit(depth + 1, f"return {self.integer(names)}")
        if self.number(0, 2):
            self.emit(depth, "else:")
            self.block(depth + 1, names, nested=nested, may_return=may_return)

    def write_match(self, depth: int, names: list[str], nested: int, may_return: bool) -> None:
        self.emit(depth, f"match spell({self.integer(names, 1)}):")
        for case in ('"zero"', '"one" | "two"', "_"):
            self.emit(depth + 1, f"case {case}:")
            self.block(depth + 2, names, nested=nested, may_return=may_return)

    def write_for(self, depth: int, names: list[str], nested: int, _may_return: bool) -> None:
        item = self.fresh("item")
        self.emit(depth, f"for {item} in each({self.numbers(names)}):")
        self.block(depth + 1, [*names, item], nested=nested, may_return=False)
        self.leave(depth + 1, [*names, item])

    def leave(self, depth: int, names: list[str]) -> None:
        if self.number(0, 2) == 0:
            word = self.pick("break", "continue")
            self.emit(depth, f"if {self.plain_condition(names)}:")
            self.emit(depth + 1, word)
            self.assign(depth, list(names))

    def write_while(self, depth: int, names: list[str], nested: int, _may_return: bool) -> None:
        count = self.fresh("count")
        self.emit(depth, f"{count} = 0")
        self.emit(depth, f"while {count} < {self.number(0, 3)}:")
        self.emit(depth + 1, f"{count} = {count} + 1")
        self.block(depth + 1, names, nested=nested, may_return=False)
        self.leave(depth + 1, names)

    def write_up_to(self, depth: int, names: list[str], nested: int, _may_return: bool) -> None:
        self.emit(depth, f"for _ in up_to({self.number(1, 3)}):")
        self.block(depth + 1, names, nested=nested, may_return=False)
        self.leave(depth + 1, names)
        if self.number(0, 1):
            self.emit(depth, "else:")
            self.assign(depth + 1, list(names))

    def write_try(self, depth: int, names: list[str], nested: int, may_return: bool) -> None:
        self.emit(depth, "try:")
        # What a failing block has set depends on how far it came: such reads are refused.
        outer, self.frozen = self.frozen, self.frozen | set(names)
        self.block(depth + 1, names, nested=nested, may_return=may_return)
        self.frozen = outer
        if self.number(0, 2) == 0:
            self.emit(depth + 1, f"raise {self.pick('ValueError', 'Oops')}({self.pick_text()})")
        self.emit(depth, f"except {self.pick('ValueError', 'Oops', '(ValueError, Oops)')}:")
        self.block(depth + 1, names, nested=nested, may_return=may_return)
        if self.number(0, 3) == 0:
            self.emit(depth, "else:")
            self.block(depth + 1, names, nested=nested, may_return=may_return)

    def pick_text(self) -> str:
        return f'"{self.pick("a", "b")}"'

    def write_scope(self, depth: int, names: list[str], nested: int, may_return: bool) -> None:
        scope = self.pick('timeout("1h")', "retry(3, on=ConnectionError)")
        self.emit(depth, f"async with {scope}:")
        self.block(depth + 1, names, nested=nested, may_return=may_return)

    # -- a whole program -------------------------------------------------------------------

    def write_flow(self, name: str, *, statements: int) -> None:
        self.emit(0, "@flow")
        self.emit(0, f"async def {name}(n: int) -> int:")
        self.emit(1, f'"""Compute something from n, as `{name}`."""')
        self.emit(1, "a = n")
        self.emit(1, "b = 1")
        names = ["n", "a", "b"]
        for _ in range(statements):
            self.statement(1, names, nested=0, may_return=True)
        self.emit(1, f"return {self.integer(names)}")
        self.emit(0, "")


@st.composite
def programs(draw: Callable[[st.SearchStrategy[object]], object]) -> Program:
    """Draw a program: sub-flows first, then `main`."""
    writer = _Writer(draw)
    for number in range(writer.number(0, 1)):
        writer.write_flow(f"sub{number}", statements=writer.number(1, 2))
        writer.subflows.append(f"sub{number}")
    writer.write_flow("main", statements=writer.number(1, 5))
    return Program(
        HEADER + "\n".join(writer.lines),
        HEADER + "\n".join(writer.eager),
        writer.has_lazy,
    )
