"""What packages add: actions, parameter types, validators.

A package names them in its entry points, in the groups `latticeflow.actions`,
`latticeflow.parameter_types` and `latticeflow.validators`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from typing import Any, TypeAlias

Validator: TypeAlias = Callable[[Any], str | None]
"""Says what is wrong with a value, such as "is in the past", or None."""


@dataclass(frozen=True, slots=True)
class ParameterType:
    """A type of parameters: a JSON Schema, and a check beyond it.

    `decode` turns the JSON of a value into what the run gets, and raises `ValueError` with what
    is wrong.
    """

    schema: Mapping[str, Any]
    decode: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Extensions:
    """Additions by name. An action is a table as `[actions.NAME]` takes it."""

    actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameter_types: Mapping[str, ParameterType] = field(default_factory=dict)
    validators: Mapping[str, Validator] = field(default_factory=dict)


class Known:
    """The additions given by a caller, then those of installed packages, found when asked for."""

    def __init__(self, given: Extensions | None) -> None:
        self._given = given or Extensions()

    def action(self, name: str) -> Mapping[str, Any] | None:
        """Return the action `name`, or None."""
        found = self._given.actions.get(name)
        if found is not None:
            return found
        loaded = _loaded("latticeflow.actions", name)
        return loaded if isinstance(loaded, Mapping) else None

    def parameter_type(self, name: str) -> ParameterType | None:
        """Return the parameter type `name`, or None."""
        found = self._given.parameter_types.get(name)
        if found is not None:
            return found
        loaded = _loaded("latticeflow.parameter_types", name)
        return loaded if isinstance(loaded, ParameterType) else None

    def validator(self, name: str) -> Validator | None:
        """Return the validator `name`, or None."""
        found = self._given.validators.get(name)
        if found is not None:
            return found
        loaded: object = _loaded("latticeflow.validators", name)
        return loaded if callable(loaded) else None

    def names(self, group: str, given: Iterable[str]) -> list[str]:
        """Return all names of a group, for suggestions."""
        return [*given, *(entry.name for entry in metadata.entry_points(group=group))]

    @property
    def validator_names(self) -> list[str]:
        """All validators, for suggestions."""
        return self.names("latticeflow.validators", self._given.validators)

    @property
    def type_names(self) -> list[str]:
        """All added parameter types, for suggestions."""
        return self.names("latticeflow.parameter_types", self._given.parameter_types)

    @property
    def action_names(self) -> list[str]:
        """All added actions, for suggestions."""
        return self.names("latticeflow.actions", self._given.actions)


@lru_cache(maxsize=256)
def _loaded(group: str, name: str) -> object:
    for entry in metadata.entry_points(group=group, name=name):
        return entry.load()
    return None
