"""Programs drawn by lot from nearly all of the language, many of them foolish.

Unlike the generated flows of the property suite these may use names that have no value on some
way, jump out of anything, and be refused; what is not refused must run as it is called.
"""

from __future__ import annotations

import random

HEADER = """\
from __future__ import annotations
from typing import Literal
from latticeflow.authoring.dsl import (
    each, flow, node, parallel, retry, saga, static, timeout, up_to,
)

LOG = []

class Oops(Exception): pass
class Worse(Oops): pass

@node
def inc(x: int) -> int: return x + 1

@node
def shaky(x: int) -> int:
    if x % 7 == 3: raise Oops(f"s{x}")
    return x

@node(effects="effectful", determinism="nondeterministic")
def put(x: int) -> int:
    LOG.append(x)
    return x

@node(effects="effectful", determinism="nondeterministic")
def boom(x: int) -> int:
    LOG.append(("b", x))
    if x % 5 == 4: raise Worse(f"b{x}")
    if x % 11 == 6: raise KeyError(f"k{x}")
    return x + 1

@node(effects="read_only", determinism="best_effort")
def look(x: int) -> int: return len(LOG) % 3 + x

@node
def maybe(x: int) -> int | None: return None if x % 3 == 0 else x

@node
def letter(x: int) -> Literal["a", "b", "c"]: return "abc"[x % 3]

@node
def numbers(x: int) -> list[int]: return list(range(x % 4))

@node(effects="effectful", determinism="nondeterministic")
async def send(x: int) -> int:
    LOG.append(("s", x))
    return x * 2

@flow
"""


