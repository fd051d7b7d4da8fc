"""Structural subtyping of JSON Schemas: may every value of one go where the other is wanted?

The part of JSON Schema that types of programs become is decided: records, unions, optionals,
enums, lists, tuples, maps, numbers, formats, references (also recursive). What lies beyond it
(patterns against patterns, `not`, conditionals) is answered with `unknown`, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from latticeflow.flow.model import Json
from latticeflow.flow.schema.disjointness import are_disjoint
from latticeflow.flow.schema.naming import type_name
from latticeflow.flow.schema.parts import (
    Union,
    is_nothing,
    kind_of,
    takes_anything,
    union_of,
    values_of,
)
from latticeflow.flow.schema.references import Named, Resolver, Schema, constraints
from latticeflow.flow.schema.scalars import Doubt, limits, text
from latticeflow.flow.schema.validation import check_value

Decision = Literal["yes", "no", "unknown"]

_UNDECIDED = frozenset(
    {
        "$dynamicRef",
        "contains",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "maxContains",
        "minContains",
        "not",
        "patternProperties",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_UNJUDGED = frozenset({"$dynamicRef", "unevaluatedItems", "unevaluatedProperties"})
_DEEPEST = 64
_MOST_COMPARISONS = 20_000
_MOST_TAGS = 32


class Verdict(msgspec.Struct, frozen=True):
    """The answer, and for a `no` or `unknown` where (a path of fields) and why."""

    decision: Decision
    path: str = ""
    reason: str = ""

    @property
    def fits(self) -> bool:
        """Tell whether every value of the source surely fits."""
        return self.decision == "yes"


YES = Verdict("yes")


def is_subtype(source: object, target: object, *, named: Named | None = None) -> Verdict:
    """Tell whether every value of `source` is one of `target`.

    A source that may be anything is `unknown` unless the target takes anything. An integer goes
    where a number is wanted. A record gives the fields it declares and, unless it has
    `additionalProperties`, no others; more fields than are wanted are fine unless the target
    forbids them.

    A `yes` is certain. A `no` means that some value of the source, as a rule any, does not fit.

    Args:
        source: The JSON Schema of what is given; a mapping, `true` or `false`.
        target: The JSON Schema of what is wanted.
        named: Schemas that references may name.

    Source:
        JSON Schema 2020-12, core and validation.
    """
    known = named or {}
    return _Comparison(Resolver(source, known), Resolver(target, known)).compare(source, target, "")


class _Comparison:
    """One comparison; pairs that are under way are taken to hold, which makes recursion end."""

    def __init__(self, source: Resolver, target: Resolver) -> None:
        self._source = source
        self._target = target
        self._is_one_document = source.root == target.root
        # What was taken to hold, in order, so that a failure takes back all that stood on it. The
        # schemas are kept with it, which keeps their ids from being used again.
        self._assumed: dict[tuple[int, int], tuple[Schema, Schema]] = {}
        self._count = 0
        self._depth = 0

    def compare(self, given: object, wanted: object, path: str) -> Verdict:
        source = self._source.follow(given)
        target = self._target.follow(wanted)
        if is_nothing(source) or takes_anything(target):
            return YES
        if is_nothing(target):
            return Verdict("no", path, _clash(source, target))
        pair = (id(source), id(target))
        if pair in self._assumed or (self._is_one_document and source == target):
            return YES
        self._count += 1
        if self._depth >= _DEEPEST or self._count > _MOST_COMPARISONS:
            return Verdict("unknown", path, f"{_a(target)} is too large to compare in advance")
        before = len(self._assumed)
        self._assumed[pair] = (source, target)
        self._depth += 1
        verdict = self._decide(source, target, path)
        self._depth -= 1
        if not verdict.fits:
            while len(self._assumed) > before:
                self._assumed.popitem()
        return verdict

    def _decide(self, source: Schema, target: Schema, path: str) -> Verdict:
        union = union_of(source)
        if union is not None:
            return _worst(self.compare(part, target, path) for part in union.members)
        values = values_of(source)
        if values is not None:
            return _worst(self._value(value, source, target, path) for value in values)
        if "allOf" in target:
            parts = [*target["allOf"], constraints(target, without="allOf")]
            return _worst(self.compare(source, part, path) for part in parts)
        wanted = union_of(target)
        if wanted is not None:
            return self._any_of(source, target, wanted, path)
        if takes_anything(source):
            return Verdict("unknown", path, f"anything may come where {_a(target)} is needed")
        if "allOf" in source:
            return self._all_of(source, target, path)
        return self._single(source, target, path)

    def _single(self, source: Schema, target: Schema, path: str) -> Verdict:
        """Compare two schemas that are no unions and no several types at once."""
        allowed = values_of(target)
        if allowed is not None:
            return self._in_values(source, target, allowed, path)
        if _UNDECIDED & target.keys():
            return Verdict("unknown", path, f"{_a(target)} cannot be compared in advance")
        verdict = self._by_kind(source, target, path)
        if verdict.decision == "no" and _UNDECIDED & source.keys():
            return Verdict("unknown", path, f"{_a(source)} cannot be compared in advance")
        return verdict

    def _any_of(self, source: Schema, target: Schema, union: Union, path: str) -> Verdict:
        ways = (self._source, self._target)
        choices = [
            part
            for part in union.members
            if not are_disjoint(source, part, ways) and not self._lacks_field(source, part)
        ]
        if not choices:
            # None takes any value; if one is of the same kind, what is wrong with that one is told.
            kind = kind_of(source)
            choices = [p for p in union.members if kind_of(self._target.follow(p)) == kind]
            if len(choices) != 1:
                return Verdict("no", path, _clash(source, target))
        if len(choices) == 1:
            verdict = self.compare(source, choices[0], path)
            if verdict.decision == "no" and verdict.path == path:
                return Verdict("no", path, _clash(source, target))
            return verdict
        return self._one_of(source, target, Union(choices, union.exclusive), path)

    def _lacks_field(self, source: Schema, choice: object) -> bool:
        """Tell whether no record of the source has a field that the choice requires."""
        target = self._target.follow(choice)
        if kind_of(source) != "object" or kind_of(target) != "object":
            return False
        known = {*source.get("properties", ()), *source.get("required", ())}
        return _rest_of(source) is False and not known.issuperset(target.get("required", ()))

    def _one_of(self, source: Schema, target: Schema, union: Union, path: str) -> Verdict:
        """Compare with a union of which several members may take values of the source."""
        if kind_of(source) == "boolean":
            return _worst(self._value(value, source, target, path) for value in (True, False))
        verdicts = [self.compare(source, choice, path) for choice in union.members]
        doubt = Verdict("unknown", path, f"it may not be {_a(target)}")
        if any(verdict.fits for verdict in verdicts):
            return doubt if union.exclusive and not self._are_apart(union.members) else YES
        tag = _tag(source, union.members, self._target)
        if tag is not None:
            # A record that is one of several by what a field says: each value of it by itself.
            name, values = tag
            return _worst(
                self.compare(_with_field(source, name, value), target, path) for value in values
            )
        may_share = kind_of(source) in ("object", "array")
        if may_share or any(verdict.decision == "unknown" for verdict in verdicts):
            return doubt
        return Verdict("no", path, _clash(source, target))

    def _are_apart(self, choices: Sequence[object]) -> bool:
        ways = (self._target, self._target)
        return all(
            are_disjoint(one, other, ways)
            for number, one in enumerate(choices)
            for other in choices[:number]
        )

    def _all_of(self, source: Schema, target: Schema, path: str) -> Verdict:
        """Compare a source that is several types at once: one that fits is enough."""
        parts = [*source["allOf"], constraints(source, without="allOf")]
        if any(self.compare(part, target, path).fits for part in parts):
            return YES
        ways = (self._source, self._target)
        if any(are_disjoint(part, target, ways) for part in parts):
            return Verdict("no", path, _clash(source, target))
        return Verdict("unknown", path, f"it may not be {_a(target)}")

    def _value(self, value: Json, source: Schema, target: Schema, path: str) -> Verdict:
        if check_value(value, source, self._source) is not None:
            return YES  # listed, but excluded by what stands beside the list
        if check_value(value, target, self._target) is None:
            if _UNJUDGED & target.keys():
                return Verdict("unknown", path, f"{_a(target)} cannot be compared in advance")
            return YES
        return Verdict("no", path, _clash({"const": value}, target))

    def _in_values(self, source: Schema, target: Schema, allowed: list[Json], path: str) -> Verdict:
        shared = [value for value in allowed if check_value(value, source, self._source) is None]
        kind = kind_of(source)
        if kind == "boolean" and {True, False} <= {v for v in shared if isinstance(v, bool)}:
            return YES
        is_plain = kind in ("string", "number", "integer") and len(constraints(source)) == 1
        if not shared or is_plain or kind == "boolean":
            return Verdict("no", path, _clash(source, target))
        return Verdict("unknown", path, f"it may not be {_a(target)}")

    def _by_kind(self, source: Schema, target: Schema, path: str) -> Verdict:
        kind, wanted = kind_of(source), kind_of(target)
        if wanted is None or kind is None:
            return Verdict("unknown", path, f"it may not be {_a(target)}")
        if kind != wanted and not (kind == "integer" and wanted == "number"):
            return Verdict("no", path, _clash(source, target))
        if kind == "object":
            return _worst(self._objects(source, target, path))
        if kind == "array":
            return _worst(self._arrays(source, target, path))
        if kind == "string":
            return _verdict(text(source, target, _clash(source, target)), path)
        return _verdict(limits(source, target, kind), path)

    def _objects(self, source: Schema, target: Schema, path: str) -> Iterator[Verdict]:
        fields: Mapping[str, Any] = source.get("properties", {})
        wanted: Mapping[str, Any] = target.get("properties", {})
        required = set(source.get("required", ()))
        rest = _rest_of(source)
        for name in target.get("required", ()):
            if name not in required:
                yield _lacking(name, fields, rest, _join(path, name))
        for name, part in wanted.items():
            if name in fields:
                yield self.compare(fields[name], part, _join(path, name))
            elif rest is not False or name in required:
                yield self.compare(rest is False or rest, part, _join(path, name))
        beyond = target.get("additionalProperties", True)
        for name in [name for name in fields if name not in wanted]:
            if beyond is False and not is_nothing(self._source.follow(fields[name])):
                reason = f"field `{name}` is not allowed"
                yield Verdict("no", _join(path, name), reason)
            else:
                yield self.compare(fields[name], beyond, _join(path, name))
        if rest is not False:
            yield self._rest(rest, beyond, _join(path, "*"))
        yield _verdict(limits(source, target, "object"), path)

    def _rest(self, rest: object, beyond: object, path: str) -> Verdict:
        if beyond is False and not is_nothing(self._source.follow(rest)):
            if takes_anything(self._source.follow(rest)):
                return Verdict("unknown", path, "it may have fields that are not allowed")
            return Verdict("no", path, "it may have fields that are not allowed")
        return self.compare(rest, beyond, path)

    def _arrays(self, source: Schema, target: Schema, path: str) -> Iterator[Verdict]:
        first: list[Any] = list(source.get("prefixItems", ()))
        wanted: list[Any] = list(target.get("prefixItems", ()))
        rest, beyond = source.get("items", True), target.get("items", True)
        yield _lengths(source, target, path)
        most = _most_items(source)
        for number in range(max(len(first), len(wanted))):
            given = first[number] if number < len(first) else rest
            taken = wanted[number] if number < len(wanted) else beyond
            if taken is not False and (most is None or number < most):
                yield self.compare(given, taken, f"{path}[{number}]")
        if beyond is not False and (most is None or most > len(first)):
            yield self.compare(rest, beyond, f"{path}[*]")
        may_repeat = not source.get("uniqueItems") and (most is None or most > 1)
        if target.get("uniqueItems") and may_repeat:
            yield Verdict("no", path, "its items may repeat")


def _lengths(source: Schema, target: Schema, path: str) -> Verdict:
    """Compare how many items there are: surely for tuples, else it is left to the run."""
    is_tuple = "prefixItems" in target
    decision: Decision = "no" if is_tuple else "unknown"
    needed = target.get("minItems", 0)
    if source.get("minItems", 0) < needed:
        return Verdict(decision, path, f"it may have fewer than {needed} items")
    allowed, most = _most_items(target), _most_items(source)
    if allowed is not None and (most is None or most > allowed):
        return Verdict(decision, path, f"it may have more than {allowed} items")
    return YES


def _most_items(schema: Schema) -> int | None:
    bounds = [schema["maxItems"]] if "maxItems" in schema else []
    if schema.get("items") is False:
        bounds.append(len(schema.get("prefixItems", ())))
    return min(bounds, default=None)


def _rest_of(record: Schema) -> object:
    """Return the type of fields that are not declared; a record has none unless it says so."""
    if "patternProperties" in record:
        return True
    rest: object = record.get("additionalProperties", not record.get("properties"))
    return rest


def _lacking(name: str, fields: Mapping[str, Any], rest: object, place: str) -> Verdict:
    if name in fields:
        return Verdict("no", place, f"field `{name}` may be missing")
    if rest is False:
        return Verdict("no", place, f"field `{name}` is missing")
    if rest is True or rest == {}:
        return Verdict("unknown", place, f"field `{name}` may be missing")
    return Verdict("no", place, f"field `{name}` may be missing")


def _tag(
    source: Schema, choices: Sequence[object], target: Resolver
) -> tuple[str, list[Json]] | None:
    """Return a field that tells the choices apart, with the values it has in the source."""
    if kind_of(source) != "object":
        return None
    for name in source.get("required", ()):
        values = _listed(source.get("properties", {}).get(name))
        told = [
            _listed(target.follow(choice).get("properties", {}).get(name)) for choice in choices
        ]
        if values and 1 < len(values) <= _MOST_TAGS and any(told):
            return name, values
    return None


def _listed(schema: object) -> list[Json] | None:
    if not isinstance(schema, Mapping):
        return None
    return [True, False] if constraints(schema) == {"type": "boolean"} else values_of(schema)


def _with_field(source: Schema, name: str, value: Json) -> Schema:
    return {**source, "properties": {**source["properties"], name: {"const": value}}}


def _worst(verdicts: Iterator[Verdict]) -> Verdict:
    """Return the first `no`, else the first `unknown`, else yes."""
    worst = YES
    for verdict in verdicts:
        if verdict.decision == "no":
            return verdict
        if worst.fits:
            worst = verdict
    return worst


def _verdict(doubt: Doubt | None, path: str) -> Verdict:
    return YES if doubt is None else Verdict(doubt[0], path, doubt[1])


def _clash(source: Schema, target: Schema) -> str:
    return f"`{type_name(source)}` where `{type_name(target)}` is needed"


def _a(schema: Schema) -> str:
    return f"`{type_name(schema)}`"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
