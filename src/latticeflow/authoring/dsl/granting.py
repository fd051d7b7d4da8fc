"""`granted`: the default that says "the deployment hands this capability in".

In a run the engine passes every granted parameter. In a direct call a test passes a fake, or
grants fakes to everything called inside a block; a capability that nobody handed in fails at its
first use, with the way to do so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import FunctionType
from typing import Final, Never, cast, get_type_hints

from latticeflow.capabilities import capability_of
from latticeflow.diagnostics import LatticeFlowError, report

_NONE_GRANTED: Mapping[str, object] = {}
_GRANTED: ContextVar[Mapping[str, object]] = ContextVar("latticeflow_granted")


class Granted:
    """The type of `granted`; `@node` binds one to each parameter that has it as default."""

    __slots__ = ("__family", "__node", "__parameter")

    def __init__(self, node: FunctionType | None = None, parameter: str = "") -> None:
        self.__node = node
        self.__parameter = parameter
        self.__family: str | None = None

    def __repr__(self) -> str:
        return "granted"

    def __reduce__(self) -> str:
        return "granted"

    def __getattr__(self, name: str) -> object:
        # Dunders belong to Python: inspect, copy and hasattr ask for them.
        if name.startswith("__"):
            raise AttributeError(name)
        providers = _GRANTED.get(_NONE_GRANTED)
        node, parameter = self.__node, self.__parameter
        if node is None:
            raise LatticeFlowError("", (report("CAP113", name=name, node="a node"),))
        if parameter not in providers and providers:
            if self.__family is None:
                self.__family = _family(node, parameter)
            provider = providers.get(self.__family)
        else:
            provider = providers.get(parameter)
        if provider is None:
            raise LatticeFlowError("", (report("CAP113", name=parameter, node=node.__name__),))
        return getattr(provider, name)


granted: Final[Never] = cast(Never, Granted())  # noqa: TC006
"""The default of a capability parameter: `http: Http.Write = granted`."""

# `Never` is assignable to every capability's type and, unlike Any, leaks into nothing. The cast
# is the point: the object is no capability, and its one use is to be replaced or to refuse.


@contextmanager
def granting(providers: Mapping[str, object]) -> Iterator[None]:
    """Hand `providers` to what is called directly inside this block.

    Args:
        providers: By family (`kv` for `Kv.Read` and `Kv.Write`), or by the parameter's name,
            which goes first. They add to, and win over, those of a block around.
    """
    token = _GRANTED.set({**_GRANTED.get(_NONE_GRANTED), **providers})
    try:
        yield
    finally:
        _GRANTED.reset(token)


def _family(fn: FunctionType, parameter: str) -> str:
    identifier = capability_of(get_type_hints(fn).get(parameter))
    return "" if identifier is None else identifier.partition(".")[0]


def bind_granted(fn: FunctionType) -> None:
    """Tell each `granted` default of `fn` which parameter it stands for."""
    names = fn.__code__.co_varnames[: fn.__code__.co_argcount]
    if fn.__kwdefaults__ is not None:
        for name, default in fn.__kwdefaults__.items():
            if isinstance(default, Granted):
                fn.__kwdefaults__[name] = Granted(fn, name)
    if fn.__defaults__:
        with_default = names[len(names) - len(fn.__defaults__) :]
        fn.__defaults__ = tuple(
            Granted(fn, name) if isinstance(default, Granted) else default
            for name, default in zip(with_default, fn.__defaults__, strict=True)
        )
