"""From a Python type to the JSON Schema (2020-12) of its JSON form."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime as dt
import decimal
import enum
import pathlib
import typing
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec

from latticeflow.authoring.dsl.annotations import (
    Annotation,
    evaluated_hints,
    is_pydantic_model,
    origin_of,
    plain_type,
    stream_item,
    union_members,
)
from latticeflow.flow.model import OPAQUE, Json, SchemaRef

Schema = dict[str, Json]

STREAM_KEY = "x-stream"
"""Marks the schema of a stream; its `items` describe what flows."""

_TEXT = {"type": "string"}
_BYTES = {"type": "string", "contentEncoding": "base64"}
_LEAVES: dict[Any, Schema] = {
    None: {"type": "null"},
    type(None): {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: _TEXT,
    bytes: _BYTES,
    bytearray: _BYTES,
    memoryview: _BYTES,
    dt.datetime: {"type": "string", "format": "date-time"},
    dt.date: {"type": "string", "format": "date"},
    dt.time: {"type": "string", "format": "time"},
    dt.timedelta: {"type": "string", "format": "duration"},
    decimal.Decimal: {"type": "string", "format": "decimal"},
    uuid.UUID: {"type": "string", "format": "uuid"},
    pathlib.Path: {"type": "string", "format": "path"},
    pathlib.PurePath: {"type": "string", "format": "path"},
    pathlib.PosixPath: {"type": "string", "format": "path"},
}
_ARRAYS = (
    list,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Collection,
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.deque,
)
_SETS = (set, frozenset, collections.abc.Set, collections.abc.MutableSet)
_MAPS = (dict, collections.abc.Mapping, collections.abc.MutableMapping, collections.OrderedDict)
_EMPTY = {list: [], dict: {}, set: [], frozenset: [], tuple: [], str: "", int: 0, bool: False}


def schema_ref(annotation: Annotation) -> SchemaRef:
    """Return the reference for a port of type `annotation`.

    A type that says nothing about its JSON form (`Any`, `object`, a class of its own kind) is
    opaque.

    Raises:
        CheckError: FLOW012, the annotation of a field cannot be evaluated.
    """
    schema = json_schema(annotation)
    return SchemaRef(kind="inline", schema=schema) if schema else OPAQUE


def json_schema(annotation: Annotation) -> Schema:
    """Return the JSON Schema of a type; named types are in `$defs`, `{}` is anything.

    The schema holds no descriptions, so that a better docstring is not another flow.

    Raises:
        CheckError: FLOW012, the annotation of a field cannot be evaluated.
    """
    builder = _Builder()
    schema = builder.of(annotation)
    if builder.definitions:
        schema = {**schema, "$defs": builder.definitions}
    return schema


class _Builder:
    """Builds one schema and the definitions it refers to."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}

    def of(self, annotation: Annotation) -> Schema:
        if origin_of(annotation) is Annotated:
            return self._constrained(annotation)
        kind = plain_type(annotation)
        if kind is Any or kind is object:
            return {}
        try:
            leaf = _LEAVES.get(kind)
        except TypeError:  # not hashable: a literal of lists, say
            return {}
        if leaf is not None:
            return dict(leaf)
        members = union_members(kind)
        if members is not None:
            return self._union(members)
        streamed = stream_item(kind)
        if streamed is not None:
            return {"type": "array", "items": self.of(streamed), STREAM_KEY: True}
        origin = origin_of(kind)
        if origin is Literal:
            return {"enum": _literals(typing.get_args(kind))}
        container = self._container(origin or kind, typing.get_args(kind))
        return container if container is not None else self._named(kind, origin or kind)

    def _constrained(self, annotation: Annotation) -> Schema:
        schema = self.of(annotation.__origin__)
        metas = [meta for meta in annotation.__metadata__ if isinstance(meta, msgspec.Meta)]
        for meta in metas:
            # msgspec knows how each constraint is spelt; a string stands in for any other type.
            plain = plain_type(annotation.__origin__)
            try:
                said = msgspec.json.schema(Annotated[plain, meta])
            except TypeError:
                continue
            said.pop("$defs", None)
            said.pop("description", None)
            schema |= {key: value for key, value in said.items() if key not in ("$ref", "anyOf")}
        return schema

    def _union(self, members: Iterable[Any]) -> Schema:
        schemas: list[Schema] = []
        for member in members:
            schema = self.of(member)
            if not schema:
                return {}
            if schema not in schemas:
                schemas.append(schema)
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def _container(self, origin: Annotation, arguments: tuple[Any, ...]) -> Schema | None:
        if origin is tuple:
            return self._tuple(arguments)
        if origin in _ARRAYS:
            return self._array(arguments)
        if origin in _SETS:
            return {**self._array(arguments), "uniqueItems": True}
        if origin in _MAPS:
            values = self.of(arguments[1]) if len(arguments) == 2 else {}
            return {"type": "object", **({"additionalProperties": values} if values else {})}
        return None

    def _array(self, arguments: tuple[Any, ...]) -> Schema:
        items = self.of(arguments[0]) if arguments else {}
        return {"type": "array", **({"items": items} if items else {})}

    def _tuple(self, arguments: tuple[Any, ...]) -> Schema:
        if not arguments or arguments[-1] is Ellipsis:
            return self._array(arguments[:1])
        if arguments == ((),):
            arguments = ()
        count = len(arguments)
        parts = [self.of(part) for part in arguments]
        bounds: Schema = {"type": "array", "minItems": count, "maxItems": count, "items": False}
        return {**bounds, "prefixItems": parts} if parts else bounds

    def _named(self, kind: Annotation, origin: Annotation) -> Schema:
        """Return a reference to the definition of a class, made on the first encounter."""
        if not isinstance(origin, type):
            return {}
        known = self._names.get(kind)
        if known is not None:
            return {"$ref": f"#/$defs/{known}"}
        if is_pydantic_model(origin):
            return self._pydantic(kind)
        make = self._maker(origin)
        if make is None:
            return {}
        name = self._reserve(kind, _title(kind))
        self.definitions[name] = {"title": _title(kind), **make(kind, origin)}
        return {"$ref": f"#/$defs/{name}"}

    def _maker(self, origin: type) -> Callable[[Annotation, Annotation], Schema] | None:
        if issubclass(origin, enum.Enum):
            return _enum_schema
        if issubclass(origin, msgspec.Struct):
            return self._struct
        if dataclasses.is_dataclass(origin):
            return self._dataclass
        if typing.is_typeddict(origin):
            return self._typed_dict
        if issubclass(origin, tuple) and hasattr(origin, "_fields"):
            return self._named_tuple
        return None

    def _reserve(self, kind: Annotation, wanted: str) -> str:
        name, number = wanted, 2
        while name in self.definitions:
            name, number = f"{wanted}_{number}", number + 1
        self._names[kind] = name
        self.definitions[name] = {}
        return name

    def _struct(self, kind: Annotation, origin: type[msgspec.Struct]) -> Schema:
        config = origin.__struct_config__
        hints = field_types(kind)
        properties: Schema = {}
        required: list[str] = []
        if config.tag_field is not None and not config.array_like:
            properties[config.tag_field] = {"enum": [config.tag]}
            required.append(config.tag_field)
        for item in msgspec.structs.fields(origin):
            schema = self.of(hints[item.name])
            if item.required:
                required.append(item.encode_name)
            elif item.default is not msgspec.NODEFAULT:
                schema = _with_default(schema, item.default)
            elif item.default_factory in _EMPTY:
                schema = {**schema, "default": _EMPTY[item.default_factory]}
            properties[item.encode_name] = schema
        if config.array_like:
            least = len(required)
            return {"type": "array", "prefixItems": [*properties.values()], "minItems": least}
        closed = {"additionalProperties": False} if config.forbid_unknown_fields else {}
        return {**_object(properties, required), **closed}

    def _dataclass(self, kind: Annotation, origin: Annotation) -> Schema:
        hints = field_types(kind)
        properties: Schema = {}
        required: list[str] = []
        for item in dataclasses.fields(origin):
            schema = self.of(hints[item.name])
            factory: Any = item.default_factory
            if item.default is not dataclasses.MISSING:
                schema = _with_default(schema, item.default)
            elif factory is dataclasses.MISSING:
                required.append(item.name)
            elif (origin_of(factory) or factory) in _EMPTY:
                empty = _EMPTY[origin_of(factory) or factory]
                schema = {**schema, "default": empty}
            properties[item.name] = schema
        return _object(properties, required)

    def _typed_dict(self, kind: Annotation, _origin: Annotation) -> Schema:
        hints = field_types(kind)
        properties = {name: self.of(without_required(hint)) for name, hint in hints.items()}
        return _object(properties, [name for name in hints if name in required_keys(kind, hints)])

    def _named_tuple(self, kind: Annotation, origin: Annotation) -> Schema:
        hints = field_types(kind)
        defaults = origin._field_defaults
        parts = [self.of(hints.get(name, Any)) for name in origin._fields]
        least = len(parts) - len(defaults)
        return {"type": "array", "prefixItems": parts, "minItems": least, "maxItems": len(parts)}

    def _pydantic(self, model: Annotation) -> Schema:
        schema: Schema = _undescribed(model.model_json_schema(ref_template="#/$defs/{model}"))
        inner: dict[str, Schema] = schema.pop("$defs", {})
        renamed: dict[str, str] = {}
        for name, definition in inner.items():
            if self.definitions.get(name, definition) != definition:
                renamed[name] = self._free_name(name, inner)
            self.definitions[renamed.get(name, name)] = definition
        if renamed:
            for name in inner:
                at = renamed.get(name, name)
                self.definitions[at] = _with_refs(self.definitions[at], renamed)
            schema = _with_refs(schema, renamed)
        if set(schema) == {"$ref"}:  # it refers to itself
            self._names[model] = schema["$ref"].removeprefix("#/$defs/")
            return schema
        name = self._reserve(model, schema.get("title") or model.__name__)
        self.definitions[name] = schema
        return {"$ref": f"#/$defs/{name}"}

    def _free_name(self, wanted: str, taken: Mapping[str, Schema]) -> str:
        number = 2
        while f"{wanted}_{number}" in self.definitions or f"{wanted}_{number}" in taken:
            number += 1
        return f"{wanted}_{number}"


