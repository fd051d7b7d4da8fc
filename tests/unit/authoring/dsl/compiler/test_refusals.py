"""What a flow cannot contain is refused: with its code, at its place, all in one pass."""

from __future__ import annotations

import pytest

from latticeflow.authoring.dsl.compiler import compile_flow

PRELUDE = """\
from __future__ import annotations
import asyncio, math, random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal
from latticeflow.authoring.dsl import (
    Http, approval, each, event, flow, granted, join, node, parallel, rate_limit, retry, saga,
    sleep, static, timeout, tumbling, up_to, window,
)

class Kind(Enum):
    CARD = "card"
    BILL = "bill"

@dataclass(frozen=True)
class Item:
    sku: str
    price: int
    at: str = ""

    @property
    def double(self) -> int: return self.price * 2

@dataclass(frozen=True)
class Order:
    id: str
    total: int
    items: list[Item]
    coupon: str | None
    kind: Literal["card", "bill"] = "card"
    score: float = 0.0
    ok: bool = True
    tags: tuple[str, ...] = ()

@node
def price(item: Item, factor: int = 1) -> int: return item.price * factor
@node
async def pay(item: Item, *, http: Http.Write = granted) -> int: return 1
@node
def anything(x: object) -> Any: return x
@node
async def clicks(topic: str) -> AsyncIterator[Item]:
    yield Item("", 1)

def slug(s: str) -> str: return s.lower()
SETTINGS = {"a": 1}
LIMIT = 5000

"""


@pytest.fixture
def refused(load):
    """Return what is found in a flow with the given body: codes, and the text at each place."""

    def compile_body(body: str, header: str = "async def f(order: Order, n: int) -> object:"):
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        source = f"{PRELUDE}@flow\n{header}\n{lines}"
        module = load(
            source.replace("    Http, approval", "    approval").replace(
                "import Enum\n", "import Enum\nfrom latticeflow.capabilities import Http\n"
            )
        )
        authored = compile_flow(module.f)
        (text,) = authored.files.values()
        found = []
        for issue in authored.diagnostics:
            at = issue.location.range
            rows = text.splitlines()
            piece = rows[at.start.line - 1][at.start.column - 1 :]
            if at.start.line == at.end.line:
                piece = rows[at.start.line - 1][at.start.column - 1 : at.end.column - 1]
            found.append((issue.code, piece))
        assert (authored.flow is None) == any(i.is_error for i in authored.diagnostics)
        return found, authored

    return compile_body


