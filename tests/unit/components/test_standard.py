import pytest

from latticeflow.components import STANDARD, resolve_name
from latticeflow.expr import ExpressionError
from latticeflow.flow import Determinism, Effects, Node, Port, SchemaRef


def node(identifier, ports=None, **config):
    return Node(
        id="f::n",
        alias="n",
        identifier=identifier,
        name="N",
        kind="inline",
        effects=Effects.PURE,
        determinism=Determinism.STRICT,
        config=config,
        ports={
            name: Port(schema=SchemaRef(kind="inline", schema=schema))
            for name, schema in (ports or {}).items()
        },
    )


class Opaque:
    pass


class TooPoor(Exception):
    def __init__(self, who, cents):
        super().__init__(f"{who} lacks {cents}")
        self.cents = cents


def test_the_list_is_closed():
    assert set(STANDARD) == {
        "std.trigger.manual",
        "std.input",
        "std.expr",
        "std.record",
        "std.list",
        "std.tuple",
        "std.merge",
        "std.fail",
        "std.shell",
    }


def test_all_but_shell_are_pure_and_strict():
    for identifier, component in STANDARD.items():
        expected = (
            ("effectful", "nondeterministic") if identifier == "std.shell" else ("pure", "strict")
        )
        spec = component.spec
        assert (spec.effects.value, spec.determinism.value) == expected, identifier


def test_record_keeps_the_objects():
    thing = Opaque()
    assert STANDARD["std.record"].call(a=thing, self=1) == {"a": thing, "self": 1}


def test_list_and_tuple_are_ordered_by_number():
    values = {str(n): n for n in (10, 2, 0, 1, 3, 4, 5, 6, 7, 8, 9)}
    assert STANDARD["std.list"].call(**values) == list(range(11))
    assert STANDARD["std.tuple"].call(**values) == tuple(range(11))
    assert STANDARD["std.list"].call() == []


def test_expression_reads_its_ports():
    integer = {"type": "integer"}
    call = STANDARD["std.expr"].bind(
        node("std.expr", {"a": integer, "b": integer}, expr="a * b + 1")
    )
    assert call(a=6, b=7) == 43


def test_expression_takes_untyped_ports():
    call = STANDARD["std.expr"].bind(node("std.expr", {"a": {}}, expr="a.b[1]"))
    assert call(a={"b": [1, "two"]}) == "two"


def test_expression_that_fails_says_why():
    call = STANDARD["std.expr"].bind(node("std.expr", {"a": {"type": "integer"}}, expr="1 / a"))
    with pytest.raises(ExpressionError):
        call(a=0)


def test_wrong_expression_is_no_component():
    with pytest.raises(ValueError, match="`n`"):
        STANDARD["std.expr"].bind(node("std.expr", {}, expr="a +"))


def test_fail_raises_the_error_with_its_arguments():
    error = f"{TooPoor.__module__}:TooPoor"
    call = STANDARD["std.fail"].bind(node("std.fail", error=error))
    with pytest.raises(TooPoor, match="ada lacks 5") as caught:
        call(**{"1": 5, "0": "ada"})
    assert caught.value.cents == 5


def test_fail_raises_builtins_without_arguments():
    call = STANDARD["std.fail"].bind(node("std.fail", error="builtins:ValueError"))
    with pytest.raises(ValueError) as caught:
        call()
    assert caught.value.args == ()


def test_fail_refuses_what_is_no_exception():
    with pytest.raises(TypeError, match="no exception"):
        STANDARD["std.fail"].bind(node("std.fail", error="builtins:int"))


def test_names_are_found():
    assert resolve_name("collections:OrderedDict.fromkeys").__name__ == "fromkeys"
    assert resolve_name("unit/components/test_standard.py:Opaque.__name__") == "Opaque"


@pytest.mark.parametrize("name", ["no_such_module_here:x", "collections:nothing", "no/such.py:x"])
def test_names_that_are_not_there(name):
    with pytest.raises(ImportError):
        resolve_name(name)
