"""A step as the sum of its own table and the actions it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latticeflow.authoring.toml.constants import as_expression
from latticeflow.authoring.toml.places import Path, Place
from latticeflow.expr import ExpressionIssue, Hole, find_paths, parse_template


@dataclass(frozen=True, slots=True)
class Layer:
    """One table with the places of its values.

    `bindings` gives, for an action, the expressions that its inputs stand for.
    """

    table: Mapping[str, Any]
    value_place: Callable[[Path], Place]
    key_place: Callable[[Path], Place]
    bindings: Mapping[str, str] | None = None

    def filled(self, value: Any) -> Any:  # noqa: ANN401 -- JSON
        """Return `value` with the inputs of the action put in."""
        if self.bindings is None:
            return value
        if isinstance(value, str):
            return fill_template(value, self.bindings)
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        return value


@dataclass(frozen=True, slots=True)
class Found:
    """A value, where it stands, and the layer it is from."""

    value: Any
    layer: Layer
    path: Path

    def place(self, *below: str | int) -> Place:
        """Return where the value, or a part of it, stands."""
        place = self.layer.value_place((*self.path, *below))
        if self.layer.bindings is not None:
            # The text was put together, so offsets in it are no offsets in the file.
            return Place(place.text, place.start, place.end)
        return place

    def key(self, *below: str | int) -> Place:
        """Return where the key of the value, or of a part of it, stands."""
        return self.layer.key_place((*self.path, *below))


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers of a step, its own table first."""

    layers: Sequence[Layer]

    def get(self, key: str) -> Found | None:
        """Return what the first layer with `key` says."""
        for layer in self.layers:
            if key in layer.table:
                return Found(layer.filled(layer.table[key]), layer, (key,))
        return None

    def value(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 -- JSON
        """Return the value of `key`, or `default`."""
        found = self.get(key)
        return default if found is None else found.value

    def all(self, key: str) -> list[Found]:
        """Return what each layer says of `key`, the lowest first."""
        return [
            Found(layer.filled(layer.table[key]), layer, (key,))
            for layer in reversed(self.layers)
            if key in layer.table
        ]


def fill_template(text: str, bindings: Mapping[str, str]) -> str:
    """Put `bindings` in for `inputs.NAME` in all expressions of a text."""
    pieces = parse_template(text)
    if isinstance(pieces, ExpressionIssue):
        return text
    return "".join(
        f"${{{{ {fill_expression(piece.expression, bindings)} }}}}"
        if isinstance(piece, Hole)
        else piece.text.replace("${{", "$${{")
        for piece in pieces
    )


def fill_expression(text: str, bindings: Mapping[str, str]) -> str:
    """Put `bindings` in for `inputs.NAME` in an expression."""
    parts: list[str] = []
    position = 0
    for mention in find_paths(text):
        if mention.path[0] != "inputs" or len(mention.path) < 2:
            continue
        name = str(mention.path[1])
        end = mention.spans[1][1]
        if text[end : end + 1] == "]":
            end += 1
        parts += (text[position : mention.start], f"({bindings.get(name, 'null')})")
        position = end
    return "".join((*parts, text[position:]))


def binding_of(value: Any) -> str:  # noqa: ANN401 -- JSON
    """Return the expression that an input given as `value` stands for."""
    return as_expression(value)
