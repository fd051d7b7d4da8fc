"""The graph in Mermaid, which Markdown viewers draw."""

from __future__ import annotations

from latticeflow.flow.export.drawing import Form, Group, Kind, Line, Shape, draw
from latticeflow.flow.lattice import Effects
from latticeflow.flow.model import Flow

_FORMS: dict[Form, tuple[str, str]] = {
    "step": ("[", "]"),
    "entry": ("([", "])"),
    "decision": ("{", "}"),
    "merge": ("((", "))"),
    "result": ("([", "])"),
}
_ARROWS: dict[Kind, str] = {"data": "-->", "order": "-.->", "taken": "==>", "round": "-.->"}
_CLASSES = {
    Effects.PURE: ("pure", "fill:#f3f4f6,stroke:#9ca3af,color:#111827"),
    Effects.READ_ONLY: ("reads", "fill:#dbeafe,stroke:#3b82f6,color:#111827"),
    Effects.EFFECTFUL: ("writes", "fill:#fed7aa,stroke:#f97316,color:#111827"),
}
# What stands for itself inside quotes. All else is written as a character's number: Mermaid gives
# meaning to `#`, quotes, angle brackets, `%%{`, `$$` and backticks even there, and takes the last
# `;` from a line in which a colon follows the word `style`.
_SAFE = frozenset(" _-.,/()=+*|!?'…←")


def render_mermaid(flow: Flow) -> str:
    """Return `flow` as a Mermaid flowchart: bodies as subgraphs, decisions as diamonds.

    The same flow gives the same text. Every name and expression is escaped.

    Source:
        Mermaid, flowcharts, https://mermaid.js.org/syntax/flowchart.html
    """
    picture = draw(flow)
    out = ["flowchart TD"]
    _contents(picture, out, "  ")
    for group in picture.every():
        out += [f"  {_line(line)}" for line in group.wires]
    for effects, (name, style) in _CLASSES.items():
        members = [
            key
            for group in picture.every()
            for key, found in group.effects_inside()
            if found is effects
        ]
        if members:
            out.append(f"  classDef {name} {style}")
            out.append(f"  class {','.join(members)} {name}")
    return "\n".join(out) + "\n"


def _contents(group: Group, out: list[str], indent: str) -> None:
    out.extend(f"{indent}{_shape(shape)}" for shape in group.shapes)
    for inner in group.groups:
        out.append(f"{indent}subgraph {inner.key}[{quoted(*inner.lines)}]")
        _contents(inner, out, indent + "  ")
        out.append(f"{indent}end")


def _shape(shape: Shape) -> str:
    opening, closing = _FORMS[shape.form]
    return f"{shape.key}{opening}{quoted(*shape.lines)}{closing}"


def _line(line: Line) -> str:
    label = f"|{quoted(line.label)}|" if line.label else ""
    return f"{line.source} {_ARROWS[line.kind]}{label} {line.target}"


def quoted(*lines: str) -> str:
    """Return a Mermaid string of these lines, in which nothing means anything but itself."""
    return '"' + "<br/>".join(_escaped(line) for line in lines) + '"'


def _escaped(text: str) -> str:
    return "".join(
        char if char.isalnum() or char in _SAFE else f"#{ord(char)};" if char.isprintable() else " "
        for char in text
    )
