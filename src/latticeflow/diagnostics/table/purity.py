"""PURE: what the body of a Python node does behind its declaration's back.

In a node that claims better, a finding is an error; in a node without a claim it is information
and lowers what is inferred.
"""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

_WHY = (
    "A step that reads or changes the world outside its capabilities cannot be replayed, cached "
    "or run twice with the same result, and no test can give it a fake."
)

CODES = family(
    "body",
    "checks",
    (
        row(
            "PURE001",
            "ambient_clock",
            "A node reads the clock of the machine.",
            "`{node}` {claim}, but {call} reads the clock{via}",
            hint="take `clock: Clock = granted` and ask it, or take the time as an input",
            why=_WHY,
        ),
        row(
            "PURE002",
            "ambient_randomness",
            "A node draws random numbers or identifiers.",
            "`{node}` {claim}, but {call} is random{via}",
            hint="take `rng: Rng = granted` and draw from it, or take the value as an input",
            why=_WHY,
        ),
        row(
            "PURE003",
            "ambient_environment",
            "A node reads the environment: variables, arguments, the host's or user's name.",
            "`{node}` {claim}, but {call} reads the environment{via}",
            hint="take the value as an input or a parameter of the flow",
            why=_WHY,
        ),
        row(
            "PURE004",
            "ambient_files",
            "A node reads or writes files.",
            "`{node}` {claim}, but {call} touches files{via}",
            hint="take `files: Files.Read = granted` (or Files.Write) or take the content as input",
            why=_WHY,
        ),
        row(
            "PURE005",
            "ambient_network",
            "A node opens connections.",
            "`{node}` {claim}, but {call} uses the network{via}",
            hint="take a capability such as `http: Http.Read = granted`",
            why=_WHY,
        ),
        row(
            "PURE006",
            "ambient_process",
            "A node starts processes or threads, or ends this one.",
            "`{node}` {claim}, but {call} controls processes{via}",
            hint="take `process: Process = granted`, or make it a shell step",
            why=_WHY,
        ),
        row(
            "PURE007",
            "global_mutation",
            "A node changes something that outlives the call.",
            "`{node}` {claim}, but it changes `{name}`, which outlives the call{via}",
            hint="return the new value; keep state in a capability such as `kv: Kv.Write`",
            why=_WHY,
        ),
        row(
            "PURE008",
            "set_order",
            "A node turns a set into something ordered; its order differs between processes.",
            "`{node}` {claim}, but {what} takes a set's order, which differs by process{via}",
            hint="sort it: `sorted(...)`",
            why=_WHY,
        ),
        row(
            "PURE009",
            "unreadable_call",
            "A node calls something whose effects are not known.",
            "`{node}` calls {call}, whose effects are not known{via}; inferred: {inferred}",
            hint="claim effects and determinism on the node, or list its module as pure in the "
            "project's configuration",
            severity="info",
        ),
        row(
            "PURE010",
            "no_source",
            "The body of a node cannot be read, so nothing is inferred from it.",
            "the source of `{node}` cannot be read: {why}",
            hint="claim effects and determinism on the node",
            severity="info",
        ),
        row(
            "PURE011",
            "process_identity",
            "A node uses a value that differs from process to process.",
            "`{node}` {claim}, but {call} differs from process to process{via}",
            hint="use a value of your own, or hashlib for a digest",
            why=_WHY,
        ),
        row(
            "PURE012",
            "console",
            "A node writes to or reads from the console.",
            "`{node}` {claim}, but {call} uses the console{via}",
            hint="return the text, or log it through the run",
            severity="info",
            why="Written text may appear twice when a step is recomputed.",
        ),
    ),
)
