"""Load what a Python target names: `file.py`, `file.py:flow`, `package.module:flow`."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeAlias

import msgspec

from latticeflow.authoring.dsl.builder import FlowBuilder
from latticeflow.authoring.dsl.components import component_of, is_data_type
from latticeflow.authoring.dsl.importing import Imported, import_file, import_named
from latticeflow.authoring.dsl.naming import file_label, project_root
from latticeflow.authoring.dsl.options import flow_options, node_options
from latticeflow.diagnostics import CheckError, Diagnostic, did_you_mean, report
from latticeflow.flow.component import Component

FlowSource: TypeAlias = Callable[..., Any] | FlowBuilder
"""A flow function, or a builder at a module's top level."""


class LoadedTarget(msgspec.Struct, frozen=True):
    """What a target named.

    `flow` is the one that was asked for, or the module's only one; it is None exactly when
    `diagnostics` say why. `flows` are all flows that the module defines, by name, in its order.
    `files` holds the sources for code frames, by the name that locations use.
    """

    target: str
    flow: FlowSource | None = None
    flows: Mapping[str, FlowSource] = msgspec.field(default_factory=dict)
    module: ModuleType | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    files: Mapping[str, str] = msgspec.field(default_factory=dict)


def load_python(target: str, *, root: Path | None = None) -> LoadedTarget:
    """Import what `target` names and find the flow in it.

    Args:
        target: `file.py`, `file.py:flow`, `package.module` or `package.module:flow`; a file
            relative to the working directory.
        root: The project's folder, which identifiers and module names are relative to; by
            default the nearest folder above the file with a project's mark.

    Returns:
        The flow, or diagnostics; a user's module never raises out of here.
    """
    place, name = _split(target)
    if not place:
        return _refused(target, report("CLI001", target=target, why="it names no file or module"))
    if place.endswith(".py"):
        path = Path(place)
        base = project_root(path) if root is None else root
        imported = import_file(path, root=base, target=target)
        files = _sources([str(path.absolute())], base)
    else:
        base = Path.cwd() if root is None else root
        imported = import_named(place, root=base, target=target)
        files = {}
    if isinstance(imported, tuple):
        located = [found.location.file for found in imported if found.location]
        files = {**_sources([str(base / file) for file in located if file], base), **files}
        return LoadedTarget(target, diagnostics=imported, files=files)
    file = getattr(imported, "__file__", None)
    files = {**files, **_sources([file] if file else [], base)}
    return _choose(target, place, name, imported, files)


def load_flows(module: ModuleType) -> dict[str, FlowSource]:
    """Return the flows that a module defines itself, by name, in its order."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, FlowBuilder)
        or (flow_options(value) is not None and value.__module__ == module.__name__)
    }


def resolve_python(identifier: str, root: Path) -> Component | Diagnostic:
    """Return the component that an identifier names, importing its module.

    Args:
        identifier: `package.module:qualname`, or `relative/path.py:qualname`; a leading `./` is
            fine.
        root: The project's folder.

    Returns:
        The component, or one diagnostic without a place: the caller knows who asked.
    """
    place, qualname = _split(identifier)
    if not place or not qualname:
        why = "an identifier is module:name or path.py:name"
        return report("CLI001", target=identifier, why=why)
    if "<locals>" in qualname or "#" in qualname:
        what = "a function inside a function, which nothing else can find"
        return report("FLOW003", name=qualname, what=what)
    imported = _import(place, root, identifier)
    if isinstance(imported, tuple):
        return imported[0]
    try:
        found: Any = reduce(getattr, qualname.split("."), imported)
    except AttributeError:
        names = [name for name, value in vars(imported).items() if _is_component(value)]
        return report("FLOW018", name=qualname, suggestion=did_you_mean(qualname, names))
    if not _is_component(found):
        what = "is a flow, not a node" if flow_options(found) else "is not a node"
        return report("FLOW009", name=qualname, what=what)
    try:
        return component_of(found)
    except CheckError as error:
        return error.diagnostics[0]


def _import(place: str, root: Path, target: str) -> Imported:
    if place.endswith(".py"):
        return import_file(root / place, root=root, target=target)
    return import_named(place, root=root, target=target)


def _is_component(value: object) -> bool:
    marked = isinstance(value, FunctionType) and node_options(value) is not None
    return marked or is_data_type(value)


def _split(target: str) -> tuple[str, str]:
    """Split a target into its place and the name after the colon, either may be empty."""
    if target.endswith(".py"):
        return target, ""
    place, colon, name = target.rpartition(":")
    return (place, name) if colon else (target, "")


def _choose(
    target: str, place: str, name: str, module: ModuleType, files: Mapping[str, str]
) -> LoadedTarget:
    flows = load_flows(module)
    found: object = None
    problem: Diagnostic | None = None
    if name:
        found = getattr(module, name, None)
        if not isinstance(found, FlowBuilder) and flow_options(found) is None:
            hint = did_you_mean(name, flows)
            problem = report("CLI003", target=place, what=f" called `{name}`", suggestion=hint)
    elif len(flows) == 1:
        found = next(iter(flows.values()))
    elif flows:
        names = ", ".join(f"`{known}`" for known in flows)
        example = next(iter(flows))
        problem = report("CLI004", target=place, names=names, example=example)
    else:
        problem = report("CLI003", target=place, what="", suggestion="")
    if problem is not None:
        return LoadedTarget(target, flows=flows, module=module, diagnostics=(problem,), files=files)
    # A class attribute may shadow the options; what passed above is a flow or a builder.
    chosen: Any = found
    return LoadedTarget(target, flow=chosen, flows=flows, module=module, files=files)


def _sources(files: list[str], root: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in files:
        text = "".join(linecache.getlines(file))
        if text:
            path = Path(file).absolute()
            label = (
                path.relative_to(root.absolute()) if path.is_relative_to(root.absolute()) else None
            )
            found[label.as_posix() if label else file_label(file)] = text
    return found


def _refused(target: str, problem: Diagnostic) -> LoadedTarget:
    return LoadedTarget(target, diagnostics=(problem,))
