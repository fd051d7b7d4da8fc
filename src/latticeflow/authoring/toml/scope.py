"""What expressions of a workflow see, with types: `params`, `steps`, `run`, `env`, `inputs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from latticeflow.authoring.toml.findings import Findings
from latticeflow.authoring.toml.places import Place
from latticeflow.diagnostics import did_you_mean
from latticeflow.expr import (
    BOOL,
    DYN,
    INT,
    STRING,
    ExpressionIssue,
    Field,
    Hole,
    Map,
    Mention,
    Program,
    Record,
    Template,
    Type,
    compile_expression,
    compile_template,
    find_paths,
    from_json_schema,
    parse_template,
    record,
)

STATUS = from_json_schema({"enum": ["succeeded", "failed", "skipped"]})
RUN = record({"id": STRING, "flow": STRING}, "run")
ENVIRONMENT = Map(STRING)


@dataclass(frozen=True, slots=True)
class StepType:
    """What expressions see of a step: a command's output, or a component's value."""

    is_command: bool
    value: Type
    outputs: Type

    def as_record(self, name: str) -> Record:
        """Return the type of `steps.NAME`."""
        parts: dict[str, Type] = {"status": STATUS, "value": self.value}
        if self.is_command:
            parts |= {"stdout": STRING, "stderr": STRING, "exit_code": INT}
        parts["outputs"] = self.outputs
        fields = (*record(parts).fields, Field("error", STRING, required=False))
        return Record(fields, f"steps.{name}")


def command_type(outputs: Mapping[str, Type], name: str) -> StepType:
    """Return the type of a command with the declared `outputs`."""
    outputs_type = record(dict(outputs), f"steps.{name}.outputs")
    parts: dict[str, Type] = {
        "stdout": STRING,
        "stderr": STRING,
        "exit_code": INT,
        "outputs": outputs_type,
    }
    return StepType(True, record(parts), outputs_type)


def component_type(value: Type, name: str) -> StepType:
    """Return the type of a step whose component gives `value`."""
    if isinstance(value, Record):
        fields = {field.name: field for field in value.fields}
        fields["result"] = Field("result", value)
        return StepType(False, value, Record(tuple(fields.values()), f"steps.{name}.outputs"))
    outputs = DYN if value == DYN else record({"result": value}, f"steps.{name}.outputs")
    return StepType(False, value, outputs)


def variables_of(parameters: Mapping[str, Type], steps: Mapping[str, StepType]) -> dict[str, Type]:
    """Return the types of what every expression of a workflow may name."""
    records: dict[str, Type] = {name: step.as_record(name) for name, step in steps.items()}
    return {
        "params": record(dict(parameters), "params"),
        "steps": record(records, "steps"),
        "run": RUN,
        "env": ENVIRONMENT,
    }


@dataclass(slots=True)
class Scope:
    """Compiles the expressions of one step, reports what is wrong, notes the steps they name."""

    findings: Findings
    steps: Mapping[str, StepType]
    variables: Mapping[str, Type]
    mentioned: dict[str, Place] = field(default_factory=dict)

    def with_inputs(self, inputs: Record | None) -> Scope:
        """Return the scope of one step, inside an action with `inputs`; it notes by itself."""
        variables = {name: type_ for name, type_ in self.variables.items() if name != "inputs"}
        if inputs is not None:
            variables["inputs"] = inputs
        return Scope(self.findings, self.steps, variables)

    def condition(self, text: str, place: Place) -> Program | None:
        """Compile an expression that must be bool; None if something is wrong with it."""
        found = compile_expression(text, self.variables, expected=BOOL)
        told = self._note(text, 0, place)
        if isinstance(found, Program):
            return found if not told else None
        self._report(found, told, place)
        return None

    def template(self, text: str, place: Place) -> Template | None:
        """Compile a text with `${{ }}`; None if something is wrong with it."""
        found = compile_template(text, self.variables)
        pieces = parse_template(text)
        told: set[int] = set()
        for piece in () if isinstance(pieces, ExpressionIssue) else pieces:
            if isinstance(piece, Hole):
                told |= self._note(piece.expression, piece.offset, place)
        if isinstance(found, Template):
            return found if not told else None
        self._report(found, told, place)
        return None

    def _report(self, issues: tuple[ExpressionIssue, ...], told: set[int], place: Place) -> None:
        for issue in issues:
            if issue.offset not in told:
                self.findings.expression(issue, place)

    def _note(self, text: str, offset: int, place: Place) -> set[int]:
        """Note the steps that `text` mentions; report those and their outputs that don't exist.

        Returns the offsets of what was reported, so that it is not reported again.
        """
        told: set[int] = set()
        for mention in find_paths(text):
            if mention.path[0] == "steps" and len(mention.path) > 1:
                told |= self._step(mention, text, offset, place)
        return told

    def _step(self, mention: Mention, text: str, offset: int, place: Place) -> set[int]:
        name = str(mention.path[1])
        start, end = mention.spans[1]
        known = self.steps.get(name)
        at = place.part(offset + start, offset + end)
        if known is None:
            hint = _hyphenated(text, start, self.steps)
            near = "" if hint else did_you_mean(name, self.steps)
            self.findings.add("TOML005", at, hint=hint, name=name, suggestion=near)
            return {offset + start}
        self.mentioned.setdefault(name, at)
        outputs = known.outputs
        if len(mention.path) < 4 or mention.path[2] != "outputs":
            return set()
        output = str(mention.path[3])
        if not isinstance(outputs, Record) or outputs.field(output) is not None:
            return set()
        start, end = mention.spans[3]
        names = [each.name for each in outputs.fields]
        hint = None
        if known.is_command and not names:
            hint = f'declare it: `outputs = ["{output}"]` in [steps.{name}]'
        self.findings.add(
            "TOML020",
            place.part(offset + start, offset + end),
            hint=hint,
            step=name,
            output=output,
            suggestion=did_you_mean(output, names),
        )
        return {offset + start}


def _hyphenated(text: str, start: int, names: Iterable[str]) -> str | None:
    """Return a hint for `steps.fetch-data`, which reads as a subtraction."""
    for name in names:
        if "-" in name and text.startswith(name, start):
            return f'a name with `-` goes in brackets: `steps["{name}"]`'
    return None
