"""EFFECT, DET, CACHE: the two lattices."""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

CODES = family(
    "lattice",
    "checks",
    (
        row(
            "EFFECT201",
            "effects_understated",
            "A node claims fewer effects than its capabilities have.",
            "node `{node}` says {claimed}, but `{capability}` needs at least {floor}",
            hint='declare effects="{floor}", or leave the claim out',
            why="Whether a step may be cached, repeated or run twice follows from its effects.",
        ),
        row(
            "EFFECT202",
            "unknown_effect_hint",
            "A node has an effect or determinism hint that no capability defines.",
            "node `{node}` has the hint `{capability}`, which is not known{suggestion}",
            hint="hints match exactly; an extension must register its own",
        ),
        row(
            "EFFECT203",
            "effects_below_body",
            "A sub-flow node claims fewer effects than the flow it embeds.",
            "sub-flow node `{node}` says {claimed}, but `{inner}` inside it is {floor}",
        ),
        row(
            "DET301",
            "determinism_contradicted",
            "A node's claim of determinism contradicts what it uses.",
            "node `{node}` says {claimed}, but {what}",
            status="reserved",
            why="Reported as the PURE code that names what was used, or as DET302.",
        ),
        row(
            "DET302",
            "determinism_overstated",
            "A node claims more determinism than its capabilities allow.",
            "node `{node}` says {claimed}, but `{capability}` allows at most {floor}",
            hint='declare determinism="{floor}", or leave the claim out',
        ),
        row(
            "DET303",
            "determinism_above_body",
            "A sub-flow node claims more determinism than the flow it embeds.",
            "sub-flow node `{node}` says {claimed}, but `{inner}` inside it is {floor}",
        ),
        row(
            "CACHE001",
            "strict_without_cache",
            "A strict node has no cache specification.",
            "strict node `{node}` has no cache specification",
            severity="warning",
            status="reserved",
        ),
        row(
            "CACHE002",
            "stable_without_pin",
            "A stable node has neither a pinned reference nor a cache.",
            "stable node `{node}` has neither a pinned reference nor a cache",
            status="reserved",
        ),
    ),
)