REFUSALS = [
    # statements
    ("import os", "FLOW005", "import os"),
    ("from os import path", "FLOW005", "from os import path"),
    ("def inner(): pass", "FLOW005", "def inner(): pass"),
    ("class Inner: pass", "FLOW005", "class Inner: pass"),
    ("global LIMIT", "FLOW005", "global LIMIT"),
    ("del n", "FLOW005", "del n"),
    ("assert n > 1", "FLOW005", "assert n > 1"),
    ("a, *b = (1, 2, 3)", "FLOW005", "*b"),
    # values do not change
    ("order.total = 5", "FLOW006", "order.total"),
    ("order.items[0] = 5", "FLOW006", "order.items[0]"),
    ("order.total += 5", "FLOW006", "order.total += 5"),
    ("order.items.append(1)", "FLOW006", "order.items.append(1)"),
    ("rows = [n]\nrows += [2]", "FLOW006", "rows += [2]"),
    # names
    ("return SETTINGS", "FLOW007", "SETTINGS"),
    ("return slug", "FLOW007", "slug"),
    ("return math", "FLOW007", "math"),
    ("return LIMTI", "FLOW018", "LIMTI"),
    ("return Kind.CRD", "FLOW018", "Kind.CRD"),
    ("return prise(order.items[0])", "FLOW018", "prise"),
    ("if order.ok:\n    x = 1\nreturn x", "FLOW011", "x"),
    ("for i in each(order.items):\n    x = price(i)\nreturn x", "FLOW011", "x"),
    ("for i in each(order.items):\n    price(i)\nreturn i", "FLOW011", "i"),
    ("try:\n    x = price(order.items[0])\nexcept ValueError:\n    pass\nreturn x", "FLOW011", "x"),
    # expressions
    ("return lambda: 1", "FLOW008", "lambda: 1"),
    ("return order.items[1:]", "FLOW008", "order.items[1:]"),
    ("return {**SETTINGS}", "FLOW008", "SETTINGS"),
    ("return [*order.items]", "FLOW008", "*order.items"),
    ("return {n: 1}", "FLOW008", "n"),
    ("return {i for i in each(order.items)}", "FLOW008", "{i for i in each(order.items)}"),
    ("return order is n", "FLOW008", "order is n"),
    ("return order.items[0].double", "FLOW008", "order.items[0].double"),
    ("return 2j", "FLOW008", "2j"),
    ("return b''", "FLOW008", "b''"),
    ("return 1 << 70", "FLOW014", "1 << 70"),
    ("return order.total // 3", "FLOW014", "order.total // 3"),
    ("return order.total / 3", "FLOW014", "order.total / 3"),
    ("return order.total % 3", "FLOW014", "order.total % 3"),
    ("return order.total ** 3", "FLOW014", "order.total ** 3"),
    ("return ~n", "FLOW014", "~n"),
    ("return order.total > 1 & n", "FLOW014", "1 & n"),
    ("return order.totl", "FLOW015", "order.totl"),
    ("return order.coupon.size", "FLOW015", "order.coupon.size"),
    ("return order.ok + 1", "FLOW029", "order.ok + 1"),
    ("return order.ok == 1", "FLOW029", "order.ok == 1"),
    ("return order.id == 1", "FLOW029", "order.id == 1"),
    ("return order.id * 2", "FLOW029", "order.id * 2"),
    ("return order == order", "FLOW029", "order == order"),
    ("return order.items + order.items", "FLOW029", "order.items + order.items"),
    ("return order.coupon + 'a'", "FLOW029", "order.coupon + 'a'"),
    ("return order.coupon < 'a'", "FLOW029", "order.coupon < 'a'"),
    ("return n in {1.5, 2.5}", "FLOW029", "n in {1.5, 2.5}"),
    ("return f'{order.score}'", "FLOW029", "order.score"),
    ("return f'{order.ok}'", "FLOW029", "order.ok"),
    ("return f'{n:03}'", "FLOW029", "n"),
    ("return f'{order.id!r}'", "FLOW029", "order.id"),
    ("return len(n)", "FLOW029", "len(n)"),
    ("return max(n, order.score)", "FLOW029", "max(n, order.score)"),
    ("return order.id[0]", "FLOW029", "order.id[0]"),
    ("return order.items['a']", "FLOW029", "order.items['a']"),
    ("a, b = order.items\nreturn a", "FLOW029", "a, b"),
    # conditions
    ("if order.coupon: pass", "FLOW010", "order.coupon"),
    ("if n: pass", "FLOW010", "n"),
    ("if order.items: pass", "FLOW010", "order.items"),
    ("while order.id: pass", "FLOW010", "order.id"),
    ("return order.coupon or 'x'", "FLOW010", "order.coupon"),
    ("return not n", "FLOW010", "n"),
    ("return 1 if order.id else 2", "FLOW010", "order.id"),
    # calls
    ("return slug(order.id)", "FLOW009", "slug(order.id)"),
    ("return order.id.upper()", "FLOW009", "order.id.upper()"),
    ("return isinstance(order, str)", "FLOW009", "isinstance(order, str)"),
    ("return int(order.total)", "FLOW009", "int(order.total)"),
    ("return str(order.total)", "FLOW009", "str(order.total)"),
    ("return random.random()", "FLOW009", "random.random()"),
    ("return sum(order.items)", "FLOW009", "sum(order.items)"),
    ("return max(order.items)", "FLOW009", "max(order.items)"),
    ("return n(1)", "FLOW009", "n(1)"),
    ("return ValueError('x')", "FLOW009", "ValueError('x')"),
    ("return order.id.startswith('a', 1)", "FLOW009", "order.id.startswith('a', 1)"),
    ("return price(*order.items)", "FLOW016", "*order.items"),
    ("return price()", "FLOW022", "price()"),
    ("return price(order.items[0], facto=2)", "FLOW022", "facto=2"),
    ("return price(order.items[0], 1, 2)", "FLOW022", "2"),
    ("return price(order.items[0], item=order.items[0])", "FLOW022", "order.items[0]"),
    ("return Item('a')", "FLOW022", "Item('a')"),
    ("return pay(order.items[0])", "FLOW023", "pay(order.items[0])"),
    ("return await price(order.items[0])", "FLOW024", "price(order.items[0])"),
    ("await pay(order.items[0], http=None)", "CAP111", "http=None"),
    # loops
    ("for i in order.items: price(i)", "FLOW032", "order.items"),
    ("for i in range(n): pass", "FLOW032", "range(n)"),
    ("return [price(i) for i in order.items]", "FLOW032", "order.items"),
    ("for i in each(order.items):\n    return i", "FLOW017", "return i"),
    ("for i in each(order.items, concurrency=2):\n    break", "FLOW034", "break"),
    ("for r in static((1, 2)):\n    break", "FLOW034", "break"),
    ("for r in static(order.items): pass", "FLOW050", "static(order.items)"),
    (
        "for i in each(order.items, concurrency=0): price(i)",
        "FLOW025",
        "each(order.items, concurrency=0)",
    ),
    ("for i in each(order.items, concurrency=n): price(i)", "FLOW025", "n"),
    ("for i in up_to(n): pass", "FLOW025", "up_to(n)"),
    ("for i in each(order.id): pass", "FLOW029", "order.id"),
    ("x = each(order.items)", "FLOW033", "each(order.items)"),
    (
        "return [a for x in each(order.items) for a in each(x)]",
        "FLOW008",
        "[a for x in each(order.items) for a in each(x)]",
    ),
    # scopes and errors
    ("with open('f') as f: pass", "FLOW040", "open('f')"),
    ("with n: pass", "FLOW040", "n"),
    ("with retry(0): pass", "FLOW025", "retry(0)"),
    ("with timeout('soon'): pass", "FLOW025", "timeout('soon')"),
    ("with retry(3, on=slug): pass", "FLOW041", "slug"),
    ("raise slug", "FLOW041", "slug"),
    ("raise", "FLOW033", "raise"),
    ("try:\n    price(order.items[0])\nexcept n: pass", "FLOW041", "n"),
    ("try:\n    price(order.items[0])\nexcept ValueError as e:\n    anything(e)", "FLOW042", "e"),
    ("async with saga() as s:\n    if order.ok:\n        s.undo(price, 1)", "FLOW033", "s"),
    # match
    ("match order:\n    case Order(): pass", "FLOW020", "Order()"),
    ("match order.tags:\n    case [a, b]: pass", "FLOW020", "[a, b]"),
    ("match order.kind:\n    case 'card': pass", "FLOW019", "order.kind"),
    ("match order.ok:\n    case True: pass", "FLOW019", "order.ok"),
    # waits
    ("await sleep(n)", "FLOW025", "n"),
    ("sleep('1s')", "FLOW023", "sleep('1s')"),
    ("await event(Item, within='1s')", "FLOW022", "event(Item, within='1s')"),
    (
        "await parallel(price(order.items[0]), pay(order.items[0]))",
        "FLOW024",
        "price(order.items[0])",
    ),
    ("return 1\nprice(order.items[0])", "FLOW021", "price(order.items[0])"),
]


