"""Targets: what a user names on a command line or a run records, and the flow it means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from latticeflow.authoring import Authored
from latticeflow.authoring.dsl import FlowBuilder, load_python, resolve_python
from latticeflow.authoring.ir import read_ir
from latticeflow.components import STANDARD
from latticeflow.diagnostics import Diagnostic, Location, Range, report
from latticeflow.flow.component import Catalog, Component
from latticeflow.flow.model import Flow, Span
from latticeflow.flow.schema import decoder_of
from latticeflow.hosts.local.compiling import compiled


def read_target(
    target: str,
    *,
    root: Path | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Authored:
    """Read the flow that `target` names: `.py`, `.py:flow`, `module:flow`, `.toml` or `.json`.

    Whatever is wrong with it is in the diagnostics; nothing is raised for what a user wrote.

    Args:
        target: The locator.
        root: The project's folder; by default the nearest one above the file.
        overrides: For a workflow.toml, values that replace its own, by dotted path.
    """
    if target.endswith(".toml"):
        return _read_toml(Path(target), root, overrides)
    if target.endswith(".json"):
        return _read_json(Path(target), root)
    loaded = load_python(target, root=root)
    if loaded.flow is None:
        return Authored(None, diagnostics=loaded.diagnostics, files=loaded.files)
    if isinstance(loaded.flow, FlowBuilder):
        authored = loaded.flow.authored()
    else:
        authored = compiled(loaded.flow)
    return msgspec.structs.replace(authored, files={**loaded.files, **authored.files})


def flows_of(target: str, *, root: Path | None = None) -> tuple[str, ...]:
    """Return the targets that `target` stands for where all flows of a module are meant.

    A module that holds several flows gives one target for each; anything else stands for itself.
    """
    if target.endswith((".toml", ".json")):
        return (target,)
    loaded = load_python(target, root=root)
    if any(each.code == "CLI004" for each in loaded.diagnostics):
        return tuple(f"{target}:{name}" for name in loaded.flows)
    return (target,)


def read_ir_text(text: str, *, file: str, root: Path | None = None) -> Authored:
    """Read a flow from the text of a Flow IR; `file` is its name in diagnostics."""
    read = read_ir(text, file=file)
    if read.flow is None:
        return read
    authored = catalog_for(read.flow, root=(root or Path.cwd()).absolute())
    found = tuple(_placed(each, read.spans) for each in authored.diagnostics)
    return msgspec.structs.replace(authored, diagnostics=found, spans=read.spans, files=read.files)


def _placed(found: Diagnostic, spans: Mapping[str, Span]) -> Diagnostic:
    """Say where in the text a finding is that knows its JSON pointer only."""
    pointer = found.location.pointer if found.location and not found.location.file else None
    span = spans.get(pointer) if pointer else None
    if span is None:
        return found
    place = Range.of(span.line, span.column, span.end_line, span.end_column)
    location = Location(file=span.file, range=place, pointer=pointer)
    return msgspec.structs.replace(found, location=location)


def catalog_for(flow: Flow, *, root: Path, known: Authored | None = None) -> Authored:
    """Return `flow` with the components it names, looked up by identifier.

    Args:
        flow: A graph from elsewhere: a file, a store.
        root: The folder that paths in identifiers are relative to.
        known: Where to look for components first.
    """
    components = dict(known.catalog) if known is not None else {}
    found: list[Diagnostic] = []
    for identifier, pointer in sorted(_named(flow).items()):
        if identifier in components or identifier.startswith("std."):
            continue
        resolved = resolve_python(identifier, root)
        if isinstance(resolved, Component):
            components[identifier] = resolved
        else:
            # What is wrong inside a module has its place there.
            location = resolved.location or Location(pointer=f"{pointer}/identifier")
            found.append(msgspec.structs.replace(resolved, location=location))
    return Authored(
        flow,
        catalog=Catalog(components.values()),
        diagnostics=tuple(found),
        decode={
            name: decode
            for name, port in flow.inputs.items()
            if (decode := decoder_of(port.schema, flow.schemas)) is not None
        },
    )


def _named(flow: Flow, within: str = "") -> dict[str, str]:
    """Return what the nodes run, each with the JSON pointer of the first node that does."""
    names: dict[str, str] = {}
    for index, node in enumerate(flow.nodes):
        pointer = f"{within}/nodes/{index}"
        if node.subflow_ir is None:
            names.setdefault(node.identifier, pointer)
        else:
            names = {**_named(node.subflow_ir, f"{pointer}/subflow_ir"), **names}
    return names


def _read_toml(path: Path, root: Path | None, overrides: Mapping[str, object] | None) -> Authored:
    from latticeflow.authoring.toml import load_workflow  # noqa: PLC0415  (only TOML flows pay)

    base = (root or path.parent).absolute()
    try:
        return load_workflow(
            path,
            resolve=lambda uses: _component(uses, path.parent, base),
            overrides=overrides,
        )
    except (OSError, UnicodeDecodeError) as exc:
        return Authored(None, diagnostics=(_unreadable(path, exc),))


def _component(uses: str, folder: Path, root: Path) -> Component | Diagnostic:
    """Return what a step of a workflow.toml uses: a path there is relative to the file."""
    if uses in STANDARD:
        return STANDARD[uses]
    place, colon, name = uses.rpartition(":")
    if place.endswith(".py") and colon:
        file = (folder / place).absolute()
        if file.is_relative_to(root):
            return resolve_python(f"{file.relative_to(root).as_posix()}:{name}", root)
    return resolve_python(uses, root)


def _read_json(path: Path, root: Path | None) -> Authored:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        return Authored(None, diagnostics=(_unreadable(path, exc),))
    return read_ir_text(text, file=str(path), root=root)


def _unreadable(path: Path, error: Exception) -> Diagnostic:
    if isinstance(error, FileNotFoundError):
        return report("CLI002", target=str(path), suggestion="")
    return report("CLI012", path=str(path), why=error, location=Location(file=str(path)))
