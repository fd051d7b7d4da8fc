"""The reading of Python bodies: what is found, where, and what is inferred."""

# The sample bodies do on purpose what linters warn of.
# ruff: noqa: A002, C416, DTZ005, DTZ011, PERF401, PERF402, PLC3002, PLW0108, PLW0603, PTH110, PTH118, PTH123, PTH208, UP017

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import io
import json
import math
import os
import pathlib
import random
import subprocess
import time as clock
import uuid
from datetime import datetime
from os import environ, getenv
from pathlib import Path
from random import random as draw
from uuid import uuid4

import msgspec
import pytest

from latticeflow.capabilities import Clock, Kv
from latticeflow.checks.bodies import BodyReader, Kind, shipped
from latticeflow.flow import Component, Determinism, Effects, NodeSpec

CACHE: dict[str, int] = {}
LIMIT = 3


def component(fn, **spec):
    defaults = {"effects": Effects.PURE, "determinism": Determinism.STRICT}
    declared = NodeSpec(identifier=f"t:{fn.__name__}", name=fn.__name__, **{**defaults, **spec})
    return Component(declared, call=fn)


def read(fn, **spec):
    return BodyReader().read(component(fn, **spec))


def kinds(fn, **spec):
    return [f.kind for f in read(fn, **spec).findings]


def whats(fn):
    return [f.what for f in read(fn).findings]


# --- what is pure -------------------------------------------------------------------------------


@dataclasses.dataclass
class Order:
    id: str
    items: list[str] = dataclasses.field(default_factory=list)


class Invoice(msgspec.Struct):
    order: Order
    cents: int = 0


def pure_work(order: Order, rate: float) -> Invoice:
    names = sorted({i.strip().lower() for i in order.items})
    total = math.floor(sum(len(n) for n in names) * rate)
    rows = []
    for name in names:
        rows.append(json.dumps({"n": name}))
    rows.sort(key=lambda r: (len(r), r))
    seen = {}
    seen["x"] = LIMIT
    when = datetime(2024, 1, 1, tzinfo=dt.timezone.utc)
    buffer = io.StringIO()
    print("not output", file=buffer)
    if total > 3:
        raise ValueError(f"{when}")
    return Invoice(Order(order.id, rows), total)


async def async_work(x: int) -> int:
    await asyncio.sleep(0)
    await asyncio.gather(asyncio.sleep(0))
    return x


def test_pure_bodies_have_no_findings():
    assert read(pure_work) == read(async_work)
    assert read(pure_work).effects is Effects.PURE
    assert read(pure_work).determinism is Determinism.STRICT
    assert read(pure_work).findings == ()


# --- what is not --------------------------------------------------------------------------------


def now_by_alias() -> float:
    return clock.time()


def now_by_class() -> datetime:
    return datetime.now()


def now_by_module_alias() -> dt.date:
    return dt.date.today()


def now_imported_inside() -> float:
    import time

    return time.monotonic()


def now_imported_from_inside() -> float:
    from time import perf_counter as tick

    return tick()


def now_as_a_value() -> list[float]:
    return list(map(clock_function, [1]))


clock_function = clock.time


def now_in_a_lambda() -> object:
    return (lambda: clock.time())()


def draw_by_name() -> float:
    return draw()


def draw_by_module() -> int:
    return random.randint(1, 6)


def draw_unseeded() -> float:
    return random.Random().random()


def identifier() -> str:
    return str(uuid4()) + str(uuid.uuid1())


def environment() -> str:
    return environ["HOME"] + os.environ.get("X", "") + (getenv("Y") or "")


def file_open() -> str:
    with open("a.txt") as f:
        return f.read()


def file_path(name: str) -> str:
    return (Path("a") / name).with_suffix(".txt").read_text()


def file_annotated(where: pathlib.Path) -> bool:
    return where.exists()


def file_unknown(where) -> str:
    return where.read_text()


def file_table(frame) -> None:
    frame.to_csv("a.csv")


def file_os() -> bool:
    return os.path.exists("a") or bool(os.listdir("."))


def sockets() -> object:
    import socket

    return socket.create_connection(("a", 1))


