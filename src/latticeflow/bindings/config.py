"""The configuration: one file, then `FLOWS_*` variables, then flags; each value with its origin."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from latticeflow.diagnostics import Diagnostic, Location, UsageError, did_you_mean, report

FILE = "flows.toml"
PROJECT_FILE = "pyproject.toml"


class Setting(msgspec.Struct, frozen=True):
    """A setting: what it is by default, what it does, and how its text is read."""

    name: str
    default: Any
    summary: str
    read: Callable[[object], Any]

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"FLOWS_{self.name.upper()}"


class Value(msgspec.Struct, frozen=True):
    """What a setting is, and who said so."""

    setting: Setting
    value: Any
    origin: str


class Config(msgspec.Struct, frozen=True):
    """The settings of a project. `root` is its folder: where the configuration file is."""

    root: Path
    values: Mapping[str, Value]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  (each setting has its own type)
        return self.values[name].value


def _choice(*choices: str) -> Callable[[object], str]:
    def read(given: object) -> str:
        if given not in choices:
            raise ValueError(f"it is one of {', '.join(choices)}")
        return str(given)

    return read


def _text(given: object) -> str:
    if not isinstance(given, str) or not given:
        raise ValueError("it is a text")
    return given


def _count(given: object) -> int:
    if isinstance(given, str) and given.isascii() and given.isdigit():
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise ValueError("it is a whole number from 1")
    return given


SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("store", "sqlite:///.flows/runs.db", "where runs are kept", _text),
        Setting(
            "durability",
            "strong",
            "when steps are committed",
            _choice("strong", "partial", "off"),
        ),
        Setting("parallel", None, "how many steps run at once", _count),
    )
}


def read_config(start: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Return the configuration that holds in `start`, by default the working directory.

    The nearest folder above with a `flows.toml`, or with a `pyproject.toml` that has a table
    `[tool.latticeflow]`, is the project. A store in its file, and the default one, are relative to
    it; one from a variable is relative to the working directory.

    Raises:
        UsageError: the file cannot be read (CONF001), names something unknown (CONF002) or a
            value that cannot be (CONF003).
    """
    here = (start or Path.cwd()).absolute()
    root, file, table = _find(here)
    found: list[Diagnostic] = []
    values = {
        name: Value(setting, setting.default, "default") for name, setting in SETTINGS.items()
    }

    def take(name: str, given: object, origin: str, *, location: Location | None = None) -> None:
        setting = SETTINGS.get(name)
        if setting is None:
            suggestion = did_you_mean(name, SETTINGS)
            found.append(
                report("CONF002", name=name, where=origin, suggestion=suggestion, location=location)
            )
            return
        try:
            values[name] = Value(setting, setting.read(given), origin)
        except ValueError as exc:
            found.append(report("CONF003", name=name, where=origin, why=exc, location=location))

    for name, given in table.items():
        take(name, given, str(file), location=Location(file=str(file)))
    for setting in SETTINGS.values():
        text = (os.environ if environ is None else environ).get(setting.variable)
        if text:
            take(setting.name, text, setting.variable)
    if found:
        raise UsageError(diagnostics=tuple(found))
    store = values["store"]
    if store.origin != SETTINGS["store"].variable and root != here:
        placed = _beside(store.value, root)
        values["store"] = Value(store.setting, placed, store.origin)
    return Config(root, values)


def _find(here: Path) -> tuple[Path, Path | None, Mapping[str, object]]:
    for folder in (here, *here.parents):
        own = folder / FILE
        if own.is_file():
            return folder, own, _table(own)
        project = folder / PROJECT_FILE
        if project.is_file():
            tool = _table(project).get("tool")
            table = tool.get("latticeflow") if isinstance(tool, dict) else None
            if isinstance(table, dict):
                return folder, project, table
    return here, None, {}


def _table(file: Path) -> Mapping[str, object]:
    # Late: without a configuration there is nothing to parse.
    import tomllib

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        where = Location(file=str(file))
        found = report("CONF001", file=file, why=exc, location=where)
        raise UsageError(diagnostics=(found,)) from exc


def _beside(url: str, root: Path) -> str:
    """Return `url` with a relative path of an SQLite store made absolute below `root`."""
    path, mark, options = url.partition("?")
    for prefix in ("sqlite:///", "sqlite:"):
        if path.startswith(prefix):
            rest = path.removeprefix(prefix)
            if rest.startswith("/"):
                return url
            return f"sqlite:///{(root / rest).as_posix()}{mark}{options}"
    return url
