"""TYPE: what flows along the edges, compared structurally."""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

CODES = family(
    "types",
    "checks",
    (
        row(
            "TYPE001",
            "bare_json_boundary",
            "An inner node takes and returns bare JSON.",
            "node `{node}` takes and returns bare JSON",
            status="reserved",
        ),
        row(
            "TYPE002",
            "undecided_subtype",
            "It cannot be decided before a run whether a value fits; the edge is checked then.",
            "cannot decide whether {given} from `{source}` fits {wanted} of `{target}`: {why}",
            severity="warning",
            hint="the edge is checked when it carries a value",
        ),
        row(
            "TYPE003",
            "bad_literal",
            "A literal given to an input does not have the input's type.",
            "the value given to `{port}` of `{node}` does not fit: {why}",
        ),
        row(
            "TYPE004",
            "unknown_port",
            "An edge or a literal feeds an input the node does not have.",
            "node `{node}` has no input `{port}`{suggestion}",
        ),
        row(
            "TYPE005",
            "missing_input",
            "A required input is fed by nothing.",
            "nothing feeds the input `{port}` of `{node}`",
            hint="connect an edge to it, or give it a value",
        ),
        row(
            "TYPE006",
            "unknown_schema",
            "A port names a schema the flow does not hold.",
            "{what} names the schema `{name}`, which the flow does not hold{suggestion}",
        ),
        row(
            "TYPE007",
            "bad_selection",
            "An edge picks a part that its source's output does not have.",
            "`{select}` picks nothing from the output of `{source}`: {why}",
        ),
        row(
            "TYPE008",
            "port_fed_twice",
            "Two edges feed one input, and nothing says which one counts.",
            "the input `{port}` of `{node}` is fed by {sources}",
            hint="put a merge node in front of it, or use two inputs",
        ),
        row(
            "TYPE009",
            "input_and_literal",
            "An input is fed by an edge and by a literal.",
            "the input `{port}` of `{node}` has a value and an edge from `{source}`",
            hint="keep one of the two",
        ),
        row(
            "TYPE010",
            "bad_flow_output",
            "What a flow says it returns does not fit what its output node gives.",
            "flow `{flow}` returns {wanted}, but `{node}` gives {given}{why}",
        ),
        row(
            "TYPE011",
            "input_not_selected",
            "A flow input is read by nothing.",
            "the input `{port}` of the flow is never used",
            severity="warning",
            status="reserved",
        ),
        row(
            "TYPE012",
            "bad_schema",
            "A port's JSON Schema is not a schema.",
            "the schema of {what} is not a JSON schema: {why}",
        ),
    ),
)