@pytest.mark.parametrize("body,code,place", REFUSALS, ids=[f"{c}-{b[:30]}" for b, c, _ in REFUSALS])
def test_refused_at_its_place(refused, body, code, place):
    found, _ = refused(body)
    assert found == [(code, place if "\n" not in place else place.splitlines()[0])]


LOST = [
    "for i in each(order.items):\n    n = n + price(i)",
    "with retry(2):\n    n = price(order.items[0])\n    price(order.items[1])",
    "while n < 5:\n    n = price(order.items[0])",
]


@pytest.mark.parametrize("inside", LOST)
def test_what_a_failing_body_assigned_is_not_guessed(refused, inside):
    # In Python `n` has what the last round or step gave it; a failed body hands nothing out.
    block = "".join(f"    {line}\n" for line in inside.splitlines())
    found, authored = refused(f"try:\n{block}except ValueError:\n    pass\nreturn n")
    assert found == [("FLOW011", "n")]
    assert "`try`" in authored.diagnostics[0].hint


def test_all_mistakes_come_in_one_pass(refused):
    found, authored = refused(
        "if order.coupon:\n"
        "    x = price(order.items[0])\n"
        "if order.totl > LIMIT:\n"
        "    y = 1\n"
        "z = slug(order.id)\n"
        "n = order.id.upper()\n"
        "order.total = 5\n"
        "rows = []\n"
        "rows.append(price(order.items[0]))\n"
        "acc = 0\n"
        "for it in each(order.items, concurrency=4):\n"
        "    acc = acc + price(it)\n"
        "with open('f') as f:\n"
        "    pass\n"
        "async with retry(3):\n"
        "    await pay(order.items[0], http=None)\n"
        "r = random.random()\n"
        "k = SETTINGS\n"
        "t = order.total // 3\n"
        "g = lambda q: q\n"
        "price()\n"
        "return x"
    )
    assert [code for code, _ in found] == [
        "FLOW010", "FLOW015", "FLOW009", "FLOW009", "FLOW006", "FLOW006", "FLOW031", "FLOW040",
        "CAP111", "FLOW009", "FLOW007", "FLOW014", "FLOW008", "FLOW022", "FLOW011",
    ]  # fmt: skip
    messages = [issue.message for issue in authored.diagnostics]
    assert messages[0] == "`order.coupon` is str | None, not bool"
    assert messages[1] == "`Order` has no field `totl`; did you mean `total`?"
    assert messages[6].startswith("`acc` is carried from one round to the next")


