"""Read one function: what it does itself, and which functions it reaches."""

from __future__ import annotations

import ast
import dataclasses
from types import FunctionType, ModuleType

import msgspec

from latticeflow.checks.bodies.known import MUTATORS, PATH_METHODS, SEEDABLE, WRITERS, KnownCalls
from latticeflow.checks.bodies.model import Finding, Kind
from latticeflow.checks.bodies.projects import is_project
from latticeflow.checks.bodies.scope import (
    MISSING,
    Capability,
    Instance,
    Reference,
    Scope,
    function_behind,
    name_of,
)
from latticeflow.checks.bodies.sets import set_order
from latticeflow.checks.bodies.source import Source, source_of
from latticeflow.diagnostics.model import Range

_CONTAINERS = frozenset({"list", "dict", "set", "bytearray", "deque", "defaultdict", "Counter"})


Callee = tuple[str, FunctionType, Range]
"""A function of the project that a body reaches: its name, itself, and from where."""


class Local(msgspec.Struct, frozen=True):
    """What one function does itself, and what it reaches.

    `to_arguments` are its changes to what it was given. They count for a node, whose arguments
    others hold too; in a function that a node calls the caller may own what it passes.
    """

    file: str | None
    findings: tuple[Finding, ...] = ()
    to_arguments: tuple[Finding, ...] = ()
    callees: tuple[Callee, ...] = ()


def read_function(
    function: FunctionType, known: KnownCalls, capabilities: frozenset[str] = frozenset()
) -> Local | None:
    """Read `function`, or return None when its source is not there."""
    source = source_of(function)
    if source is None:
        return None
    reader = _Reader(source, Scope(function, source.tree, known, capabilities), known)
    reader.read()
    return Local(
        source.file,
        tuple(reader.findings),
        tuple(reader.to_arguments),
        tuple(reader.callees.values()),
    )