class Writer:
    """Writes one program; the same seed gives the same program."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines = ["async def main(n: int) -> int:"]
        self.count = 0

    def program(self) -> str:
        names = self.block(1, ["n"], 0, None, self.random.randint(2, 6))
        self.emit(1, f"return {self.integer(names)}")
        return HEADER + "\n".join(self.lines) + "\n"

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def emit(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    # -- expressions ---------------------------------------------------------------------------

    def integer(self, names: list[str], depth: int = 0) -> str:
        deep = ("call", "call", "sum", "choice", "index", "walrus", "maybe", "max", "size")
        kind = self.pick("name", "name", "constant", *(deep if depth < 2 else ()))

        def inner() -> str:
            return self.integer(names, depth + 1)

        if kind == "name":
            return self.pick(*names)
        if kind == "constant":
            return str(self.random.randint(-3, 9))
        if kind == "call":
            return f"{self.pick('inc', 'shaky', 'boom', 'put', 'look')}({inner()})"
        if kind == "sum":
            return f"({inner()} {self.pick('+', '-')} {inner()})"
        if kind == "choice":
            return f"({inner()} if {self.condition(names, depth + 1)} else {inner()})"
        if kind == "index":
            return f"numbers({inner()})[{self.pick('0', '-1', *names)}]"
        if kind == "max":
            return f"{self.pick('max', 'min')}({inner()}, {inner()})"
        if kind == "size":
            return f"len(numbers({inner()}))"
        name = self.fresh()
        if kind == "walrus":
            return f"({name} := {inner()})"
        return f"({name} if ({name} := maybe({inner()})) is not None else {inner()})"

    def condition(self, names: list[str], depth: int = 0) -> str:
        deep = ("and", "or", "not", "chain", "in", "none")
        kind = self.pick("compare", "compare", *(deep if depth < 2 else ()))

        def inner() -> str:
            return self.integer(names, depth + 1)

        def part() -> str:
            return self.condition(names, depth + 1)

        if kind in ("and", "or"):
            return f"({part()} {kind} {part()})"
        if kind == "not":
            return f"not ({part()})"
        if kind == "chain":
            return f"{inner()} < {inner()} < {inner()}"
        if kind == "in":
            return f"{inner()} in ({self.random.randint(0, 5)}, {self.random.randint(0, 5)})"
        if kind == "none":
            return f"maybe({inner()}) is {self.pick('', 'not ')}None"
        return f"{inner()} {self.pick('<', '>', '==', '!=', '<=', '>=')} {inner()}"

    # -- statements ----------------------------------------------------------------------------

    def block(
        self, indent: int, names: list[str], depth: int, loop: str | None, size: int = 0
    ) -> list[str]:
        known = list(names)
        for _ in range(size or self.random.randint(1, 3)):
            known = self.statement(indent, known, depth, loop)
        return known

    def statement(self, indent: int, names: list[str], depth: int, loop: str | None) -> list[str]:
        simple = ["assign", "assign", "augment", "call", "pass"]
        deep = [
            *("branch", "branch", "sides", "each", "up_to", "while_", "comprehension", "static"),
            *("try_", "try_", "finally_", "scope", "match_letter", "match_number", "zip_", "saga"),
        ]
        kinds = simple + (deep if depth < 3 else [])
        kinds += ["break_", "continue_"] if loop == "loop" else []
        kinds += ["return_"] if loop is None else []
        kinds += ["raise_"] if self.random.random() < 0.3 else []
        return getattr(self, self.random.choice(kinds))(indent, names, depth, loop)

    def assign(self, indent, names, depth, loop):
        value = self.integer(names)
        target = self.pick(*names) if self.random.random() < 0.4 else self.fresh()
        self.emit(indent, f"{target} = {value}")
        return names if target in names else [*names, target]

    def augment(self, indent, names, depth, loop):
        self.emit(indent, f"{self.pick(*names)} += {self.integer(names)}")
        return names

    def call(self, indent, names, depth, loop):
        self.emit(indent, f"{self.pick('put', 'boom', 'shaky')}({self.integer(names)})")
        return names

    def pass_(self, indent, names, depth, loop):
        self.emit(indent, "pass")
        return names

    def branch(self, indent, names, depth, loop):
        self.emit(indent, f"if {self.condition(names)}:")
        self.block(indent + 1, names, depth + 1, loop)
        return names

    def sides(self, indent, names, depth, loop):
        self.emit(indent, f"if {self.condition(names)}:")
        one = self.block(indent + 1, names, depth + 1, loop)
        self.emit(indent, "else:")
        other = self.block(indent + 1, names, depth + 1, loop)
        return [name for name in one if name in other]

    def loop_body(self, indent, names, depth, loop, own):
        self.block(indent + 1, [*names, *own], depth + 1, "loop")
        if self.random.random() < 0.3:
            self.emit(indent, "else:")
            self.block(indent + 1, names, depth + 1, loop)
        return names

    def each(self, indent, names, depth, loop):
        item = self.fresh()
        self.emit(indent, f"for {item} in each(numbers({self.integer(names)})):")
        return self.loop_body(indent, names, depth, loop, [item])

    def up_to(self, indent, names, depth, loop):
        index = self.fresh()
        self.emit(indent, f"for {index} in up_to({self.random.randint(1, 3)}):")
        return self.loop_body(indent, names, depth, loop, [index])

    def while_(self, indent, names, depth, loop):
        # Nothing else gives the counter a value, so that the loop ends.
        counter = self.fresh()
        more = f" and {self.condition(names)}" if self.random.random() < 0.4 else ""
        self.emit(indent, f"{counter} = 0")
        self.emit(indent, f"while {counter} < {self.random.randint(0, 3)}{more}:")
        self.emit(indent + 1, f"{counter} += 1")
        return self.loop_body(indent, names, depth, loop, [])

    def zip_(self, indent, names, depth, loop):
        one, other = self.fresh(), self.fresh()
        lists = f"numbers({self.integer(names)}), numbers({self.integer(names)})"
        self.emit(indent, f"for {one}, {other} in zip({lists}):")
        return self.loop_body(indent, names, depth, loop, [one, other])

    def static(self, indent, names, depth, loop):
        item = self.fresh()
        items = f"({self.random.randint(0, 4)}, {self.random.randint(0, 4)})"
        self.emit(indent, f"for {item} in static({items}):")
        self.block(indent + 1, [*names, item], 3, "unrolled")
        return names

    def comprehension(self, indent, names, depth, loop):
        item, target = self.fresh(), self.fresh()
        test = f" if {self.condition([*names, item])}" if self.random.random() < 0.5 else ""
        value = self.integer([*names, item])
        if ":=" in value + test:  # Python gives such names to the block around
            return names
        items = f"each(numbers({self.integer(names)}))"
        self.emit(indent, f"{target} = len([{value} for {item} in {items}{test}])")
        return [*names, target]

    def try_(self, indent, names, depth, loop):
        self.emit(indent, "try:")
        tried = self.block(indent + 1, names, depth + 1, loop)
        self.handlers(indent, names, depth, loop, self.random.randint(1, 2))
        if self.random.random() < 0.3:
            self.emit(indent, "else:")
            self.block(indent + 1, tried, depth + 1, loop)
        return names

    def finally_(self, indent, names, depth, loop):
        self.emit(indent, "try:")
        self.block(indent + 1, names, depth + 1, loop)
        self.handlers(indent, names, depth, loop, self.random.randint(0, 1))
        self.emit(indent, "finally:")
        self.emit(indent + 1, f"put({self.random.randint(50, 99)})")
        return names

    def handlers(self, indent, names, depth, loop, count):
        kinds = ["Oops", "Worse", "KeyError", "(IndexError, KeyError)", "Exception"]
        for kind in self.random.sample(kinds, count):
            self.emit(indent, f"except {kind} as e{indent}:")
            self.block(indent + 1, names, depth + 1, loop)
            if self.random.random() < 0.2:
                self.emit(indent + 1, "raise")
            elif self.random.random() < 0.3:
                self.emit(indent + 1, f"put(len(f'{{e{indent}}}'))")

    def scope(self, indent, names, depth, loop):
        scopes = ("retry(1)", "timeout('1m')", "retry(1), timeout('1m')")
        self.emit(indent, f"with {self.pick(*scopes)}:")
        return self.block(indent + 1, names, depth + 1, loop)

    def saga(self, indent, names, depth, loop):
        name = self.fresh()
        self.emit(indent, f"async with saga() as {name}:")
        known = self.block(indent + 1, names, depth + 1, loop, 1)
        self.emit(indent + 1, f"{name}.undo({self.pick('put', 'send')}, {self.pick(*known)})")
        return self.block(indent + 1, known, depth + 1, loop)

    def match_letter(self, indent, names, depth, loop):
        self.emit(indent, f"match letter({self.integer(names)}):")
        self.emit(indent + 1, "case 'a':")
        one = self.block(indent + 2, names, depth + 1, loop)
        self.emit(indent + 1, "case 'b' | 'c':")
        other = self.block(indent + 2, names, depth + 1, loop)
        return [name for name in one if name in other]

    def match_number(self, indent, names, depth, loop):
        name = self.fresh()
        self.emit(indent, f"match {self.integer(names)}:")
        self.emit(indent + 1, "case 1 | 2:")
        self.block(indent + 2, names, depth + 1, loop)
        self.emit(indent + 1, f"case {name} if {self.condition([*names, name])}:")
        self.block(indent + 2, [*names, name], depth + 1, loop)
        if self.random.random() < 0.6:
            self.emit(indent + 1, "case _:")
            self.block(indent + 2, names, depth + 1, loop)
        return names

    def break_(self, indent, names, depth, loop):
        self.emit(indent, "break")
        return names

    def continue_(self, indent, names, depth, loop):
        self.emit(indent, "continue")
        return names

    def return_(self, indent, names, depth, loop):
        self.emit(indent, f"return {self.integer(names)}")
        return names

    def raise_(self, indent, names, depth, loop):
        kind = self.pick("Oops", "KeyError", "ValueError")
        self.emit(indent, f"raise {kind}({self.pick('1', repr('x'), *names)})")
        return names


setattr(Writer, "pass", Writer.pass_)
