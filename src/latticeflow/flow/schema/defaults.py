"""Reading JSON values by their schemas: what one leaves out has the default of its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

from latticeflow.flow.model import Json, SchemaRef
from latticeflow.flow.schema.references import Named, Resolver, schema_of
from latticeflow.flow.schema.validation import check_value, problem_of


def decoder_of(reference: SchemaRef, named: Named) -> Callable[[Json], Json] | None:
    """Return a function that reads a JSON value of the type, None for any type.

    The function gives back a value that fits, with the defaults of the fields it leaves out, as
    the types that the schema was made from have them. It raises `ValueError` with the
    place and the reason where the value does not fit.
    """
    schema = schema_of(reference, named)
    if not schema:
        return None

    def decode(value: Json) -> Json:
        problem = problem_of(value, schema, named=named)
        if problem is not None:
            raise ValueError(problem)
        return with_defaults(value, schema, Resolver(schema, named))

    return decode


def with_defaults(value: Json, schema: object, resolver: Resolver) -> Json:
    """Return `value` with the defaults of fields it leaves out, at any depth.

    A value that fits several alternatives is read as the first of them, as a decoder of a union
    does. `value` itself is not changed, and has to fit `schema`.
    """
    read = resolver.follow(schema)
    for word in ("anyOf", "oneOf"):
        for part in read.get(word, ()):
            if check_value(value, part, resolver) is None:
                value = with_defaults(value, part, resolver)
                break
    for part in read.get("allOf", ()):
        value = with_defaults(value, part, resolver)
    if isinstance(value, Mapping):
        return _object(value, read, resolver)
    if isinstance(value, list):
        first, rest = read.get("prefixItems", ()), read.get("items", True)
        return [
            with_defaults(item, first[number] if number < len(first) else rest, resolver)
            for number, item in enumerate(value)
        ]
    return value


def _object(value: Mapping[str, Json], schema: Mapping[str, Json], resolver: Resolver) -> Json:
    fields: Mapping[str, object] = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    filled = {
        name: with_defaults(item, fields.get(name, others), resolver)
        for name, item in value.items()
    }
    for name, part in fields.items():
        if name not in filled and isinstance(part, Mapping) and "default" in part:
            filled[name] = with_defaults(deepcopy(part["default"]), part, resolver)
    return filled
