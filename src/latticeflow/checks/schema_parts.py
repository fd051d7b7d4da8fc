"""Take parts of JSON Schemas: what a pointer finds, what a list holds, what a name stands for."""

from __future__ import annotations

from collections.abc import Mapping

from latticeflow.diagnostics import did_you_mean
from latticeflow.flow.model import Json

Schema = Mapping[str, Json]
ANYTHING: Schema = {}

_MAX_REFERENCES = 32


class NothingThere(Exception):  # noqa: N818 -- an answer, not a failure
    """A schema has no such part; the message says why, in the user's words."""


def part(schema: Schema, pointer: str) -> Schema:
    """Return the schema of what `pointer` (RFC 6901) finds in a value of `schema`.

    A branch that is null is passed over: whether a value can be null where it is taken apart is
    decided by the conditions around it.

    Raises:
        NothingThere: No value of `schema` has that part.
    """
    if not pointer:
        return schema
    found = schema
    for token in pointer[1:].split("/"):
        found = _step(found, token.replace("~1", "/").replace("~0", "~"))
    return found


def items(schema: Schema) -> Schema:
    """Return the schema of the members of a list.

    Raises:
        NothingThere: A value of `schema` is no list.
    """
    found = [_items(branch) for branch in _branches(schema)]
    members = [f for f in found if f is not None]
    if not members:
        raise NothingThere("it is no list")
    return any_of(members)


def any_of(schemas: list[Schema]) -> Schema:
    """Return the schema of a value of one of `schemas`."""
    distinct: list[Schema] = []
    for schema in schemas:
        if not schema:
            return ANYTHING
        if schema not in distinct:
            distinct.append(schema)
    if len(distinct) > 1:
        return gathered({"anyOf": distinct})
    return distinct[0] if distinct else ANYTHING


def gathered(schema: Schema) -> Schema:
    """Move the definitions of the parts of a schema to its root, where references look.

    A part whose definitions clash with another's becomes anything.
    """
    definitions: dict[str, Json] = {}

    def lift(part_: Json) -> Json:
        if not isinstance(part_, Mapping) or "$defs" not in part_:
            return part_
        mine = part_["$defs"]
        if any(definitions.get(name, body) != body for name, body in mine.items()):
            return ANYTHING
        definitions.update(mine)
        return {key: value for key, value in part_.items() if key != "$defs"}

    found = dict(schema)
    if "properties" in found:
        found["properties"] = {name: lift(p) for name, p in found["properties"].items()}
    for key in ("anyOf", "prefixItems"):
        if key in found:
            found[key] = [lift(p) for p in found[key]]
    if "items" in found:
        found["items"] = lift(found["items"])
    return {**found, "$defs": definitions} if definitions else found


def without_null(schema: Schema) -> Schema:
    """Return the schema of the values of `schema` that are not null."""
    kept = [b for b in _branches(schema, keep_null=True) if b.get("type") != "null"]
    kept = [b for b in kept if not ("const" in b and b["const"] is None)]
    return any_of(kept) if kept else schema


def allows_null(schema: Schema) -> bool:
    """Tell whether null is among the values of a union."""
    branches = list(_branches(schema, keep_null=True))
    return len(branches) > 1 and any(_is_null(b) for b in branches)


def resolved(schema: Schema) -> Schema:
    """Follow a reference into the schema's own definitions; what is not there is anything."""
    for _ in range(_MAX_REFERENCES):
        reference = schema.get("$ref")
        if reference is None:
            return schema
        definitions = schema.get("$defs") or schema.get("definitions") or {}
        name = str(reference).rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        if name not in definitions:
            return ANYTHING
        schema = {**definitions[name], "$defs": definitions}
    return ANYTHING


def _within(parent: Schema, child: Json) -> Schema:
    """Give a part the definitions that its references look into."""
    if not isinstance(child, Mapping):
        return ANYTHING
    definitions = parent.get("$defs") or parent.get("definitions")
    return {**child, "$defs": definitions} if definitions and "$defs" not in child else child


def _branches(schema: Schema, *, keep_null: bool = False) -> list[Schema]:
    schema = resolved(schema)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            inner = [_within(schema, branch) for branch in schema[key]]
            found = [b for branch in inner for b in _branches(branch, keep_null=True)]
            break
    else:
        kinds = schema.get("type")
        if isinstance(kinds, list):
            found = [{**schema, "type": kind} for kind in kinds]
        elif "enum" in schema and None in schema["enum"] and len(schema["enum"]) > 1:
            rest = [value for value in schema["enum"] if value is not None]
            found = [{**schema, "enum": rest}, {"type": "null"}]
        else:
            found = [schema]
    if keep_null:
        return found
    return [b for b in found if not _is_null(b)] or found


def _is_null(schema: Schema) -> bool:
    if schema.get("enum") == [None] or ("const" in schema and schema["const"] is None):
        return True
    return schema.get("type") == "null"


def _step(schema: Schema, token: str) -> Schema:
    found: list[Schema] = []
    reasons: list[str] = []
    for branch in _branches(schema):
        try:
            found.append(_member(branch, token))
        except NothingThere as reason:
            reasons.append(str(reason))
    if not found:
        raise NothingThere(reasons[0] if reasons else f"there is no `{token}`")
    return any_of(found)


def _member(schema: Schema, token: str) -> Schema:
    kind = schema.get("type")
    if kind == "array" or (kind is None and ("items" in schema or "prefixItems" in schema)):
        return _element(schema, token)
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and token in properties:
        return _within(schema, properties[token])
    if "patternProperties" in schema or "allOf" in schema:
        return ANYTHING
    extra = schema.get("additionalProperties")
    if isinstance(extra, Mapping):
        return _within(schema, extra)
    if isinstance(properties, Mapping) and (properties or extra is False):
        name = schema.get("title")
        what = f"`{name}` has" if name else "it has"
        raise NothingThere(f"{what} no field `{token}`{did_you_mean(token, properties)}")
    if kind is None or kind == "object":
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        if values and not any(isinstance(v, dict | list) for v in values):
            raise NothingThere(f"a plain value has no `{token}`")
        return ANYTHING
    raise NothingThere(f"a value of type {kind} has no `{token}`")


def _element(schema: Schema, token: str) -> Schema:
    if not token.lstrip("-").isdigit():
        raise NothingThere(f"a list has no `{token}`; it has numbers")
    first = schema.get("prefixItems")
    index = int(token)
    if isinstance(first, list) and 0 <= index < len(first):
        return _within(schema, first[index])
    rest = schema.get("items")
    if rest is False or (isinstance(first, list) and rest is None and index >= len(first) > 0):
        raise NothingThere(f"it has {len(first or [])} members, so no number {index}")
    return _within(schema, rest)


def _items(schema: Schema) -> Schema | None:
    kind = schema.get("type")
    if kind not in (None, "array"):
        return None
    if kind is None and not {"items", "prefixItems"} & set(schema):
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        return None if values or "properties" in schema else ANYTHING
    first = [_within(schema, member) for member in schema.get("prefixItems") or []]
    rest = schema.get("items")
    if isinstance(rest, Mapping):
        first.append(_within(schema, rest))
    elif rest is not False and not first:
        return ANYTHING
    return any_of(first) if first else ANYTHING
