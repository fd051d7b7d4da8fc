"""TOML: workflow.toml."""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

CODES = family(
    "toml",
    "authoring.toml",
    (
        row("TOML001", "syntax", "The file is not TOML.", "not TOML: {why}"),
        row(
            "TOML002",
            "unknown_key",
            "A key that workflow.toml does not know.",
            "unknown key `{key}` in {where}{suggestion}",
        ),
        row(
            "TOML003",
            "wrong_type",
            "A value has the wrong type.",
            "`{key}` must be {wanted}, not {given}",
        ),
        row("TOML004", "missing_key", "A required key is missing.", "{where} has no `{key}`"),
        row(
            "TOML005",
            "unknown_step",
            "A step is named that does not exist.",
            "`{name}` is no step of this workflow{suggestion}",
        ),
        row(
            "TOML006",
            "bad_duration",
            "A duration cannot be read.",
            "`{value}` is no duration",
            hint='write a number and a unit: "500ms", "30s", "5m", "2h", "7d"',
        ),
        row(
            "TOML007",
            "bad_value",
            "A value is outside what its key allows.",
            "`{key}` is `{value}`; {why}",
        ),
        row(
            "TOML008",
            "unknown_component",
            "`uses` names something that cannot be found.",
            "`{uses}` cannot be found: {why}{suggestion}",
        ),
        row(
            "TOML009",
            "unknown_input",
            "An input that the component does not have.",
            "`{uses}` has no input `{input}`{suggestion}",
        ),
        row(
            "TOML010",
            "missing_input",
            "A required input is not given.",
            "step `{step}` gives no `{input}` to `{uses}`",
        ),
        row(
            "TOML011",
            "unsafe_interpolation",
            "A `${{ }}` sits where a shell could read its value as code.",
            "`${{{{ {expression} }}}}` sits {where}, where a shell could read its value as code",
            hint="move it out, put it between double quotes, or write `run` as an array",
        ),
        row(
            "TOML012",
            "run_and_uses",
            "A step says both `run` and `uses`.",
            "step `{step}` has both `run` and `uses`",
        ),
        row(
            "TOML013",
            "no_work",
            "A step says neither `run` nor `uses`.",
            "step `{step}` has neither `run` nor `uses`",
        ),
        row(
            "TOML014",
            "bad_default",
            "A parameter's default is not one of its values.",
            "the default of parameter `{name}` does not fit: {why}",
        ),
        row(
            "TOML015",
            "bad_pattern",
            "A pattern is no regular expression.",
            "`{pattern}` is no regular expression: {why}",
        ),
        row(
            "TOML016",
            "include_not_found",
            "An included file cannot be read.",
            "`{path}` cannot be included: {why}",
        ),
        row("TOML017", "include_cycle", "Files include each other.", "include cycle: {path}"),
        row(
            "TOML018",
            "requirement_unmet",
            "A tool or package that the workflow requires is not here.",
            "{what} `{name}` {why}",
            status="runtime",
        ),
        row(
            "TOML019",
            "duplicate_key",
            "A key is given twice.",
            "`{key}` is given twice",
        ),
        row(
            "TOML020",
            "unknown_output",
            "An output that a step does not have.",
            "step `{step}` has no output `{output}`{suggestion}",
        ),
        row(
            "TOML021",
            "step_cycle",
            "Steps wait for each other.",
            "these steps wait for each other: {path}",
        ),
        row(
            "TOML022",
            "bad_name",
            "A name has characters it cannot have.",
            "`{name}` is not a name: {why}",
        ),
        row(
            "TOML023",
            "input_type",
            "An input is given a value of another type.",
            "`{input}` of `{uses}` takes {wanted}, not {given}",
        ),
        row(
            "TOML024",
            "action_cycle",
            "Actions use each other.",
            "these actions use each other: {path}",
        ),
        row(
            "TOML025",
            "unclosed_interpolation",
            "A `${{` is never closed.",
            "`${{{{` is never closed",
            hint="close it with `}}}}`, or write `$${{{{` for the text itself",
            status="reserved",  # EXPR013 says it, in every way in
        ),
    ),
)