def field_types(kind: Annotation) -> dict[str, Any]:
    """Return the types of a record type's fields; type arguments are put in for variables.

    Raises:
        CheckError: FLOW012, one cannot be evaluated.
    """
    origin = origin_of(kind)
    if origin is None:
        return evaluated_hints(kind)
    variables = getattr(origin, "__parameters__", ())
    arguments = dict(zip(variables, typing.get_args(kind), strict=False))
    return {name: _filled(hint, arguments) for name, hint in evaluated_hints(origin).items()}


def _filled(hint: Annotation, arguments: Mapping[Annotation, Annotation]) -> Annotation:
    if isinstance(hint, typing.TypeVar):
        return arguments.get(hint, hint)
    variables = getattr(hint, "__parameters__", ())
    if not variables or isinstance(hint, type):
        return hint
    return hint[tuple(arguments.get(variable, variable) for variable in variables)]


def _object(properties: Schema, required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _with_default(schema: Schema, default: object) -> Schema:
    try:
        plain = msgspec.json.decode(msgspec.json.encode(default))
    except (TypeError, ValueError, msgspec.MsgspecError):
        return schema  # it has no JSON form; the field is optional all the same
    return {**schema, "default": plain}


def _enum_schema(kind: Annotation, _origin: Annotation) -> Schema:
    return {"enum": [msgspec.to_builtins(member.value) for member in kind]}


def _literals(values: tuple[Any, ...]) -> list[Json]:
    return [value.value if isinstance(value, enum.Enum) else value for value in values]


def _title(kind: Annotation) -> str:
    name: str = getattr(origin_of(kind) or kind, "__name__", "Type")
    arguments = [_title(argument) for argument in typing.get_args(kind)]
    return "_".join([name, *arguments])


def required_keys(kind: Annotation, hints: Mapping[str, Annotation]) -> frozenset[str]:
    """Return the keys that a TypedDict must have.

    `__required_keys__` alone is wrong where annotations are text: the class cannot see that one
    says `NotRequired`.
    """
    by_class: frozenset[str] = (origin_of(kind) or kind).__required_keys__
    said = {name: origin_of(hint) for name, hint in hints.items()}
    return frozenset(
        name
        for name, origin in said.items()
        if origin is typing.Required or (name in by_class and origin is not typing.NotRequired)
    )


def without_required(hint: Annotation) -> Annotation:
    """Return what `Required` or `NotRequired` is around in a TypedDict."""
    wrapped = origin_of(hint) in (typing.Required, typing.NotRequired)
    return typing.get_args(hint)[0] if wrapped else hint


def _undescribed(schema: Json, *, named: bool = False) -> Json:
    """Drop the descriptions of a schema; `named`: its keys are names of fields or types."""
    if isinstance(schema, dict):
        return {
            key: _undescribed(part, named=not named and key in ("properties", "$defs"))
            for key, part in schema.items()
            if named or key != "description"
        }
    return [_undescribed(part) for part in schema] if isinstance(schema, list) else schema


def _with_refs(schema: Json, renamed: Mapping[str, str]) -> Json:
    if isinstance(schema, dict):
        return {
            key: (
                f"#/$defs/{renamed.get(part[8:], part[8:])}"
                if key == "$ref" and isinstance(part, str)
                else _with_refs(part, renamed)
            )
            for key, part in schema.items()
        }
    return [_with_refs(part, renamed) for part in schema] if isinstance(schema, list) else schema
