"""The judge of expressions: every name, field, function and type, before anything runs.

CEL's own checker knows the records of a flow only as maps of anything. This one walks the syntax
tree against the declared types, and notes on its way what the expression takes of its variables
and how its text is rewritten for the evaluator (`Checked`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches

from latticeflow.expr import issues, literals
from latticeflow.expr.functions import (
    FUNCTIONS,
    MACROS,
    MEMBERS,
    NAMESPACES,
    NOT_PORTABLE,
    PYTHON_NAMES,
    YIELDS_LIST,
    ZONED,
    Overload,
    resolve,
)
from latticeflow.expr.issues import ExpressionIssue
from latticeflow.expr.narrowing import Key, not_null_if
from latticeflow.expr.operators import (
    binary_type,
    comparable,
    mixes_numbers,
    never_equal_choices,
)
from latticeflow.expr.rewrite import Rewriter
from latticeflow.expr.syntax import (
    Binary,
    Call,
    Ident,
    Index,
    ListDisplay,
    Literal,
    MapDisplay,
    Node,
    Select,
    Ternary,
    Unary,
)
from latticeflow.expr.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    Bool,
    Double,
    Dyn,
    Int,
    List,
    Map,
    Record,
    String,
    Type,
    describe,
    is_nullable,
    members_of,
    record,
    union,
    without_null,
)
from latticeflow.expr.uses import Resolved, Use

MAX_NESTED_MACROS = 3
"""How deep `all`, `exists`, `map` and `filter` may nest: each level multiplies the rounds."""


class Checker:
    """Checks one expression; use it once."""

    def __init__(self, text: str, variables: Mapping[str, Type]) -> None:
        self._variables = variables
        self._scope: dict[str, Resolved] = {}
        self._not_null: frozenset[Key] = frozenset()
        self._uses: dict[str, Use] = {}
        self._nesting = 0
        self.issues: list[ExpressionIssue] = []
        self.rewriter = Rewriter(text)
        self.roots: dict[str, Type] = {}

    def check(self, node: Node) -> Type:
        """Check the whole expression and return its type."""
        return self._value(node)

    def path_of(self, node: Node) -> Resolved:
        """Check `node` without taking its value; for an expression that is only a path."""
        return self._walk(node)

    # What a part is used for ------------------------------------------------------------------

    def _value(self, node: Node) -> Type:
        """Check `node` where its value is taken as a whole; null is allowed."""
        resolved = self._walk(node)
        self._settle(node, resolved)
        return self._narrowed(resolved)

    def _operand(self, node: Node) -> Type:
        """Check `node` where a value is needed."""
        resolved = self._walk(node)
        self._settle(node, resolved)
        return self._present(node, resolved)

    def _settle(self, node: Node, resolved: Resolved) -> None:
        if resolved.use is not None:
            resolved.use.whole = True
        self.rewriter.take(node, resolved, narrowed=self._narrowed(resolved))

    def _present(self, node: Node, resolved: Resolved) -> Type:
        type_ = self._narrowed(resolved)
        if not is_nullable(type_):
            return type_
        text = self.rewriter.source(node)
        self._report(
            issues.MAY_BE_NULL,
            f"`{text}` may be null",
            node,
            hint=f"test it before: `{text} != null && …`" if resolved.key else None,
        )
        present = without_null(type_)
        return DYN if is_nullable(present) else present

    def _narrowed(self, resolved: Resolved) -> Type:
        if resolved.key is not None and resolved.key in self._not_null:
            return without_null(resolved.type)
        return resolved.type

    def _boolean(self, node: Node, where: str) -> None:
        type_ = self._operand(node)
        if not all(isinstance(member, Bool | Dyn) for member in members_of(type_)):
            text = self.rewriter.source(node)
            self._report(
                issues.WRONG_TYPE,
                f"{where} must be bool; `{text}` is {describe(type_)}",
                node,
                hint=_truth_hint(text, type_),
            )

    # The walk ---------------------------------------------------------------------------------

    def _walk(self, node: Node) -> Resolved:  # noqa: PLR0911 -- one return a form
        match node:
            case Literal():
                return Resolved(_literal_type(node))
            case Ident():
                return self._ident(node)
            case Select():
                return self._select(node)
            case Index():
                return self._index(node)
            case Call():
                return self._call(node)
            case Unary():
                return Resolved(self._unary(node))
            case Binary():
                return Resolved(self._binary(node))
            case Ternary():
                return Resolved(self._ternary(node))
            case ListDisplay():
                return self._list(node)
            case MapDisplay():
                return Resolved(self._map(node))

    def _ident(self, node: Ident) -> Resolved:
        if node.name in self._scope:
            return self._scope[node.name]
        type_ = self._variables.get(node.name)
        if type_ is None:
            known = [*self._scope, *self._variables]
            self._report(
                issues.UNKNOWN_NAME,
                f"`{node.name}` is not known here",
                node,
                hint=_did_you_mean(node.name, known) or _known("known here", known),
            )
            return Resolved(DYN)
        self.roots[node.name] = type_
        use = self._uses.setdefault(node.name, Use())
        return Resolved(type_, use, (node.name,), (node.name,))

    def _select(self, node: Select) -> Resolved:
        operand = self._walk(node.operand)
        type_ = self._present(node.operand, operand)
        return self._field(node, operand, type_, node.field, (node.field_start, node.end))

    def _field(
        self, node: Node, operand: Resolved, type_: Type, name: str, span: tuple[int, int]
    ) -> Resolved:
        found = [self._field_type(member, name) for member in members_of(type_)]
        if None in found:
            self._unknown_field(node, type_, name, span)
            return Resolved(DYN)
        result = union(part for part in found if part is not None)
        native = operand.native and isinstance(operand.type, Map)
        return Resolved(
            result,
            operand.use and operand.use.at(name),
            None if operand.path is None else (*operand.path, name),
            None if operand.key is None else (*operand.key, name),
            native=native or operand.path is not None,
        )

    def _field_type(self, type_: Type, name: str) -> Type | None:
        if isinstance(type_, Record):
            known = type_.field(name)
            return None if known is None else known.type
        if isinstance(type_, Map):
            return type_.value
        return DYN if isinstance(type_, Dyn) else None

    def _unknown_field(self, node: Node, type_: Type, name: str, span: tuple[int, int]) -> None:
        records = [member for member in members_of(type_) if isinstance(member, Record)]
        if not records:
            message = f"{describe(type_)} has no fields, so no `{name}`"
            self._report_at(issues.UNKNOWN_FIELD, message, *span)
            return
        known = [field.name for record_ in records for field in record_.fields]
        hint = self.rewriter.hyphenated(node, name, known) or _did_you_mean(name, known)
        owner = next(r for r in records if r.field(name) is None)
        message = f"`{describe(owner)}` has no field `{name}`"
        self._report_at(
            issues.UNKNOWN_FIELD, message, *span, hint=hint or _known("fields are", known)
        )

    def _index(self, node: Index) -> Resolved:
        operand = self._walk(node.operand)
        type_ = self._present(node.operand, operand)
        index = node.index
        if isinstance(index, Literal) and isinstance(index.value, str):
            return self._field(node, operand, type_, index.value, (index.start, index.end))
        key_type = self._operand(index)
        results = [self._item_type(member, key_type) for member in members_of(type_)]
        if None in results:
            text = f"`{describe(type_)}` has no item at a key of type {describe(key_type)}"
            self._report(issues.WRONG_TYPE, text, index)
            return Resolved(DYN)
        result = union(part for part in results if part is not None)
        if isinstance(index, Literal) and isinstance(index.value, int) and index.value >= 0:
            at = index.value
            return Resolved(
                result,
                operand.use and operand.use.at(at) if operand.path else self._each(operand),
                None if operand.path is None else (*operand.path, at),
                None if operand.key is None else (*operand.key, at),
                native=operand.path is not None or self._keeps_native(operand),
            )
        self.rewriter.take(node.operand, operand, narrowed=type_)
        return Resolved(
            result,
            self._each(operand),
            native=self._keeps_native(operand),
        )

    def _keeps_native(self, operand: Resolved) -> bool:
        return operand.native and isinstance(operand.type, List | Map)

    def _each(self, operand: Resolved) -> Use | None:
        return operand.use.each() if operand.use else None

    def _item_type(self, type_: Type, key: Type) -> Type | None:
        if isinstance(type_, Dyn):
            return DYN
        if isinstance(type_, List):
            return type_.item if isinstance(key, Int | Dyn) else None
        if isinstance(type_, Map):
            return type_.value if isinstance(key, String | Dyn) else None
        if isinstance(type_, Record) and isinstance(key, String | Dyn):
            return union(each.type for each in type_.fields) if type_.fields else DYN
        return None

    # Calls ------------------------------------------------------------------------------------

    def _call(self, node: Call) -> Resolved:
        if node.target is None:
            return self._function(node)
        if self._is_namespace(node.target):
            return self._namespaced(node, node.target)
        if node.name in MACROS:
            return self._macro(node, node.target)
        if node.name == "size" and not node.args:
            return self._size(node, node.target)
        return self._overloaded(node, MEMBERS.get(node.name), (node.target, *node.args))

    def _is_namespace(self, target: Node) -> bool:
        if not isinstance(target, Ident) or target.name in self._scope:
            return False
        return target.name not in self._variables and target.name in (*NAMESPACES, "cel")

    def _namespaced(self, node: Call, target: Node) -> Resolved:
        functions = NAMESPACES.get(target.name, {}) if isinstance(target, Ident) else {}
        return self._overloaded(node, functions.get(node.name), node.args)

    def _function(self, node: Call) -> Resolved:
        if node.name == "has":
            return self._has(node)
        if node.name == "size" and len(node.args) == 1:
            return self._size(node, node.args[0])
        return self._overloaded(node, FUNCTIONS.get(node.name), node.args)

    def _overloaded(
        self, node: Call, overloads: tuple[Overload, ...] | None, operands: Iterable[Node]
    ) -> Resolved:
        parts = list(operands)
        types = [self._operand(part) for part in parts]
        if overloads is None:
            self._unknown_function(node)
            return Resolved(DYN)
        self._check_zone(node, types)
        result = resolve(overloads, types)
        if result is None:
            given = ", ".join(map(describe, types))
            code, hint = issues.WRONG_TYPE, _signatures(node, overloads)
            if node.name == "string" and isinstance(types[0], Double):
                code = issues.NOT_PORTABLE
                hint = "hosts print fractions differently; interpolate with `${{ }}` instead"
            self._report(code, f"`{node.name}` does not take ({given})", node, hint=hint)
            return Resolved(overloads[0][1])
        self._check_literals(node, parts)
        return Resolved(result)

    def _unknown_function(self, node: Call) -> None:
        span = (node.name_start, node.name_start + len(node.name))
        if node.name in NOT_PORTABLE and node.name not in FUNCTIONS:
            message = f"`{node.name}` is not part of the portable profile"
            self._report_at(issues.NOT_PORTABLE, message, *span, hint=NOT_PORTABLE[node.name])
            return
        known = [*MEMBERS, *MACROS] if node.target is not None else [*FUNCTIONS, "has"]
        alias = PYTHON_NAMES.get(node.name)
        hint = f"did you mean `{alias}`?" if alias else _did_you_mean(node.name, known)
        if hint is None and node.name in {*MEMBERS, *MACROS}:
            hint = f"it is called on a value: `value.{node.name}(…)`"
        message = f"there is no function `{node.name}`"
        self._report_at(issues.UNKNOWN_FUNCTION, message, *span, hint=hint)

    def _check_zone(self, node: Call, types: list[Type]) -> None:
        if node.name in ZONED and len(types) == 1 and literals.is_timestamp(types[0]):
            message = f"`{node.name}` of a timestamp needs a time zone"
            hint = f'name it: `{node.name}("UTC")`'
            self._report(issues.NO_TIME_ZONE, message, node, hint=hint)
            types.append(STRING)

    def _check_literals(self, node: Call, parts: list[Node]) -> None:
        problem = literals.problem_in_call(node.name, parts)
        if problem is not None:
            part, message, hint = problem
            self._report(issues.BAD_LITERAL, message, part, hint=hint)

    def _size(self, node: Call, operand: Node) -> Resolved:
        resolved = self._walk(operand)
        type_ = self._present(operand, resolved)
        if resolve(FUNCTIONS["size"], (type_,)) is None:
            self._report(issues.WRONG_TYPE, f"{describe(type_)} has no size", operand)
        elif resolved.path is not None:
            self.rewriter.take_size(node, resolved)
            return Resolved(INT)
        self._settle(operand, resolved)
        return Resolved(INT)

    def _has(self, node: Call) -> Resolved:
        argument = _presence_path(node)
        if argument is None:
            message = "`has` takes the path of a field"
            self._report(issues.WRONG_TYPE, message, node, hint="for example `has(order.coupon)`")
            return Resolved(BOOL)
        resolved = self._walk(argument)
        self.rewriter.take_presence(node, argument, resolved)
        if resolved.use is not None and resolved.path is None:
            resolved.use.whole = True
        return Resolved(BOOL)

    # Macros -----------------------------------------------------------------------------------

    def _macro(self, node: Call, target: Node) -> Resolved:
        source = self._walk(target)
        type_ = self._present(target, source)
        self.rewriter.take(target, source, narrowed=type_)
        variable, *bodies = node.args or (None,)
        counts = (2, 3) if node.name == "map" else (2,)
        if not isinstance(variable, Ident) or len(node.args) not in counts:
            message = f"`{node.name}` takes a name and an expression"
            hint = f"for example `items.{node.name}(item, …)`"
            self._report(issues.WRONG_TYPE, message, node, hint=hint)
            return Resolved(DYN)
        item = self._macro_item(node, target, type_, source)
        if self._nesting >= MAX_NESTED_MACROS:
            message = f"macros nest deeper than {MAX_NESTED_MACROS}"
            self._report(issues.TOO_LARGE, message, node)
        with self._bound(variable.name, item):
            return self._macro_body(node, bodies, source, type_)

    def _macro_item(self, node: Call, target: Node, type_: Type, source: Resolved) -> Resolved:
        items: list[Type] = []
        for member in members_of(type_):
            if isinstance(member, List):
                items.append(member.item)
            elif isinstance(member, Dyn):
                items.append(DYN)
            elif isinstance(member, Map | Record):
                items.append(STRING)
                self._refuse_map_order(node)
            else:
                text = self.rewriter.source(target)
                message = f"`{text}` is {describe(type_)}, not a list"
                self._report(issues.WRONG_TYPE, message, target)
                items.append(DYN)
        over_map = any(isinstance(member, Map | Record) for member in members_of(type_))
        if over_map and source.use is not None:
            source.use.whole = True
        use = None if over_map else self._each(source)
        native = self._keeps_native(source)
        return Resolved(union(items), use, key=(object(),), native=native)

    def _refuse_map_order(self, node: Call) -> None:
        if node.name in YIELDS_LIST:
            message = f"`{node.name}` over a map yields a list in no defined order"
            hint = "`all` and `exists` are fine; else give the list as a value of its own"
            self._report(issues.UNORDERED_MAP, message, node, hint=hint)

    @contextmanager
    def _bound(self, name: str, item: Resolved) -> Iterator[None]:
        before, hidden = self._scope, self._not_null
        self._scope = {**before, name: item}
        self._nesting += 1
        yield
        self._nesting -= 1
        self._scope, self._not_null = before, hidden

    def _macro_body(
        self, node: Call, bodies: list[Node], source: Resolved, type_: Type
    ) -> Resolved:
        if node.name == "map":
            if len(bodies) == 2:
                self._boolean(bodies[0], "the condition of `map`")
                self._not_null |= not_null_if(bodies[0], True, self._key_of)
            return Resolved(List(self._value(bodies[-1])))
        self._boolean(bodies[0], f"the condition of `{node.name}`")
        if node.name == "filter":
            return Resolved(type_, source.use, native=source.native)
        return Resolved(BOOL)

    # Operators and displays -------------------------------------------------------------------

    def _unary(self, node: Unary) -> Type:
        if node.op == "!":
            self._boolean(node.operand, "the operand of `!`")
            return BOOL
        type_ = self._operand(node.operand)
        if not all(isinstance(member, Int | Double | Dyn) for member in members_of(type_)):
            self._report(issues.WRONG_TYPE, f"`-` does not take {describe(type_)}", node)
            return DYN
        return type_

    def _binary(self, node: Binary) -> Type:
        if node.op in ("&&", "||"):
            return self._logical(node)
        if node.op in ("==", "!="):
            return self._equality(node)
        if node.op == "in":
            return self._membership(node)
        left, right = self._operand(node.left), self._operand(node.right)
        result = binary_type(node.op, left, right)
        if result is None:
            self._no_operator(node, left, right)
            return BOOL if node.op in ("<", "<=", ">", ">=") else DYN
        return result

    def _logical(self, node: Binary) -> Type:
        self._boolean(node.left, f"the left side of `{node.op}`")
        before = self._not_null
        self._not_null |= not_null_if(node.left, node.op == "&&", self._key_of)
        self._boolean(node.right, f"the right side of `{node.op}`")
        self._not_null = before
        return BOOL

    def _equality(self, node: Binary) -> Type:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Literal) and other.value is None:
                return self._null_test(node, side)
        left, right = self._value(node.left), self._value(node.right)
        numbers = mixes_numbers(left, right) and not comparable(left, right)
        if numbers or not comparable(left, right):
            self._no_operator(node, left, right)
        elif never_equal_choices(left, right) and (
            isinstance(node.left, Literal) is not isinstance(node.right, Literal)
        ):
            self._never_equal(node, left, right)
        return BOOL

    def _null_test(self, node: Binary, side: Node) -> Type:
        resolved = self._walk(side)
        if resolved.use is not None:
            resolved.use.whole = True
        self.rewriter.take(side, resolved, narrowed=DYN)
        if not is_nullable(resolved.type) and not isinstance(resolved.type, Dyn):
            text = self.rewriter.source(side)
            message = f"`{text}` is {describe(resolved.type)} and never null"
            self._report(issues.WRONG_TYPE, message, node)
        return BOOL

    def _never_equal(self, node: Binary, left: Type, right: Type) -> None:
        literal_right = isinstance(node.right, Literal)
        known, given = (left, right) if literal_right else (right, left)
        if isinstance(known, String) and isinstance(given, String):
            choices = list(known.choices)
            hint = _did_you_mean(given.choices[0], choices) or _known("it is one of", choices)
            target = self.rewriter.source(node.left if literal_right else node.right)
            message = f"`{target}` is never {given.choices[0]!r}"
            self._report(
                issues.WRONG_TYPE, message, node.right if literal_right else node.left, hint=hint
            )

    def _membership(self, node: Binary) -> Type:
        left, right = self._operand(node.left), self._operand(node.right)
        for member in members_of(right):
            if isinstance(member, Record) and isinstance(node.left, Literal):
                name = str(node.left.value)
                if member.field(name) is None:
                    span = (node.left.start, node.left.end)
                    self._unknown_field(node, member, name, span)
            elif isinstance(member, List):
                if not comparable(left, member.item):
                    self._no_operator(node, left, right)
            elif isinstance(member, Map | Record):
                if not comparable(left, STRING):
                    self._no_operator(node, left, right)
            elif not isinstance(member, Dyn):
                self._no_operator(node, left, right)
        return BOOL

    def _no_operator(self, node: Binary, left: Type, right: Type) -> None:
        if mixes_numbers(left, right) or (
            isinstance(right, List) and mixes_numbers(left, right.item)
        ):
            message = f"`{node.op}` between {describe(left)} and {describe(right)}"
            self._report(
                issues.MIXED_NUMBERS, message, node, hint=self._conversion_hint(node, left)
            )
            return
        message = f"`{node.op}` does not take {describe(left)} and {describe(right)}"
        self._report(issues.WRONG_TYPE, message, node)

    def _conversion_hint(self, node: Binary, left: Type) -> str:
        whole = node.left if isinstance(left, Int) else node.right
        text = self.rewriter.source(whole)
        if isinstance(whole, Literal) and isinstance(whole.value, int):
            return f"write `{whole.value}.0`"
        return f"convert: `double({text})`"

    def _ternary(self, node: Ternary) -> Type:
        self._boolean(node.condition, "the condition of `? :`")
        before = self._not_null
        self._not_null = before | not_null_if(node.condition, True, self._key_of)
        then = self._value(node.then)
        self._not_null = before | not_null_if(node.condition, False, self._key_of)
        otherwise = self._value(node.otherwise)
        self._not_null = before
        if mixes_numbers(then, otherwise):
            message = f"one side is {describe(then)}, the other {describe(otherwise)}"
            self._report(issues.MIXED_NUMBERS, message, node, hint="make both int or both double")
        if then != otherwise:
            self.rewriter.loosen(node.then)
            self.rewriter.loosen(node.otherwise)
        return union((then, otherwise))

    def _list(self, node: ListDisplay) -> Resolved:
        types = [self._value(item) for item in node.items]
        joined = union(types) if types else DYN
        if mixes_numbers(joined, joined):
            message = "a list mixes int and double"
            self._report(issues.MIXED_NUMBERS, message, node, hint="make all int or all double")
        return Resolved(List(joined))

    def _map(self, node: MapDisplay) -> Type:
        fields: dict[str, Type] = {}
        dynamic: list[Type] = []
        for key, value in node.entries:
            type_ = self._value(value)
            if isinstance(key, Literal) and isinstance(key.value, str):
                if key.value in fields:
                    self._report(issues.BAD_LITERAL, f"the key {key.value!r} stands twice", key)
                fields[key.value] = type_
                continue
            key_type = self._operand(key)
            if not isinstance(key_type, String | Dyn):
                message = f"the keys of a map are text, not {describe(key_type)}"
                self._report(issues.NOT_PORTABLE, message, key)
            dynamic.append(type_)
        if dynamic:
            return Map(union((*fields.values(), *dynamic)))
        return record(fields)

    # Reports ----------------------------------------------------------------------------------

    def _key_of(self, node: Node) -> Key | None:
        match node:
            case Ident(name=name):
                return self._scope[name].key if name in self._scope else (name,)
            case Select(operand=operand, field=name):
                key = self._key_of(operand)
                return None if key is None else (*key, name)
            case Index(operand=operand, index=Literal(value=str() | int() as value)):
                key = self._key_of(operand)
                return None if key is None else (*key, value)
            case _:
                return None

    def _report(self, code: str, message: str, node: Node, *, hint: str | None = None) -> None:
        self._report_at(code, message, node.start, node.end, hint=hint)

    def _report_at(
        self, code: str, message: str, start: int, end: int, *, hint: str | None = None
    ) -> None:
        self.issues.append(ExpressionIssue(code, message, start, end, hint))


def _presence_path(node: Call) -> Select | Index | None:
    """Return the argument of `has`, if it is a path whose last step is named."""
    argument = node.args[0] if len(node.args) == 1 else None
    if isinstance(argument, Select):
        return argument
    if isinstance(argument, Index) and isinstance(argument.index, Literal):
        return argument if isinstance(argument.index.value, str) else None
    return None


def _literal_type(node: Literal) -> Type:
    match node.value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return DOUBLE
        case str() as value:
            return String((value,))
        case _:
            return BYTES


def _truth_hint(text: str, type_: Type) -> str | None:
    if isinstance(type_, String | List | Map):
        return f"say what you mean: `size({text}) > 0`"
    if isinstance(type_, Int):
        return f"say what you mean: `{text} != 0`"
    return None


def _signatures(node: Call, overloads: tuple[Overload, ...]) -> str:
    skip = 0 if node.target is None or node.name in NAMESPACES.get("math", {}) else 1
    kinds = dict.fromkeys(
        f"({', '.join(describe(param) for param in params[skip:])})" for params, _ in overloads
    )
    return f"it takes {' or '.join(list(kinds)[:4])}"


def _did_you_mean(name: str, known: Iterable[str]) -> str | None:
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else None


def _known(lead: str, names: Iterable[str]) -> str | None:
    listed = list(dict.fromkeys(names))
    if not listed:
        return None
    shown = ", ".join(f"`{name}`" for name in listed[:8])
    return f"{lead}: {shown}{', …' if len(listed) > 8 else ''}"
