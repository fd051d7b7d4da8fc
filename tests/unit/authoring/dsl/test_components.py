"""What functions and data types declare as components."""

import functools
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.unit.authoring.dsl import sample_types as sample

from latticeflow import Http, flow, granted, node
from latticeflow.authoring.dsl import component_of
from latticeflow.authoring.dsl.code_digests import code_digest
from latticeflow.diagnostics import CheckError
from latticeflow.flow import Determinism, Effects

HERE = "tests.unit.authoring.dsl.sample_types"


def refusal(thing):
    with pytest.raises(CheckError) as caught:
        component_of(thing)
    return caught.value.diagnostics


def test_ports_come_from_the_annotations():
    spec = component_of(sample.price).spec
    assert spec.identifier == f"{HERE}:price"
    assert spec.summary == "Say what an item costs."
    assert list(spec.inputs) == ["item", "factor"]
    assert spec.inputs["item"].required
    assert (spec.inputs["factor"].required, spec.inputs["factor"].default) == (False, 2)
    assert spec.output.schema == {"type": "integer"}
    assert (spec.effects, spec.determinism) == (Effects.PURE, Determinism.STRICT)
    assert not spec.claimed


def test_capabilities_are_no_inputs_and_set_the_floor():
    spec = component_of(sample.charge).spec
    assert list(spec.inputs) == ["order", "tags"]
    assert spec.capabilities == {"http": "http.write", "dedupe": "dedupe", "clock": "clock"}
    assert spec.effects is Effects.EFFECTFUL
    assert spec.determinism is Determinism.BEST_EFFORT
    assert set(spec.effect_hints) == {"resource::http::write", "resource::dedupe::write"}
    assert set(spec.determinism_hints) == {
        "resource::http",
        "resource::dedupe",
        "resource::clock",
    }


def test_options_reach_the_declaration():
    spec = component_of(sample.charge).spec
    assert spec.name == "Charge"
    assert (spec.idempotency.key, spec.idempotency.ttl_ms) == ("order.id", 86_400_000)
    assert (spec.retry.max_attempts, spec.timeout_ms) == (5, 30_000)
    assert spec.compensate == f"{HERE}:price"
    assert spec.variadic == "tags"


def test_a_claim_is_kept_and_marked():
    spec = component_of(sample.read).spec
    assert spec.claimed
    assert spec.effects is Effects.EFFECTFUL
    assert spec.determinism is Determinism.BEST_EFFORT


def test_what_follows_a_capability_is_passed_by_name():
    component = component_of(sample.read)
    assert component.positional == ("key",)
    assert list(component.spec.inputs) == ["key", "fallback"]
    assert component.is_async


def test_a_stream_is_marked_and_not_awaited():
    component = component_of(sample.stream)
    assert component.spec.output.schema["x-stream"] is True
    assert not component.is_async
    assert component.decode_output is None


def test_what_is_not_annotated_is_opaque():
    component = component_of(sample.untyped)
    assert component.spec.inputs["a"].schema.kind == "opaque"
    assert component.decode == {}


def test_a_description_in_the_annotation_is_the_ports_summary():
    assert component_of(sample.many).spec.inputs["g"].summary == "how many"


def test_the_component_is_made_once():
    assert component_of(sample.price) is component_of(sample.price)


@pytest.mark.parametrize(
    "kind, inputs",
    [
        (sample.Order, ["id", "items", "kind", "coupon"]),
        (sample.Tree, ["label", "children"]),
        (sample.Point, ["x", "y"]),
        (sample.Paper, ["title", "pages"]),
        (sample.Model, ["count", "when", "item"]),
    ],
)
def test_a_data_type_is_a_component(kind, inputs):
    component = component_of(kind)
    assert list(component.spec.inputs) == inputs
    assert component.spec.identifier == f"{HERE}:{kind.__name__}"
    assert component.call is kind
    assert component.spec.effects is Effects.PURE


def test_an_optional_key_of_a_typed_dict_is_optional():
    inputs = component_of(sample.Paper).spec.inputs
    assert (inputs["title"].required, inputs["pages"].required) == (True, False)


class Shop:
    @node
    def method(self, x: int) -> int:
        return x


class Callable_:
    def __call__(self, x: int) -> int:
        return x


@node
def generator(x: int):
    yield x


@node
def unresolved(x: "Missing") -> int:  # noqa: F821
    return 1


@node
def two_mistakes(x: int, y: int = granted, **rest: int) -> int:
    return 1


@pytest.mark.parametrize(
    "thing, code, part",
    [
        (lambda x: x, "FLOW003", "a lambda"),
        (Shop.method, "FLOW003", "a method"),
        (Shop().method, "FLOW003", "a method"),
        (Callable_(), "FLOW003", "a Callable_ object"),
        (functools.partial(len), "FLOW003", "a partial object"),
        (len, "FLOW003", "a builtin"),
        (Shop, "FLOW003", "a class that is no data type"),
        (generator, "FLOW071", "`generator` is a generator"),
        (unresolved, "FLOW012", "`Missing` is not defined at module level"),
    ],
    ids=range(9),
)
def test_what_cannot_be_a_component_says_why(thing, code, part):
    (found,) = refusal(thing)
    assert found.code == code
    assert part in found.message