def test_a_missing_await_has_a_fix(refused):
    _, authored = refused("x = pay(order.items[0])\nreturn x")
    (issue,) = authored.diagnostics
    (edit,) = issue.fix.edits
    assert edit.new_text == "await "
    assert edit.range.start == issue.location.range.start


def test_truthiness_of_a_text_offers_both_meanings(refused):
    _, authored = refused("if order.coupon:\n    pass")
    (issue,) = authored.diagnostics
    assert "`order.coupon is not None`" in issue.hint
    assert 'order.coupon != ""' in issue.hint
    assert issue.fix.applicability == "unsafe"


def test_a_parameter_without_annotation(refused):
    found, _ = refused("return n", "def f(n) -> int:")
    assert found == [("FLOW013", "n")]


def test_a_decorator_below_flow(load):
    module = load(
        "import functools\n"
        "from latticeflow.authoring.dsl import flow\n"
        "def louder(fn):\n"
        "    return fn\n"
        "@flow\n"
        "@louder\n"
        "def f(n: int) -> int:\n"
        "    return n\n"
    )
    (issue,) = compile_flow(module.f).diagnostics
    assert issue.code == "FLOW004"


def test_a_flow_that_calls_itself(load):
    module = load(
        "from latticeflow.authoring.dsl import flow\n"
        "@flow\n"
        "def f(n: int) -> int:\n"
        "    return g(n)\n"
        "@flow\n"
        "def g(n: int) -> int:\n"
        "    return f(n)\n"
    )
    (issue,) = compile_flow(module.f).diagnostics
    assert issue.code == "FLOW051"
    assert "f → g → f" in issue.message


def test_mistakes_of_a_called_flow_are_its_own(load):
    module = load(
        "from latticeflow.authoring.dsl import flow\n"
        "@flow\n"
        "def f(n: int) -> int:\n"
        "    a = g(n)\n"
        "    return g(a)\n"
        "@flow\n"
        "def g(n: int) -> int:\n"
        "    return n // 2\n"
    )
    (issue,) = compile_flow(module.f).diagnostics
    assert issue.code == "FLOW014"
    assert issue.location.range.start.line == 8


def test_what_is_no_flow():
    (issue,) = compile_flow(len).diagnostics
    assert issue.code == "FLOW003"
    (issue,) = compile_flow(test_what_is_no_flow).diagnostics
    assert issue.code == "FLOW003"