class _Reader(ast.NodeVisitor):
    def __init__(self, source: Source, scope: Scope, known: KnownCalls) -> None:
        self.findings: list[Finding] = []
        self.to_arguments: list[Finding] = []
        self.callees: dict[int, Callee] = {}
        self._source = source
        self._scope = scope
        self._known = known

    def read(self) -> None:
        tree = self._source.tree
        for statement in [tree.body] if isinstance(tree, ast.Lambda) else tree.body:
            self.visit(statement)
        for node, what, replacement in set_order(tree, self._scope, self._source):
            self._find(Kind.SET_ORDER, node, what, replacement)

    # Annotations and nested decorators are not run by a call of the body.
    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._store(node.target)
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for statement in node.body:
            self.visit(statement)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        for statement in node.body:
            self.visit(statement)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._store(target)
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._store(node.target)
        self.visit(node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._store(target)

    def visit_For(self, node: ast.For) -> None:
        self._store(node.target)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._load(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            return
        self.visit(_inner(node) if self._load(node) else node.value)

    def visit_Call(self, node: ast.Call) -> None:
        self.visit(_inner(node.func) if self._call(node) else node.func)
        for argument in node.args:
            self.visit(argument)
        for keyword in node.keywords:
            self.visit(keyword.value)

    def _load(self, node: ast.Name | ast.Attribute) -> bool:
        """Look at a name or chain of names that is read; return whether it is settled."""
        found = self._scope.resolve(node)
        if isinstance(found, Capability):
            return True
        if not isinstance(found, Reference) or isinstance(found.thing, ModuleType):
            return False
        if isinstance(found.thing, type):
            # To name a class does nothing; to call it may.
            return True
        is_known, kind = self._known_kind(found)
        if is_known:
            if kind is not None and kind is not Kind.UNKNOWN:
                self._find(kind, node)
            return True
        self._reach(found, node)
        return found.thing is not MISSING

    def _call(self, node: ast.Call) -> bool:
        """Look at a call; return whether its callee is settled and need not be visited."""
        self._mutating_call(node)
        callee = self._scope.resolve(node.func)
        if isinstance(callee, Capability):
            return True
        if isinstance(callee, Reference):
            return self._known_call(node, callee)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in PATH_METHODS or (node.func.attr in WRITERS and node.args):
                self._find(Kind.FILES, node)
            elif node.func.attr == "astimezone" and not node.args and not node.keywords:
                self._find(Kind.ENVIRONMENT, node)
        return False

    def _known_call(self, node: ast.Call, callee: Reference) -> bool:
        is_known, kind = self._known_kind(callee)
        if self._is_seedable(callee):
            if not node.args and not node.keywords:
                self._find(Kind.RANDOM, node)
            return True
        if is_known:
            if kind is not None and not self._is_harmless(node, callee):
                self._find(kind, node)
            return True
        function = function_behind(callee)
        if function is not None and is_project(function):
            self._reach(callee, node)
            return True
        if isinstance(callee.thing, type):
            return self._construct(node, callee)
        if callee.thing is MISSING and not self._from_outside(node.func):
            return False
        self._find(Kind.UNKNOWN, node)
        return True

    def _known_kind(self, reference: Reference) -> tuple[bool, Kind | None]:
        names = [self._known.name_of(reference.thing), reference.name]
        if reference.thing is not MISSING:
            names.append(name_of(reference.thing, reference.name))
        for name in names:
            if name is None:
                continue
            is_known, kind = self._known.find(name)
            if is_known:
                return True, kind
        return False, None

    def _is_seedable(self, callee: Reference) -> bool:
        return callee.name in SEEDABLE or self._known.name_of(callee.thing) in SEEDABLE

    def _is_harmless(self, node: ast.Call, callee: Reference) -> bool:
        name = self._known.name_of(callee.thing) or callee.name
        if name == "builtins.print":
            # Printing into a value of one's own is no output.
            target = next((k.value for k in node.keywords if k.arg == "file"), None)
            return isinstance(target, ast.Name) and self._scope.is_local(target.id)
        if name == "builtins.hash":
            return len(node.args) == 1 and _is_whole_number(node.args[0])
        return False

    def _construct(self, node: ast.Call, callee: Reference) -> bool:
        made = callee.thing
        if not isinstance(made, type):
            return False
        if issubclass(made, BaseException):
            return True
        ambient = _ambient_default(made, self._known)
        if ambient is not None:
            self._find(ambient[0], node, f"{self._source.text_of(node)} ({ambient[1]})")
        reached = False
        for name in ("__new__", "__init__", "__post_init__"):
            method = getattr(made, name, None)
            if isinstance(method, FunctionType) and is_project(method):
                self._reach(Reference(f"{callee.name}.{name}", method), node)
                reached = True
        if reached or _is_data(made) or _is_project_class(made):
            return True
        self._find(Kind.UNKNOWN, node)
        return True

    def _reach(self, reference: Reference, node: ast.expr) -> None:
        function = function_behind(reference)
        if function is not None and is_project(function):
            name = reference.name.rpartition(".")[2]
            if name in {"__init__", "__new__", "__post_init__"}:
                name = reference.name.rsplit(".", 2)[-2]
            at = self._source.range_of(node)
            self.callees.setdefault(id(function), (name, function, at))

    def _from_outside(self, node: ast.expr) -> bool:
        """Tell whether a callee without object is a member of something imported."""
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name):
            return False
        base = self._scope.resolve(node)
        if not isinstance(base, Reference):
            return False
        return base.thing is MISSING or isinstance(base.thing, ModuleType | type)

    def _mutating_call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            root = _root(node.func.value)
            if root is not None and self._is_shared(root, node.func.value):
                self._mutation(node, root, self._source.text_of(node.func.value))
        elif isinstance(node.func, ast.Name) and node.func.id in {"setattr", "delattr"}:
            root = _root(node.args[0]) if node.args else None
            if root is not None and self._outlives(root):
                self._mutation(node, root, root)

    def _store(self, target: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self._store(element)
        elif isinstance(target, ast.Starred):
            self._store(target.value)
        elif isinstance(target, ast.Name):
            if target.id in self._scope.globals:
                self._mutation(target, target.id, target.id)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            root = _root(target)
            if root is not None and self._outlives(root):
                self._mutation(target, root, self._source.text_of(target))
            if isinstance(target, ast.Subscript):
                self.visit(target.slice)

    def _outlives(self, name: str) -> bool:
        """Tell whether what `name` holds outlives the call: from outside, or an argument."""
        if name in self._scope.capabilities:
            return False
        if not self._scope.is_local(name):
            return self._scope.outer(name) is not MISSING
        return name in self._scope.parameters and not self._scope.is_rebound(name)

    def _is_shared(self, root: str, receiver: ast.expr) -> bool:
        if not self._outlives(root):
            return False
        if root in self._scope.parameters:
            # A method called `update` may be pure on a type of the user's; on a list it is not.
            found = self._scope.resolve(receiver)
            return isinstance(found, Instance) and (found.of.name.rpartition(".")[2] in _CONTAINERS)
        thing = self._scope.outer(root)
        if isinstance(receiver, ast.Name):
            return type(thing).__name__ in _CONTAINERS
        return not isinstance(thing, ModuleType) and not callable(thing)

    def _mutation(self, node: ast.expr, root: str, what: str) -> None:
        into = self.to_arguments if root in self._scope.parameters else self.findings
        into.append(self._finding(Kind.MUTATION, node, what))

    def _find(
        self,
        kind: Kind,
        node: ast.expr,
        what: str | None = None,
        replacement: str | None = None,
    ) -> None:
        found = self._finding(kind, node, what, replacement)
        if found not in self.findings:
            self.findings.append(found)

    def _finding(
        self,
        kind: Kind,
        node: ast.expr,
        what: str | None = None,
        replacement: str | None = None,
    ) -> Finding:
        return Finding(
            kind=kind,
            what=what or self._source.text_of(node),
            file=self._source.file,
            range=self._source.range_of(node),
            replacement=replacement,
        )


def _inner(node: ast.expr) -> ast.expr:
    """Return what a settled chain of names hangs on: nothing more, or an expression to visit."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return ast.Constant(None) if isinstance(node, ast.Name) else node


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_whole_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _is_project_class(made: type) -> bool:
    return any(
        isinstance(member, FunctionType) and is_project(member) for member in vars(made).values()
    )


def _is_data(made: type) -> bool:
    return (
        dataclasses.is_dataclass(made)
        or issubclass(made, msgspec.Struct | tuple)
        or hasattr(made, "__pydantic_fields__")
        or hasattr(made, "__total__")
        or hasattr(made, "__members__")
        or made.__init__ is object.__init__
    )


def _ambient_default(made: type, known: KnownCalls) -> tuple[Kind, str] | None:
    """Return what a field's default does when the class is made, such as reading the clock."""
    factories: list[tuple[str, object]] = []
    if dataclasses.is_dataclass(made):
        factories = [(f.name, f.default_factory) for f in dataclasses.fields(made)]
    elif issubclass(made, msgspec.Struct):
        factories = [(f.name, f.default_factory) for f in msgspec.structs.fields(made)]
    for field, factory in factories:
        name = known.name_of(factory)
        kind = known.find(name)[1] if name else None
        if kind is not None:
            return kind, f"the default of `{field}`"
    return None