def requests_get() -> object:
    import requests

    return requests.get("https://a")


def process() -> object:
    return subprocess.run(["ls"], check=False)


def process_os() -> int:
    return os.system("ls")


def identity(x: str) -> int:
    return hash(x) + id(x)


def console() -> None:
    print("hello")


def remember(key: str) -> None:
    CACHE[key] = 1


def remember_by_method(key: str) -> None:
    CACHE.update({key: 1})


def count() -> None:
    global LIMIT
    LIMIT = LIMIT + 1


def change_argument(order: Order) -> Order:
    order.id = "x"
    return order


def change_list(xs: list[int]) -> list[int]:
    xs.append(1)
    return xs


def change_function() -> None:
    count.calls = 1


def unknown_library() -> object:
    import some_library_nobody_has

    return some_library_nobody_has.compute(1)


def evaluates(text: str) -> object:
    return eval(text)


@pytest.mark.parametrize(
    "fn, expected",
    [
        (now_by_alias, Kind.CLOCK),
        (now_by_class, Kind.CLOCK),
        (now_by_module_alias, Kind.CLOCK),
        (now_imported_inside, Kind.CLOCK),
        (now_imported_from_inside, Kind.CLOCK),
        (now_as_a_value, Kind.CLOCK),
        (now_in_a_lambda, Kind.CLOCK),
        (draw_by_name, Kind.RANDOM),
        (draw_by_module, Kind.RANDOM),
        (draw_unseeded, Kind.RANDOM),
        (file_open, Kind.FILES),
        (file_path, Kind.FILES),
        (file_annotated, Kind.FILES),
        (file_unknown, Kind.FILES),
        (file_table, Kind.FILES),
        (sockets, Kind.NETWORK),
        (requests_get, Kind.NETWORK),
        (process, Kind.PROCESS),
        (process_os, Kind.PROCESS),
        (console, Kind.CONSOLE),
        (remember, Kind.MUTATION),
        (remember_by_method, Kind.MUTATION),
        (count, Kind.MUTATION),
        (change_argument, Kind.MUTATION),
        (change_list, Kind.MUTATION),
        (change_function, Kind.MUTATION),
        (unknown_library, Kind.UNKNOWN),
        (evaluates, Kind.UNKNOWN),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_one_thing_is_found_once(fn, expected):
    assert kinds(fn) == [expected]


def test_several_things_are_all_found():
    assert kinds(identifier) == [Kind.RANDOM] * 2
    assert kinds(environment) == [Kind.ENVIRONMENT] * 3
    assert kinds(file_os) == [Kind.FILES] * 2
    assert kinds(identity) == [Kind.IDENTITY] * 2


def test_what_is_inferred():
    assert read(now_by_alias).effects is Effects.EFFECTFUL
    assert read(now_by_alias).determinism is Determinism.NONDETERMINISTIC
    assert read(unknown_library).determinism is Determinism.BEST_EFFORT
    assert read(console).determinism is Determinism.STRICT
    assert read(console).effects is Effects.EFFECTFUL


# --- what is not held against it ----------------------------------------------------------------


def seeded(seed: int) -> float:
    rng = random.Random(seed)
    xs = [1, 2]
    rng.shuffle(xs)
    return rng.random() + rng.gauss(0, 1)


def granted_capabilities(key: str, *, kv: Kv.Write, clock: "Clock") -> float:
    kv.update(key)
    kv.state = 1
    return clock.time()


def own_list() -> list[int]:
    xs: list[int] = []
    xs.append(1)
    ys = [0] * 3
    ys[0] = 1
    return xs + ys


def rebound(xs: list[int]) -> list[int]:
    xs = list(xs)
    xs.append(1)
    return xs


def user_update(order: Invoice) -> object:
    return order.update(1)


def naming_a_class(x: object) -> bool:
    return isinstance(x, subprocess.Popen | io.IOBase)


def hash_of_a_number() -> int:
    return hash(3)


def shadowed(time: float, open: str) -> str:
    return f"{time}{open}"


def pure_path(name: str) -> str:
    return str(Path("a") / name) + os.path.join("a", name) + Path(name).stem


def raising() -> None:
    raise subprocess.CalledProcessError(1, "x")


@pytest.mark.parametrize(
    "fn",
    [
        seeded,
        granted_capabilities,
        own_list,
        rebound,
        user_update,
        naming_a_class,
        hash_of_a_number,
        shadowed,
        pure_path,
        raising,
    ],
    ids=lambda f: f.__name__,
)
def test_innocent_bodies(fn):
    assert kinds(fn) == []


# --- following ----------------------------------------------------------------------------------


def helper() -> float:
    return inner_helper()


def inner_helper() -> float:
    return clock.time()


def uses_helper() -> float:
    return helper() + helper()


def even(n: int) -> bool:
    return n == 0 or odd(n - 1)


def odd(n: int) -> bool:
    return n != 0 and even(n - 1)


@functools.lru_cache
def cached() -> float:
    return draw()


def uses_cached() -> float:
    return cached()


def noisy(fn):
    @functools.wraps(fn)
    def call(*args):
        clock.time()
        return fn(*args)

    return call


@noisy
def wrapped(x: str) -> str:
    return x + str(uuid4())


def uses_wrapped(x: str) -> str:
    return wrapped(x)


@contextlib.contextmanager
def drawing():
    yield draw()


def uses_context() -> float:
    with drawing() as found:
        return found


class Maker:
    def __init__(self) -> None:
        self.at = clock.time()

    def size(self) -> int:
        return random.randint(1, 2)

    @staticmethod
    def make() -> str:
        return str(uuid4())


def uses_class() -> object:
    return Maker()


def uses_method(maker: Maker) -> int:
    return maker.size()


def uses_static() -> str:
    return Maker.make()


def as_callback(xs: list[int]) -> list[int]:
    return sorted(xs, key=lambda x: helper())


@dataclasses.dataclass
class Stamped:
    at: float = dataclasses.field(default_factory=clock.time)


def stamps() -> Stamped:
    return Stamped()


def test_helpers_are_followed_once_and_named():
    (found,) = read(uses_helper).findings
    assert found.kind is Kind.CLOCK
    assert found.through == ("helper", "inner_helper")
    lines = pathlib.Path(__file__).read_text().split("\n")
    assert lines[found.range.start.line - 1].strip() == "return clock.time()"
    assert lines[found.called_at.start.line - 1].strip() == "return helper() + helper()"


def test_wrappers_of_the_project_are_read_as_they_stand():
    assert kinds(wrapped) == [Kind.CLOCK, Kind.RANDOM]
    assert kinds(uses_wrapped) == [Kind.CLOCK, Kind.RANDOM]
    assert kinds(uses_context) == [Kind.RANDOM]


def test_recursion_ends():
    assert kinds(even) == []


@pytest.mark.parametrize(
    "fn, expected",
    [
        (uses_cached, Kind.RANDOM),
        (uses_class, Kind.CLOCK),
        (uses_method, Kind.RANDOM),
        (uses_static, Kind.RANDOM),
        (as_callback, Kind.CLOCK),
        (stamps, Kind.CLOCK),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_all_that_is_reached_is_read(fn, expected):
    assert kinds(fn) == [expected]


# --- sets ---------------------------------------------------------------------------------------


def set_to_list(xs: list[str]) -> list[str]:
    return list(set(xs))


def set_joined(xs: set[str]) -> str:
    return ",".join(x.upper() for x in xs)


def set_comprehended(xs: list[str]) -> list[str]:
    names = {x.lower() for x in xs}
    return [n for n in names]


def set_looped(xs: frozenset[str]) -> list[str]:
    out = []
    for x in xs:
        out.append(x)
    return out


def set_of_keys(a: dict[str, int], b: dict[str, int]) -> list[str]:
    return [k for k in a.keys() & b.keys()]


def set_popped(xs: list[str]) -> str:
    left = set(xs)
    return left.pop()


def set_spread(xs: list[str]) -> list[str]:
    return [*{x for x in xs}]


def set_filled(xs: list[str]) -> list[str]:
    seen = set()
    for x in xs:
        seen.add(x)
    return list(seen)


@pytest.mark.parametrize(
    "fn",
    [
        set_to_list,
        set_joined,
        set_comprehended,
        set_looped,
        set_of_keys,
        set_popped,
        set_spread,
        set_filled,
    ],
    ids=lambda f: f.__name__,
)
def test_a_set_that_becomes_ordered_is_found(fn):
    assert kinds(fn) == [Kind.SET_ORDER]


def set_sorted(xs: set[str]) -> list[str]:
    return sorted(xs)


def set_counted(xs: set[str], ys: set[str]) -> int:
    total = 0
    for x in xs:
        total += len(x)
    return total + len(xs | ys) + max(len(x) for x in ys)


def set_of_numbers(xs: set[int]) -> list[int]:
    return list(xs) + list({1, 2, 3})


def set_to_set(xs: set[str]) -> set[str]:
    return {x.upper() for x in xs}


def list_named_set(set: list[str]) -> list[str]:
    return list(set)


@pytest.mark.parametrize(
    "fn",
    [set_sorted, set_counted, set_of_numbers, set_to_set, list_named_set],
    ids=lambda f: f.__name__,
)
def test_a_set_whose_order_is_not_seen_is_fine(fn):
    assert kinds(fn) == []


def test_the_repair_of_a_set_is_to_sort_it():
    (found,) = read(set_to_list).findings
    assert found.replacement == "sorted(set(xs))"


# --- places, and what cannot be read ------------------------------------------------------------


def wide() -> float:
    return len("東京") + clock.time()


def test_columns_are_characters():
    (found,) = read(wide).findings
    line = pathlib.Path(__file__).read_text().split("\n")[found.range.start.line - 1]
    assert line[found.range.start.column - 1 : found.range.end.column - 1] == "clock.time()"
    assert found.what == "clock.time()"
    assert found.file == "tests/unit/checks/bodies/test_bodies.py"


def test_a_body_without_source_degrades():
    space = {}
    exec("def f(x):\n    import time\n    return time.time()", space)
    reading = read(space["f"])
    assert [f.kind for f in reading.findings] == [Kind.NO_SOURCE]
    assert reading.determinism is Determinism.BEST_EFFORT


def test_two_lambdas_on_one_line_are_not_guessed_at():
    first, second = lambda x: x, lambda x: clock.time()
    assert kinds(first) == [Kind.NO_SOURCE]
    assert kinds(second) == [Kind.NO_SOURCE]


def test_builtins_and_types_as_components():
    assert kinds(len) == []
    assert kinds(clock.time) == [Kind.CLOCK]
    assert kinds(Order) == []


def test_a_project_extends_the_table():
    known = shipped().extended(["some_library_nobody_has"])
    assert BodyReader(known).read(component(unknown_library)).findings == ()
    assert kinds(unknown_library) == [Kind.UNKNOWN]


# --- claims -------------------------------------------------------------------------------------


def test_effects_of_joins_what_is_not_claimed():
    reader = BodyReader()
    assert reader.effects_of(component(now_by_alias)) == (
        Effects.EFFECTFUL,
        Determinism.NONDETERMINISTIC,
    )
    claimed = component(now_by_alias, effects=Effects.READ_ONLY, claimed=True)
    assert reader.effects_of(claimed) == (Effects.READ_ONLY, Determinism.STRICT)


def test_capabilities_stay_a_floor_of_what_is_inferred():
    found = component(pure_work, effects=Effects.READ_ONLY, determinism=Determinism.BEST_EFFORT)
    assert BodyReader().effects_of(found) == (Effects.READ_ONLY, Determinism.BEST_EFFORT)


def test_only_the_axis_that_is_claimed_is_kept():
    def node() -> float:
        return clock.time()

    node.__lattice_node__ = type("O", (), {"effects": Effects.READ_ONLY, "determinism": None})
    found = component(node, effects=Effects.READ_ONLY, claimed=True)
    assert BodyReader().effects_of(found) == (Effects.READ_ONLY, Determinism.NONDETERMINISTIC)
