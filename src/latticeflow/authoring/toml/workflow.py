"""Read a workflow.toml: source → graph, places, components, findings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from latticeflow.authoring.model import Authored
from latticeflow.authoring.toml.durations import read_ms
from latticeflow.authoring.toml.extensions import Extensions, Known
from latticeflow.authoring.toml.findings import Findings
from latticeflow.authoring.toml.lowering import Lowering
from latticeflow.authoring.toml.merging import Includer, ReadFile, apply_overrides
from latticeflow.authoring.toml.parameters import Parameter, read_parameters
from latticeflow.authoring.toml.places import Document
from latticeflow.authoring.toml.reading import fit
from latticeflow.authoring.toml.scope import Scope, variables_of
from latticeflow.authoring.toml.shape import WORKFLOW
from latticeflow.authoring.toml.steps import Resolve, StepReader, Work
from latticeflow.authoring.toml.wiring import INPUT, Graph
from latticeflow.diagnostics import sort_diagnostics
from latticeflow.flow import (
    DEVELOPMENT_VERSION,
    Artifact,
    Catalog,
    Component,
    DurabilityPolicy,
    Entrypoint,
    Flow,
    Metadata,
    Output,
    Policies,
    Requirement,
    flow_id,
)

_VERSIONED = re.compile(r"^(?P<name>.+)@(?P<version>\d+\.\d+\.\d+\S*)$")
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)\s*(.*)$")


def read_workflow(
    content: str,
    *,
    file: str,
    resolve: Resolve,
    read_file: ReadFile | None = None,
    overrides: Mapping[str, object] | None = None,
    extensions: Extensions | None = None,
) -> Authored:
    """Read a workflow.

    Everything that is wrong is reported, each at its place; a flow is given only if nothing is.

    Args:
        content: the text of the file, whole or broken.
        file: its name in diagnostics and spans; included files are named relative to it.
        resolve: finds what `uses` names.
        read_file: gives the text of an included file; by default from the file system.
        overrides: tables, or values by dotted path, laid over the workflow after its own
            `[overrides]`.
        extensions: actions, parameter types and validators beside those of installed packages.
    """
    findings = Findings()
    includer = Includer(read_file or _read_text, findings)
    document = apply_overrides(includer.read(content, file), overrides)
    data = fit(document, WORKFLOW, findings)
    reader = _Workflow(data, document, findings, Known(extensions))
    flow, catalog, graph, parameters = reader.lower(resolve)
    return Authored(
        flow=None if findings.has_errors else flow,
        catalog=catalog,
        spans=graph.spans,
        diagnostics=sort_diagnostics(findings.found),
        files=includer.files,
        decode={each.name: each.decode for each in parameters},
    )


def load_workflow(
    path: FilePath | str,
    *,
    resolve: Resolve,
    overrides: Mapping[str, object] | None = None,
    extensions: Extensions | None = None,
) -> Authored:
    """Read the workflow at `path`; see `read_workflow`.

    Raises:
        OSError: the file can't be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    content = _read_text(str(path))
    return read_workflow(
        content, file=str(path), resolve=resolve, overrides=overrides, extensions=extensions
    )


def _read_text(path: str) -> str:
    return FilePath(path).read_text(encoding="utf-8")


