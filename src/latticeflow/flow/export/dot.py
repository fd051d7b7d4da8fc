"""The graph in DOT, the language of Graphviz."""

from __future__ import annotations

from latticeflow.flow.export.drawing import Form, Group, Kind, Line, Shape, draw
from latticeflow.flow.lattice import Effects
from latticeflow.flow.model import Flow

_FORMS: dict[Form, str] = {
    "step": "box",
    "entry": "oval",
    "decision": "diamond",
    "merge": "invtriangle",
    "result": "oval",
}
_FILLS = {
    None: "#ffffff",
    Effects.PURE: "#f3f4f6",
    Effects.READ_ONLY: "#dbeafe",
    Effects.EFFECTFUL: "#fed7aa",
}
_BORDERS = {
    None: "#9ca3af",
    Effects.PURE: "#9ca3af",
    Effects.READ_ONLY: "#3b82f6",
    Effects.EFFECTFUL: "#f97316",
}
_STYLES: dict[Kind, str] = {
    "data": "",
    "order": "style=dashed, color=gray",
    "taken": "style=bold",
    "round": "style=dotted, constraint=false",
}


def render_dot(flow: Flow) -> str:
    """Return `flow` as a DOT digraph: bodies as clusters, decisions as diamonds, effects coloured.

    The same flow gives the same text. Every name and expression is escaped.

    Source:
        The DOT language, https://graphviz.org/doc/info/lang.html
    """
    picture = draw(flow)
    out = [
        f"digraph {quoted(flow.name)} {{",
        '  compound=true; fontname="Helvetica"; fontsize=12; labelloc="t";',
        f"  label={quoted(*picture.lines)};",
        '  node [fontname="Helvetica", fontsize=11, style="filled,rounded"];',
        '  edge [fontname="Helvetica", fontsize=9];',
    ]
    _contents(picture, out, "  ")
    ends = {group.key: group for group in picture.every()}
    for group in picture.every():
        out += [f"  {_line(line, ends)};" for line in group.wires]
    out.append("}")
    return "\n".join(out) + "\n"


def _contents(group: Group, out: list[str], indent: str) -> None:
    out.extend(f"{indent}{_shape(shape)};" for shape in group.shapes)
    for inner in group.groups:
        out.append(f"{indent}subgraph cluster_{inner.key} {{")
        out.append(f"{indent}  label={quoted(*inner.lines)};")
        out.append(f'{indent}  style="rounded,filled"; fillcolor="#fafafa";')
        out.append(f'{indent}  color="{_BORDERS[inner.effects]}";')
        _contents(inner, out, indent + "  ")
        out.append(f"{indent}}}")


def _shape(shape: Shape) -> str:
    # A diamond cannot be rounded: Graphviz warns.
    style = ', style="filled"' if shape.form in ("decision", "merge") else ""
    return (
        f"{shape.key} [label={quoted(*shape.lines)}, shape={_FORMS[shape.form]}, "
        f'fillcolor="{_FILLS[shape.effects]}", color="{_BORDERS[shape.effects]}"{style}]'
    )


def _line(line: Line, groups: dict[str, Group]) -> str:
    """Return one edge. DOT joins shapes only: a group is met at a shape inside it, cut off."""
    facts: list[str] = []
    source, target = line.source, line.target
    if source in groups:
        facts.append(f"ltail=cluster_{source}")
        source = groups[source].exit
    if target in groups:
        facts.append(f"lhead=cluster_{target}")
        target = groups[target].entry
    if line.label:
        facts.append(f"label={quoted(line.label)}")
    if _STYLES[line.kind]:
        facts.append(_STYLES[line.kind])
    return f"{source} -> {target}" + (f" [{', '.join(facts)}]" if facts else "")


def quoted(*lines: str) -> str:
    """Return a DOT string of these lines, in which nothing means anything but itself."""
    return '"' + "\\n".join(_escaped(line) for line in lines) + '"'


def _escaped(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    # Graphviz reads HTML entities and its own escapes (\N, \l …) in every label.
    return plain.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
