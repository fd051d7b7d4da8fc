"""RUN, STEP, STORE: what happens to a run, a step, and the store that records them."""

from __future__ import annotations

from latticeflow.diagnostics.codes import Row, family, row


def _run(code: str, name: str, summary: str, template: str, hint: str | None = None) -> Row:
    return row(code, name, summary, template, hint=hint, status="runtime", owner="engine")


def _later(code: str, name: str, summary: str, template: str, hint: str | None = None) -> Row:
    return row(code, name, summary, template, hint=hint, status="reserved", owner="engine")


def _store(code: str, name: str, summary: str, template: str, hint: str | None = None) -> Row:
    return row(
        code,
        name,
        summary,
        template,
        hint=hint,
        status="runtime",
        owner="providers",
        subsystem="store",
    )


CODES = family(
    "runtime",
    "engine",
    (
        row(
            "RUN030",
            "backpressure_stall",
            "A run waits because what it feeds is full.",
            "`{node}` waits for `{target}`",
            severity="warning",
            status="reserved",
        ),
        row(
            "RUN040",
            "buffer_spilled",
            "A buffer was written to its spill tier.",
            "the buffer of `{source}` -> `{target}` spilled {size_bytes} bytes",
            severity="info",
            status="reserved",
        ),
        row(
            "RUN050",
            "memory_limit",
            "A run reached its memory limit.",
            "run `{run}` reached its memory limit",
            status="reserved",
        ),
        _run(
            "RUN101",
            "bad_input",
            "The input of a run does not fit the flow.",
            "the input does not fit `{flow}`: {why}",
        ),
        _run(
            "RUN102",
            "deadline",
            "A run took longer than its deadline.",
            "run `{run}` took longer than {timeout_ms} ms",
        ),
        _run("RUN103", "cancelled", "A run was cancelled.", "run `{run}` was cancelled{why}"),
        _run("RUN104", "unknown_run", "There is no such run.", "there is no run `{run}`"),
        _run(
            "RUN105",
            "in_doubt",
            "An effect was begun and its end is not known; it is not repeated unasked.",
            "`{step}` of run `{run}` began an effect whose end is not known",
            "look whether it happened, then resume with --assume done or --assume retry",
        ),
        _run(
            "RUN106",
            "nothing_to_resume",
            "A run has ended; it can neither be resumed nor cancelled.",
            "run `{run}` has ended: {status}",
        ),
        _later(
            "RUN107",
            "stalled",
            "A run can neither go on nor end.",
            "run `{run}` can neither go on nor end: {why}",
        ),
        _run(
            "RUN108",
            "too_many_rounds",
            "A loop reached its bound.",
            "loop `{step}` reached its bound of {max} rounds",
        ),
        _run(
            "RUN109",
            "run_id_taken",
            "A run of that id exists for another flow or input.",
            "run `{run}` exists, with another {what}",
        ),
        _run("STEP001", "failed", "A step raised an error.", "`{step}` failed: {error}"),
        _later(
            "STEP002", "timed_out", "A step ran out of time.", "`{step}` ran over {timeout_ms} ms"
        ),
        _later("STEP003", "cancelled", "A step was cancelled.", "`{step}` was cancelled"),
        _run(
            "STEP004",
            "exit_code",
            "A command ended with an exit code that is no success.",
            "`{step}` ended with exit code {exit_code}",
        ),
        _run(
            "STEP005",
            "bad_output",
            "A step returned something else than its port's type.",
            "`{step}` returned something else than {wanted}: {why}",
        ),
        _run(
            "STEP006",
            "not_encodable",
            "A step returned something that cannot be recorded.",
            "the result of `{step}` cannot be recorded: {why}",
            "return builtins, dataclasses, msgspec Structs or pydantic models",
        ),
        _run(
            "STEP007",
            "worker_died",
            "The process that ran a step died.",
            "the process that ran `{step}` died: {why}",
        ),
        _later(
            "STEP008",
            "retries_exhausted",
            "A step failed as often as it may.",
            "`{step}` failed {attempts} times; the last error: {error}",
        ),
        _later(
            "STEP009",
            "not_loadable",
            "The code of a step cannot be loaded.",
            "`{identifier}` of `{step}` cannot be loaded: {why}",
        ),
        _run(
            "STEP010",
            "bad_step_input",
            "What reached a step does not fit its input.",
            "the input `{port}` of `{step}` does not fit: {why}",
        ),
        _later(
            "STEP011",
            "command_not_found",
            "A command cannot be started.",
            "`{command}` of `{step}` cannot be started: {why}",
        ),
        _run(
            "STEP012",
            "ended_by_signal",
            "A command was ended by a signal.",
            "`{step}` was ended by {signal}",
        ),
        _run(
            "STEP013",
            "bad_command",
            "What a command step says cannot be run.",
            "`{step}` cannot be run: {why}",
        ),
        _run(
            "STEP014",
            "not_sendable",
            "A call cannot be sent to a process of its own.",
            "`{step}` cannot be sent to a process of its own: {why}",
            "use functions and types of a module, not ones made inside a function",
        ),
        _store("STORE001", "cannot_open", "A store cannot be opened.", "`{url}`: {why}"),
        _store(
            "STORE002",
            "newer_schema",
            "A store was written by a newer version.",
            "`{url}` has schema {given}; this version knows up to {known}",
            "use a newer version of latticeflow",
        ),
        _store("STORE003", "corrupt", "A store is damaged.", "`{url}` is damaged: {why}"),
        _store(
            "STORE004",
            "busy",
            "A store stayed locked by another process for too long.",
            "`{url}` stayed locked for {waited_ms} ms",
        ),
        _store("STORE005", "write_failed", "A store cannot be written.", "`{url}`: {why}"),
        _store("STORE006", "blob_missing", "A recorded value is gone.", "blob `{digest}` is gone"),
        _store(
            "STORE007",
            "bad_url",
            "A store's URL is unknown.",
            "`{url}` is no store",
            "use memory: or sqlite:///path",
        ),
        _store(
            "STORE008",
            "checksum",
            "A recorded value differs from its checksum.",
            "blob `{digest}` differs from its checksum",
        ),
        _store(
            "STORE009",
            "not_owner",
            "A process wrote to a run that another one has taken over.",
            "run `{run}` was taken over by {owner}",
        ),
        _store(
            "STORE010",
            "version_taken",
            "A published version of a flow is registered again with another content.",
            "`{flow}` {version} is known with another content",
            "give the flow a new version; 0.0.0 may change freely",
        ),
    ),
)