class _Workflow:
    def __init__(
        self, data: dict[str, Any], document: Document, findings: Findings, known: Known
    ) -> None:
        self._data = data
        self._document = document
        self._findings = findings
        self._known = known

    def lower(self, resolve: Resolve) -> tuple[Flow, Catalog, Graph, list[Parameter]]:
        name, version = self._identity()
        identity = flow_id(name, version)
        parameters = read_parameters(
            self._data.get("parameters", {}), self._document, self._known, self._findings
        )
        works = StepReader(
            self._data,
            self._document,
            resolve=resolve,
            known=self._known,
            findings=self._findings,
        ).read()
        steps = {work.name: work.type() for work in works}
        variables = variables_of({each.name: each.type for each in parameters}, steps)
        scope = Scope(self._findings, steps, variables)
        commands = frozenset(work.name for work in works if work.component is None)
        graph = Graph(self._findings, commands)
        lowering = Lowering(
            identity,
            graph,
            scope,
            data=self._data,
            document=self._document,
            findings=self._findings,
        )
        if parameters:
            lowering.trigger()
        for work in works:
            lowering.step(work)
        outputs = self._data.get("outputs")
        result = lowering.result(outputs) if outputs else None
        self._refuse_cycle(graph)
        if "steps" not in self._document.root:
            self._findings.add("TOML004", self._document.start, where="the workflow", key="steps")
        flow = self._flow(name, version, graph, parameters, result)
        return flow, _catalog(works, resolve), graph, parameters

    def _identity(self) -> tuple[str, str]:
        name = self._data.get("id") or self._data.get("name")
        if not {"id", "name"} & set(self._document.root):
            self._findings.add("TOML004", self._document.start, where="the workflow", key="id")
        text = str(name or "workflow")
        versioned = _VERSIONED.match(text)
        if versioned is not None:
            return versioned["name"], str(self._data.get("version", versioned["version"]))
        return text, str(self._data.get("version", DEVELOPMENT_VERSION))

    def _refuse_cycle(self, graph: Graph) -> None:
        found = graph.cycle()
        if found is not None:
            trail, place = found
            self._findings.add("TOML021", place, path=" → ".join(trail))

    def _flow(
        self,
        name: str,
        version: str,
        graph: Graph,
        parameters: list[Parameter],
        result: Output | None,
    ) -> Flow:
        data = self._data
        entrypoints = []
        if parameters:
            last = graph.nodes[-1].alias if result is None else result.from_
            entrypoints.append(Entrypoint(trigger_alias=INPUT, capture_alias=last))
        policies = Policies()
        if "durability" in data:
            policies = Policies(durability=DurabilityPolicy(mode=data["durability"]))
        return Flow(
            id=flow_id(name, version),
            name=name,
            version=version,
            profile="dev",
            summary=data.get("description") or data.get("name"),
            nodes=graph.nodes,
            edges=graph.edges,
            policies=policies,
            metadata=Metadata(
                tags=data.get("tags", []),
                entrypoints=entrypoints,
                license=data.get("license"),
                homepage=data.get("homepage"),
            ),
            artifacts=_artifacts(data.get("artifacts", [])),
            inputs={each.name: each.port for each in parameters},
            output=result,
            parameters=data.get("parameters", {}),
            requirements=_requirements(data.get("requirements", {})),
            max_parallel=data.get("max_parallel", 1),
        )


def _catalog(works: list[Work], resolve: Resolve) -> Catalog:
    components = [work.component for work in works if work.component is not None]
    for component in list(components):
        undo = component.spec.compensate
        found = None if undo is None else resolve(undo)
        if isinstance(found, Component):
            components.append(found)
    return Catalog(components)


def _artifacts(declared: list[dict[str, Any]] | dict[str, dict[str, Any]]) -> list[Artifact]:
    tables = declared if isinstance(declared, list) else declared.values()
    return [
        Artifact(
            kind="output",
            path=table["path"],
            format=table.get("format"),
            retention_ms=read_ms(table["retention"]) if "retention" in table else None,
            checksum=table.get("checksum", "sha256"),
        )
        for table in tables
        if "path" in table
    ]


def _requirements(table: Mapping[str, Any]) -> list[Requirement]:
    found: list[Requirement] = []
    if "python" in table:
        found.append(Requirement(kind="python", name="python", version=table["python"]))
    for name, version in _versions(table.get("tools", [])):
        found.append(Requirement(kind="tool", name=name, version=version))
    for name, version in _versions(table.get("packages", [])):
        found.append(Requirement(kind="package", name=name, version=version))
    return found


def _versions(declared: list[str] | Mapping[str, str]) -> list[tuple[str, str | None]]:
    """Return names with the versions they must have; `git>=2.30` in a list says both."""
    pairs = (
        [(match[1], match[2]) for text in declared if (match := _REQUIREMENT.match(text))]
        if isinstance(declared, list)
        else list(declared.items())
    )
    return [(name, None if version in ("", "*") else version) for name, version in pairs]
