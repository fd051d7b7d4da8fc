"""What the names inside a function stand for, as far as it can be told without running it."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType

import msgspec

from latticeflow.checks.bodies.known import KnownCalls
from latticeflow.checks.bodies.projects import readable
from latticeflow.checks.bodies.source import FunctionNode

MISSING = object()

_PATH_RETURNING = frozenset({"joinpath", "parent", "with_suffix", "with_name", "relative_to"})
_ANNOTATION_WRAPPERS = frozenset({"Annotated", "Optional", "Final", "ClassVar"})


class Reference(msgspec.Struct, frozen=True):
    """A thing from outside the function: its dotted name, and the live object where known."""

    name: str
    thing: object = MISSING


class Instance(msgspec.Struct, frozen=True):
    """A value made by calling, or annotated with, a class."""

    of: Reference


class Capability(msgspec.Struct, frozen=True):
    """A value handed in by the deployment; what it does is declared."""


Value = Reference | Instance | Capability | None


class Scope:
    """The names of one function."""

    def __init__(
        self,
        function: FunctionType,
        tree: FunctionNode,
        known: KnownCalls,
        capabilities: frozenset[str],
    ) -> None:
        self.tree = tree
        self._known = known
        self._outer = _outer_names(function)
        self.globals = _declared(tree, ast.Global)
        self.nonlocals = _declared(tree, ast.Nonlocal)
        self.parameters = _parameters(tree)
        self.capabilities = capabilities | {
            name for name, a in self.parameters.items() if _is_capability(a, self._outer)
        }
        self._imports: dict[str, str] = {}
        self._assigned: dict[str, list[ast.expr | None]] = {}
        self._defined: set[str] = set()
        self._collect(tree)
        self._resolving: set[str] = set()

    def is_local(self, name: str) -> bool:
        """Tell whether `name` belongs to the function itself."""
        return name not in self.globals | self.nonlocals and (
            name in self.parameters
            or name in self._assigned
            or name in self._imports
            or name in self._defined
        )

    def is_rebound(self, name: str) -> bool:
        """Tell whether the parameter `name` is also assigned to."""
        return name in self._assigned

    def values_of(self, name: str) -> list[ast.expr | None]:
        """Return what is assigned to local `name`; None stands for what cannot be told."""
        return self._assigned.get(name, [])

    def outer(self, name: str) -> object:
        """Return the object `name` has outside the function, or `MISSING`."""
        return self._outer.get(name, MISSING)

    def resolve(self, node: ast.expr) -> Value:
        """Return what `node` stands for, or None when that cannot be told."""
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Attribute):
            return self._attribute(self.resolve(node.value), node.attr)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Await | ast.NamedExpr):
            return self.resolve(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            left = self.resolve(node.left)
            return left if _is_path(left) else None
        return None

    def _name(self, name: str) -> Value:
        if name in self.capabilities:
            return Capability()
        if name in self._imports:
            return _imported(self._imports[name])
        if not self.is_local(name):
            thing = self._outer.get(name, MISSING)
            return None if thing is MISSING else self._reference(thing, name)
        if name in self._resolving or name in self._defined:
            return None
        self._resolving.add(name)
        try:
            return self._local(name)
        finally:
            self._resolving.discard(name)

    def _local(self, name: str) -> Value:
        values = self._assigned.get(name, [])
        if not values:
            annotation = self.parameters.get(name)
            return self.annotated(annotation) if annotation is not None else None
        if name in self.parameters:
            return None
        first, *rest = [None if v is None else self.resolve(v) for v in values]
        return first if all(_same(first, other) for other in rest) else None

    def annotated(self, annotation: ast.expr | None) -> Value:
        """Return a value of the type that `annotation` names."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value, mode="eval").body
            except SyntaxError:
                return None
        if isinstance(annotation, ast.Subscript):
            base = annotation.value
            name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
            if name in _ANNOTATION_WRAPPERS:
                inner = annotation.slice
                return self.annotated(inner.elts[0] if isinstance(inner, ast.Tuple) else inner)
            annotation = base
        if not isinstance(annotation, ast.Name | ast.Attribute):
            return None
        found = self.resolve(annotation)
        return Instance(found) if isinstance(found, Reference) and _is_class(found) else None

    def _attribute(self, base: Value, name: str) -> Value:
        if isinstance(base, Capability):
            return base
        if isinstance(base, Instance):
            if _is_path(base) and name in _PATH_RETURNING:
                return base
            return self._member(base.of, name)
        if isinstance(base, Reference):
            return self._member(base, name)
        return None

    def _member(self, base: Reference, name: str) -> Value:
        thing = base.thing
        if isinstance(thing, ModuleType):
            # Only what is there: a lazy module could import at this question.
            member = vars(thing).get(name, MISSING)
        elif isinstance(thing, type):
            member = inspect.getattr_static(thing, name, MISSING)
        else:
            member = MISSING
        if isinstance(member, ModuleType):
            return Reference(member.__name__, member)
        return Reference(f"{base.name}.{name}", member)

    def _call(self, node: ast.Call) -> Value:
        callee = self.resolve(node.func)
        if isinstance(callee, Capability):
            return callee
        if isinstance(callee, Instance):
            # `Path(...).with_suffix(...)`: the method was resolved to what it returns.
            return callee if _is_path(callee) else None
        if isinstance(callee, Reference) and _is_class(callee):
            return Instance(callee)
        return None

    def _reference(self, thing: object, fallback: str) -> Reference:
        known = self._known.name_of(thing)
        return Reference(known or name_of(thing, fallback), thing)

    def _collect(self, tree: FunctionNode) -> None:
        body = [tree.body] if isinstance(tree, ast.Lambda) else tree.body
        for statement in body:
            for node in ast.walk(statement):
                self._collect_one(node)

    def _collect_one(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
            self._bind(node.target, node.value)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            self._bind(node.target, None)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._bind(node.optional_vars, node.context_expr)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            if node.name:
                self._assigned.setdefault(node.name, []).append(None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._defined.add(node.name)
            if not isinstance(node, ast.ClassDef):
                self._inner_parameters(node)
        elif isinstance(node, ast.Lambda):
            self._inner_parameters(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                name = alias.asname or alias.name.partition(".")[0]
                self._imports[name] = alias.name if alias.asname else name
            elif node.module and not node.level:
                self._imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def _inner_parameters(self, node: FunctionNode) -> None:
        for name in _parameters(node):
            self._assigned.setdefault(name, []).append(None)

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self._assigned.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self._bind(element, None)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, None)


def function_behind(reference: Reference) -> FunctionType | None:
    """Return the function to read for a reference, if it is one."""
    return None if isinstance(reference.thing, type) else readable(reference.thing)


def name_of(thing: object, fallback: str) -> str:
    """Return the dotted name under which a live object was defined."""
    if isinstance(thing, ModuleType):
        return thing.__name__
    module = getattr(thing, "__module__", None)
    name = getattr(thing, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str):
        return f"{module}.{name}"
    return fallback


def _outer_names(function: FunctionType) -> Mapping[str, object]:
    found: dict[str, object] = {**vars(builtins), **function.__globals__}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            found.pop(name, None)
    return found


def _declared(tree: FunctionNode, kind: type[ast.Global | ast.Nonlocal]) -> frozenset[str]:
    return frozenset(n for node in ast.walk(tree) if isinstance(node, kind) for n in node.names)


def _parameters(tree: FunctionNode) -> dict[str, ast.expr | None]:
    a = tree.args
    found = {n.arg: n.annotation for n in [*a.posonlyargs, *a.args, *a.kwonlyargs]}
    # A variadic's annotation is of its members, so of the parameter itself nothing is known.
    found.update({n.arg: None for n in (a.vararg, a.kwarg) if n is not None})
    return found


def _is_capability(annotation: ast.expr | None, outer: Mapping[str, object]) -> bool:
    return any(_is_port(thing) for thing in _mentioned(annotation, outer))


def _mentioned(annotation: ast.expr | None, outer: Mapping[str, object]) -> Iterator[object]:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return
    if isinstance(annotation, ast.Name):
        yield outer.get(annotation.id, MISSING)
    elif isinstance(annotation, ast.Attribute):
        for thing in _mentioned(annotation.value, outer):
            if isinstance(thing, type | ModuleType):
                yield vars(thing).get(annotation.attr, MISSING)


def _is_port(thing: object) -> bool:
    return isinstance(thing, type) and isinstance(getattr(thing, "__capability__", None), str)


def _imported(dotted: str) -> Reference:
    if dotted in sys.modules:
        return Reference(dotted, sys.modules[dotted])
    module, _, name = dotted.rpartition(".")
    loaded = sys.modules.get(module)
    return Reference(dotted, vars(loaded).get(name, MISSING) if loaded else MISSING)


def _same(first: Value, second: Value) -> bool:
    if isinstance(first, Reference) and isinstance(second, Reference):
        return first.name == second.name
    if isinstance(first, Instance) and isinstance(second, Instance):
        return first.of.name == second.of.name
    return type(first) is type(second)


def _is_class(reference: Reference) -> bool:
    if reference.thing is MISSING:
        # Not imported yet, so judged by the way classes are named.
        return reference.name.rpartition(".")[2][:1].isupper()
    return isinstance(reference.thing, type)


def _is_path(value: Value) -> bool:
    if not isinstance(value, Instance):
        return False
    thing = value.of.thing
    if isinstance(thing, type):
        return any(base.__module__.startswith("pathlib") for base in thing.__mro__)
    return value.of.name.startswith("pathlib.")