def test_a_refusal_points_at_the_function():
    (found,) = refusal(unresolved)
    assert found.location.file.endswith("test_components.py")
    line = found.location.range.start.line
    with Path(__file__).open() as stream:
        assert stream.readlines()[line - 1].startswith("def unresolved")


def test_all_mistakes_of_a_signature_are_reported():
    assert [found.code for found in refusal(two_mistakes)] == ["CAP112", "FLOW070"]


def test_a_local_data_type_cannot_be_found_again():
    import dataclasses

    @dataclasses.dataclass
    class Local:
        x: int

    (found,) = refusal(Local)
    assert found.code == "FLOW003"


def make(amount):
    @node
    def add(x: int) -> int:
        return x + amount

    return add


def test_functions_of_one_factory_are_told_apart_by_what_they_hold():
    one, two = component_of(make(1)).spec, component_of(make(2)).spec
    assert one.identifier != two.identifier
    assert one.code_digest != two.code_digest
    assert component_of(make(1)).spec.code_digest == one.code_digest


# -- digests -------------------------------------------------------------------------------------


def digest_of(tmp_path, text, name="f"):
    path = tmp_path / f"code_{abs(hash(text))}.py"
    path.write_text(textwrap.dedent(text))
    module = {"__name__": path.stem}
    exec(compile(path.read_text(), str(path), "exec"), module)
    return code_digest(module[name])


BODY = """
K = 5
def helper(x): return x + 1
def f(x):
    return helper(x) + K
"""


@pytest.mark.parametrize(
    "changed",
    [
        BODY.replace("def f(x):", 'def f(x):\n    """Says what."""  # and a comment'),
        BODY.replace("helper(x) + K", "(helper(x)\n        + K)"),
        "import os\n\n\n" + BODY + "\nunrelated = 3\n",
    ],
)
def test_layout_and_words_are_no_part_of_the_digest(tmp_path, changed):
    assert digest_of(tmp_path, changed) == digest_of(tmp_path, BODY)


@pytest.mark.parametrize(
    "changed",
    [
        BODY.replace("+ K", "- K"),
        BODY.replace("K = 5", "K = 6"),
        BODY.replace("x + 1", "x + 2"),
        BODY.replace("def f(x)", "def f(x, y=1)"),
    ],
)
def test_what_the_function_does_is_the_digest(tmp_path, changed):
    assert digest_of(tmp_path, changed) != digest_of(tmp_path, BODY)


def test_the_digest_is_the_same_in_every_process():
    program = (
        "from tests.unit.authoring.dsl import sample_types as s\n"
        "from latticeflow.authoring.dsl import component_of\n"
        "print(component_of(s.charge).spec.code_digest, component_of(s.Order).spec.code_digest)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    ).stdout.split()
    expected = [component_of(thing).spec.code_digest for thing in (sample.charge, sample.Order)]
    assert said == expected


def test_a_function_without_source_has_a_digest_too():
    scope = {}
    exec("def f(x):\n    return x + 1\ndef g(x):\n    return x + 2\n", scope)
    again = {}
    exec("def f(x):\n    return x + 1\n", again)
    assert code_digest(scope["f"]) == code_digest(again["f"])
    assert code_digest(scope["f"]) != code_digest(scope["g"])


def test_a_wrapper_keeps_the_signature_and_counts_in_the_digest():
    def loud(fn):
        @functools.wraps(fn)
        def wrapper(*args, **kwargs):
            return fn(*args, **kwargs)

        return wrapper

    def plain(x: int) -> int:
        return x

    assert list(component_of(loud(plain)).spec.inputs) == ["x"]
    assert code_digest(loud(plain)) != code_digest(plain)


def test_a_custom_capability_is_unknown_territory():
    from latticeflow.capabilities import capability

    @capability("stripe.charge")
    class Stripe:
        def charge(self) -> int: ...

    def pay(stripe: Stripe = granted) -> int:
        return 1

    spec = component_of(node(pay)).spec
    assert spec.capabilities == {"stripe": "stripe.charge"}
    assert spec.effects is Effects.EFFECTFUL
    assert spec.determinism is Determinism.NONDETERMINISTIC
    assert spec.effect_hints == ("resource::stripe::charge",)


def test_an_optional_capability_is_one():
    def fetch(http: Http.Read | None = None) -> int:
        return 1

    assert component_of(fetch).spec.capabilities == {"http": "http.read"}


def test_a_flow_keeps_its_own_mark():
    @flow(name="named")
    def made(x: int) -> int:
        return x

    assert made.__lattice_flow__.name == "named"
    assert made(3) == 3
