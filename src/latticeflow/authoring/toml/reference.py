"""The reference page of workflow.toml, from its shape."""

from __future__ import annotations

from latticeflow.authoring.toml.reading import wanted_text
from latticeflow.authoring.toml.shape import (
    ACTION,
    ACTION_INPUT,
    ARTIFACT,
    PARAMETER,
    REQUIREMENTS,
    RETRY,
    STEP,
    WORKFLOW,
    Shape,
)

_SECTIONS: tuple[tuple[str, str, Shape], ...] = (
    ("The workflow", "Keys at the top of the file.", WORKFLOW),
    ("`[parameters.NAME]`", "One table for each value a run is given.", PARAMETER),
    ("`[steps.NAME]`", "One table for each step; it has `run` or `uses`.", STEP),
    ("`retry`", "A number of attempts, or a table.", RETRY["anyOf"][1]),
    ("`[actions.NAME]`", "A step to use again: what `uses` of a step may name.", ACTION),
    ("`[actions.NAME.inputs.NAME]`", "What an action is given.", ACTION_INPUT),
    ("`[artifacts.NAME]`, `[[artifacts]]`", "Files that a run leaves.", ARTIFACT),
    ("`[requirements]`", "What the machine must have.", REQUIREMENTS),
)
_HEAD = """\
# workflow.toml

Every key, generated from the schema that the reader itself follows; editors take the same as
`schemas/workflow.schema.json`. What an expression may say is in [Expressions](expressions.md).

Names of steps, parameters, actions and outputs begin with a letter or `_` and hold letters,
digits, `_` and `-`. Durations are a number and a unit (`"250ms"`, `"30s"`, `"5m"`, `"2h"`,
`"7d"`) and may be added up (`"1h30m"`).
"""


def toml_reference() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for title, lead, shape in _SECTIONS:
        parts += [f"## {title}", lead, _table(shape)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(shape: Shape) -> str:
    rows = ["| key | value | |", "|---|---|---|"]
    for key, value in sorted(shape["properties"].items()):
        rows.append(f"| `{key}` | {_kind(value)} | {_cell(value.get('description', ''))} |")
    return "\n".join(rows)


def _kind(shape: Shape) -> str:
    if "enum" in shape:
        return " or ".join(f"`{choice}`" for choice in shape["enum"])
    if "anyOf" in shape:
        return ", or ".join(dict.fromkeys(_kind(each) for each in shape["anyOf"]))
    if shape.get("format") == "expression":
        return "an expression"
    if shape.get("format") == "template":
        return "a text with `${{ }}`"
    if shape.get("type") == "array" and "items" in shape:
        return f"a list of {_many(shape['items'])}"
    return wanted_text(shape) if "type" in shape else "anything"


def _many(items: Shape) -> str:
    return {"string": "texts", "object": "tables"}.get(str(items.get("type")), "values")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
