"""`[parameters]`: from what a run is given to what its expressions see."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from latticeflow.authoring.toml.extensions import Known, ParameterType, Validator
from latticeflow.authoring.toml.findings import Findings
from latticeflow.authoring.toml.places import Document, Path
from latticeflow.authoring.toml.shape import PARAMETER_TYPES
from latticeflow.diagnostics import closest
from latticeflow.expr import Type, from_json_schema, misfit, optional
from latticeflow.flow import Port, SchemaRef

_SCHEMA_KEYS = ("pattern", "enum", "items", "properties", "minimum", "maximum")


@dataclass(frozen=True, slots=True)
class Decoder:
    """Reads the JSON of one parameter.

    Called with a value it returns what the run gets; it raises `ValueError` where the value does
    not fit, with a text that goes on from the name of the parameter.
    """

    schema: Mapping[str, Any]
    type: Type
    pattern: re.Pattern[str] | None = None
    extension: ParameterType | None = None
    validator: Validator | None = None

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 -- JSON
        """Return `value` as the run gets it.

        Raises:
            ValueError: it does not fit.
        """
        why = misfit(value, self.type) or self._outside(value)
        if why is not None:
            raise ValueError(why)
        if self.schema.get("type") == "number":
            value = float(value)
        if self.extension is not None and self.extension.decode is not None:
            value = self.extension.decode(value)
        if self.validator is not None:
            why = self.validator(value)
            if why is not None:
                raise ValueError(why)
        return value

    def _outside(self, value: Any) -> str | None:  # noqa: ANN401
        choices = self.schema.get("enum")
        if choices is not None and value not in choices:
            return f"is none of {', '.join(map(repr, choices))}"
        if self.pattern is not None and not self.pattern.fullmatch(value):
            return f"does not match `{self.pattern.pattern}`"
        least, most = self.schema.get("minimum"), self.schema.get("maximum")
        if least is not None and value < least:
            return f"is less than {least}"
        if most is not None and value > most:
            return f"is more than {most}"
        return None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its port, its type in expressions, and how its JSON is read."""

    name: str
    port: Port
    type: Type
    decode: Callable[[Any], Any]


def read_parameters(
    tables: Mapping[str, Mapping[str, Any]], document: Document, known: Known, findings: Findings
) -> list[Parameter]:
    """Return the parameters that `tables` declares; what is wrong with them is reported."""
    reader = _Reader(document, known, findings)
    return [reader.parameter(name, table) for name, table in tables.items()]


class _Reader:
    def __init__(self, document: Document, known: Known, findings: Findings) -> None:
        self._document = document
        self._known = known
        self._findings = findings

    def parameter(self, name: str, table: Mapping[str, Any]) -> Parameter:
        path: Path = ("parameters", name)
        extension = self._extension(path, table)
        schema = self._schema(path, table, extension)
        type_ = from_json_schema(schema)
        decode = Decoder(
            schema,
            type_,
            re.compile(schema["pattern"]) if "pattern" in schema else None,
            extension,
            self._validator(path, table),
        )
        has_default = "default" in table
        required = bool(table.get("required", not has_default)) and not has_default
        default = self._default(path, name, table, decode) if has_default else None
        port = Port(
            schema=SchemaRef(kind="inline", schema=schema),
            required=required,
            default=default,
            summary=table.get("description"),
        )
        return Parameter(name, port, type_ if required or has_default else optional(type_), decode)

    def _extension(self, path: Path, table: Mapping[str, Any]) -> ParameterType | None:
        given = table.get("type", "string")
        if given in PARAMETER_TYPES:
            return None
        found = self._known.parameter_type(given)
        if found is None:
            names = [*PARAMETER_TYPES, *self._known.type_names]
            near = closest(given, names)
            listed = ", ".join(f'"{name}"' for name in names)
            self._findings.add(
                "TOML007",
                self._document.value((*path, "type")),
                hint=f"did you mean `{near}`?" if near else None,
                key="type",
                value=given,
                why=f"it must be one of {listed}",
            )
        return found

    def _schema(
        self, path: Path, table: Mapping[str, Any], extension: ParameterType | None
    ) -> dict[str, Any]:
        given = table.get("type", "string")
        schema: dict[str, Any] = {"type": given} if given in PARAMETER_TYPES else {}
        if extension is not None:
            schema = dict(extension.schema)
        for key in _SCHEMA_KEYS:
            if key in table and self._suits(path, key, table, schema):
                schema[key] = table[key]
        if "description" in table:
            schema["description"] = table["description"]
        return schema

    def _suits(
        self, path: Path, key: str, table: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> bool:
        place = self._document.value((*path, key))
        kind = schema.get("type")
        wanted = {
            "pattern": ("string",),
            "items": ("array",),
            "properties": ("object",),
            "minimum": ("integer", "number"),
            "maximum": ("integer", "number"),
        }.get(key)
        if wanted is not None and kind not in wanted:
            why = f"a parameter of type {kind} has none"
            self._findings.add("TOML007", place, key=key, value=str(table[key]), why=why)
            return False
        if key == "pattern":
            try:
                re.compile(table[key])
            except re.error as error:
                self._findings.add("TOML015", place, pattern=table[key], why=str(error))
                return False
        return True

    def _validator(self, path: Path, table: Mapping[str, Any]) -> Validator | None:
        name = table.get("validator")
        if name is None:
            return None
        found = self._known.validator(name)
        if found is None:
            near = closest(name, self._known.validator_names)
            self._findings.add(
                "TOML007",
                self._document.value((*path, "validator")),
                hint=f"did you mean `{near}`?" if near else None,
                key="validator",
                value=name,
                why="no package adds a validator of this name",
            )
        return found

    def _default(self, path: Path, name: str, table: Mapping[str, Any], decode: Decoder) -> Any:  # noqa: ANN401 -- JSON
        try:
            return decode(table["default"])
        except (ValueError, TypeError) as error:
            place = self._document.value((*path, "default"))
            self._findings.add("TOML014", place, name=name, why=f"it {error}")
            return table["default"]
