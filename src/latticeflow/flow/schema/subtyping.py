"""Structural subtyping of JSON Schemas: may every value of one go where the other is wanted?

The part of JSON Schema that types of programs become is decided: records, unions, optionals,
enums, lists, tuples, maps, numbers, formats, references (also recursive). What lies beyond it
(patterns against patterns, `not`, conditionals) is answered with `unknown`, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from latticeflow.flow.model import Json
from latticeflow.flow.schema.naming import type_name
from latticeflow.flow.schema.references import NOTHING, Named, Resolver, Schema, as_schema

Decision = Literal["yes", "no", "unknown"]

_BOUNDS_LOW = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_BOUNDS_HIGH = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_UNDECIDED = frozenset(
    {"not", "if", "then", "else", "allOf", "dependentRequired", "patternProperties", "contains"}
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, and for a `no` or `unknown` where (a path of fields) and why."""

    decision: Decision
    path: str = ""
    reason: str = ""

    @property
    def answer(self) -> Decision:
        """The decision."""
        return self.decision

    @property
    def fits(self) -> bool:
        """Tell whether every value of the source surely fits."""
        return self.decision == "yes"


YES = Verdict("yes")


def is_subtype(source: object, target: object, *, named: Named | None = None) -> Verdict:
    """Tell whether every value of `source` is one of `target`.

    A source that may be anything is `unknown` unless the target takes anything. An integer goes
    where a number is wanted. Extra fields of a record are fine unless the target forbids them.

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
        self._assumed: set[tuple[int, int]] = set()
        self._kept: list[object] = []

    def compare(self, given: object, wanted: object, path: str) -> Verdict:
        source = self._source.follow(given)
        target = self._target.follow(wanted)
        if source == NOTHING or _takes_anything(target):
            return YES
        pair = (id(source), id(target))
        if pair in self._assumed:
            return YES
        self._assumed.add(pair)
        self._kept.extend((source, target))
        verdict = self._decide(source, target, path)
        if verdict.decision != "yes":
            self._assumed.discard(pair)
        return verdict

    def _decide(self, source: Schema, target: Schema, path: str) -> Verdict:
        parts = _alternatives(source)
        if parts is not None:
            return _worst([self.compare(part, target, path) for part in parts])
        values = _values(source)
        if values is not None:
            return _worst([self._value(value, source, target, path) for value in values])
        choices = _alternatives(target)
        if choices is not None:
            return self._any_of(source, target, choices, path)
        if _takes_anything(source):
            return Verdict("unknown", path, f"anything may come where {_a(target)} is needed")
        allowed = _values(target)
        if allowed is not None:
            if source.get("type") == "boolean" and {True, False} <= set(map(_hashable, allowed)):
                return YES
            return Verdict("no", path, _clash(source, target))
        if _UNDECIDED & (source.keys() | target.keys()):
            return Verdict("unknown", path, f"{type_name(target)} cannot be compared in advance")
        return self._by_type(source, target, path)

    def _any_of(self, source: Schema, target: Schema, choices: list[Any], path: str) -> Verdict:
        verdicts = [self.compare(source, choice, path) for choice in choices]
        if any(verdict.fits for verdict in verdicts):
            return YES
        if any(verdict.decision == "unknown" for verdict in verdicts):
            return Verdict("unknown", path, f"it may not be {_a(target)}")
        near = [v for v in verdicts if v.path != path]
        return near[0] if len(near) == 1 else Verdict("no", path, _clash(source, target))

    def _value(self, value: Json, source: Schema, target: Schema, path: str) -> Verdict:
        from latticeflow.flow.schema.validation import check_value  # noqa: PLC0415  (mutual)

        problem = check_value(value, target, self._target)
        if problem is None:
            return YES
        return Verdict("no", path, _clash(source, target))

    def _by_type(self, source: Schema, target: Schema, path: str) -> Verdict:
        kind, wanted = _type(source), _type(target)
        if wanted is None or kind is None:
            return Verdict("unknown", path, f"it may not be {_a(target)}")
        if kind != wanted and not (kind == "integer" and wanted == "number"):
            return Verdict("no", path, _clash(source, target))
        if kind == "object":
            return self._objects(source, target, path)
        if kind == "array":
            return self._arrays(source, target, path)
        if kind == "string":
            return _strings(source, target, path)
        return _bounds(source, target, path)

    def _objects(self, source: Schema, target: Schema, path: str) -> Verdict:
        fields: Mapping[str, Any] = source.get("properties", {})
        wanted: Mapping[str, Any] = target.get("properties", {})
        required = set(source.get("required", ()))
        rest = source.get("additionalProperties", True)
        verdicts: list[Verdict] = []
        for name in target.get("required", ()):
            place = _join(path, name)
            if (name not in fields and rest is False) or (name not in fields and fields):
                verdicts.append(Verdict("no", place, f"field `{name}` is missing"))
            elif name not in required:
                verdicts.append(Verdict("no", place, f"field `{name}` may be missing"))
        for name, part in wanted.items():
            if name in fields:
                verdicts.append(self.compare(fields[name], part, _join(path, name)))
            elif rest is not False and not fields:
                verdicts.append(self.compare(rest, part, _join(path, name)))
        beyond = target.get("additionalProperties", True)
        if beyond is not True:
            extra = [name for name in fields if name not in wanted]
            if beyond is False and extra:
                reason = f"field `{extra[0]}` is not allowed"
                verdicts.append(Verdict("no", _join(path, extra[0]), reason))
            elif beyond is not False:
                verdicts += [
                    self.compare(fields[name], beyond, _join(path, name)) for name in extra
                ]
            if rest is not False and not (fields and "additionalProperties" not in source):
                verdicts.append(self.compare(rest, beyond, _join(path, "*")))
        return _worst([*verdicts, _bounds(source, target, path)])

    def _arrays(self, source: Schema, target: Schema, path: str) -> Verdict:
        first: list[Any] = list(source.get("prefixItems", ()))
        wanted: list[Any] = list(target.get("prefixItems", ()))
        rest = source.get("items", True)
        beyond = target.get("items", True)
        verdicts: list[Verdict] = []
        least = source.get("minItems", 0)
        needed = target.get("minItems", 0)
        if least < needed:
            reason = f"it may have fewer than {needed} items"
            verdicts.append(Verdict("no", path, reason))
        most = source.get("maxItems", len(first) if rest is False else None)
        allowed = target.get("maxItems", len(wanted) if beyond is False else None)
        if allowed is not None and (most is None or most > allowed):
            verdicts.append(Verdict("no", path, f"it may have more than {allowed} items"))
        for number in range(max(len(first), len(wanted))):
            given = first[number] if number < len(first) else rest
            taken = wanted[number] if number < len(wanted) else beyond
            if given is not False:
                verdicts.append(self.compare(given, taken, f"{path}[{number}]"))
        if rest is not False and (most is None or most > len(first)):
            verdicts.append(self.compare(rest, beyond, f"{path}[*]"))
        if target.get("uniqueItems") and not source.get("uniqueItems"):
            verdicts.append(Verdict("no", path, "its items may repeat"))
        return _worst(verdicts)


def _takes_anything(schema: Schema) -> bool:
    return not (
        schema.keys() - {"title", "description", "default", "examples", "$comment", "$defs"}
    )


def _alternatives(schema: Schema) -> list[Any] | None:
    """Return the members of a union, each with what stands beside it."""
    for word in ("anyOf", "oneOf"):
        if word in schema:
            beside = {
                key: value
                for key, value in schema.items()
                if key not in (word, "title", "description", "default", "discriminator", "$defs")
            }
            return [{**as_schema(part), **beside} if beside else part for part in schema[word]]
    kinds = schema.get("type")
    if isinstance(kinds, list):
        beside = {key: value for key, value in schema.items() if key != "type"}
        return [{**beside, "type": kind} for kind in kinds]
    return None


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    if "enum" in schema:
        return list(schema["enum"])
    return [None] if schema.get("type") == "null" else None


def _type(schema: Schema) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else None


def _strings(source: Schema, target: Schema, path: str) -> Verdict:
    for word in ("format", "contentEncoding"):
        wanted = target.get(word)
        if wanted is not None and source.get(word) != wanted:
            return Verdict("no", path, _clash(source, target))
    pattern = target.get("pattern")
    if pattern is not None and source.get("pattern") != pattern:
        return Verdict("unknown", path, f"it may not match `{pattern}`")
    return _bounds(source, target, path)


def _bounds(source: Schema, target: Schema, path: str) -> Verdict:
    for word in (*_BOUNDS_LOW, *_BOUNDS_HIGH):
        if word in target and word not in ("minItems", "maxItems"):
            wanted, given = target[word], source.get(word)
            low = word in _BOUNDS_LOW
            if given is None or (given < wanted if low else given > wanted):
                return Verdict("unknown", path, f"it may be outside of `{word}` {wanted}")
    if "multipleOf" in target and source.get("multipleOf") != target["multipleOf"]:
        return Verdict("unknown", path, f"it may be no multiple of {target['multipleOf']}")
    return YES


def _worst(verdicts: list[Verdict]) -> Verdict:
    for answer in ("no", "unknown"):
        for verdict in verdicts:
            if verdict.decision == answer:
                return verdict
    return YES


def _clash(source: Schema, target: Schema) -> str:
    return f"`{type_name(source)}` where `{type_name(target)}` is needed"


def _a(schema: Schema) -> str:
    return f"`{type_name(schema)}`"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _hashable(value: Json) -> Json:
    return value if isinstance(value, (bool, str, int, float, type(None))) else repr(value)
