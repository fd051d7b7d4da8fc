"""The pages of the codes, and the text of `flows explain`, both from the one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from latticeflow.diagnostics.codes import Code
from latticeflow.diagnostics.index import all_codes

_STATUS = {
    "implemented": "reported by `flows check`",
    "runtime": "reported while a flow runs, or by a command",
    "reserved": "reserved: nothing reports it yet",
}


class Example(msgspec.Struct, frozen=True):
    """A file that triggers a code, or one that does not: its language and its text."""

    language: str
    text: str


def explain(code: str) -> str:
    """Return what is known about a code, as plain text.

    Args:
        code: A code, in any case.

    Returns:
        The text, or an empty one when the table has no such code.
    """
    row = _find(code)
    if row is None:
        return ""
    out = [f"{row.code} ({row.name.replace('_', ' ')})", "", row.summary]
    if row.why:
        out += ["", row.why]
    out += ["", f"severity:  {row.severity.value}", f"message:   {_plain(row.template)}"]
    if row.hint:
        out.append(f"what to do: {_plain(row.hint)}")
    out += [f"part:      {row.subsystem}", f"status:    {_STATUS[row.status].replace('`', '')}"]
    out += [f"since:     {row.since}", f"page:      {row.url}"]
    return "\n".join(out) + "\n"


def code_pages(
    examples: Mapping[str, Mapping[str, Example]] | None = None,
) -> dict[str, str]:
    """Return the generated pages by file name: one per code that is reported, and the index.

    Args:
        examples: For a code, its examples by name (`bad`, `good`).
    """
    shown = [row for row in all_codes().values() if row.status != "reserved"]
    found = examples or {}
    pages = {f"{row.slug}.md": _page(row, found.get(row.code, {})) for row in shown}
    pages["index.md"] = _index(all_codes().values())
    return pages


def _find(code: str) -> Code | None:
    rows = all_codes()
    return rows.get(code) or next(
        (r for r in rows.values() if r.code.lower() == code.lower()), None
    )


def _page(row: Code, examples: Mapping[str, Example]) -> str:
    out = [f"# {row.code}: {row.name.replace('_', ' ')}", "", row.summary]
    if row.why:
        out += ["", row.why]
    out += ["", f"- severity: {row.severity.value}", f"- part: {row.subsystem}"]
    out += [f"- since: {row.since}", f"- {_STATUS[row.status]}", "", "The message:", ""]
    out += ["```text", _plain(row.template), "```"]
    if row.hint:
        out += ["", f"What to do: {_plain(row.hint)}."]
    for title, key in (("Refused", "bad"), ("Accepted", "good")):
        if key in examples:
            example = examples[key]
            out += ["", f"## {title}", ""]
            # The test of code blocks leaves this folder to the test of the fixtures.
            out += [f"```{example.language}", example.text.rstrip("\n"), "```"]
    return "\n".join(out) + "\n"


def _index(rows: Iterable[Code]) -> str:
    out = [
        "# Codes",
        "",
        "Every finding has a code. `flows explain CODE` prints what its page says.",
        "",
        "| code | severity | meaning |",
        "|---|---|---|",
    ]
    reserved = []
    for row in rows:
        if row.status == "reserved":
            reserved.append(row)
            continue
        out.append(f"| [{row.code}]({row.slug}.md) | {row.severity.value} | {_cell(row.summary)} |")
    out += [
        "",
        "## Reserved",
        "",
        "Named by the design, reported by nothing yet; never used for anything else.",
        "",
        "| code | meaning |",
        "|---|---|",
    ]
    out += [f"| {row.code} | {_cell(row.summary)} |" for row in reserved]
    return "\n".join(out) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _plain(template: str) -> str:
    """Show a template to people: fields as <names>, doubled braces as single ones."""
    text = re.sub(r"(?<!\{)\{(\w+)(?:![rs])?\}(?!\})", r"<\1>", template)
    return text.replace("{{", "{").replace("}}", "}")
