"""What a command hands on by name: the file that `FLOWS_OUTPUT` names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from latticeflow.components.shell.errors import ShellOutputError
from latticeflow.diagnostics import report

MAX_BYTES = 16 * 1024 * 1024


def read_outputs(file: Path, declared: object, *, step: str) -> dict[str, object]:
    """Return the outputs by name.

    The file holds lines `name=value`, or one JSON object. A value of the first form is text,
    unless the step declares another type for it: then it is read as JSON. Of two lines with one
    name the later counts.

    Args:
        file: The file; none, or an empty one, is no outputs.
        declared: The step's `outputs`: names, or a table from name to JSON Schema.
        step: The step's alias, for messages.

    Raises:
        ShellOutputError: The file is too large or no text, a line has no `=`, a value is not of
            its type, or a declared output is missing (STEP005).
    """
    types = _types(declared)
    try:
        raw = file.read_bytes() if file.stat().st_size <= MAX_BYTES else None
    except FileNotFoundError:
        raw = b""
    if raw is None:
        raise _bad(step, "outputs", f"the file is larger than {MAX_BYTES} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _bad(step, "outputs", f"the file is not UTF-8: {error.reason}") from error
    outputs = _from_json(raw, step) if text.lstrip().startswith("{") else _from_lines(text, step)
    for name, wanted in types.items():
        if name not in outputs:
            raise _bad(step, f"output `{name}`", "it was not written")
        outputs[name] = _typed(outputs[name], wanted, step=step, name=name)
    return outputs


def _from_json(raw: bytes, step: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(raw, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise _bad(step, "outputs", str(error)) from error


def _from_lines(text: str, step: str) -> dict[str, object]:
    outputs: dict[str, object] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        name, equals, value = line.removesuffix("\r").partition("=")
        if not equals or not name.strip():
            raise _bad(step, "outputs", f"line {number} is not `name=value`")
        outputs[name.strip()] = value
    return outputs


def _types(declared: object) -> dict[str, str | None]:
    if isinstance(declared, list):
        return dict.fromkeys(map(str, declared))
    if not isinstance(declared, Mapping):
        return {}
    return {
        str(name): schema.get("type") if isinstance(schema, Mapping) else None
        for name, schema in declared.items()
    }


_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def _typed(value: object, wanted: str | None, *, step: str, name: str) -> object:
    kinds = _KINDS.get(wanted or "")
    if kinds is None:
        return value
    if isinstance(value, str) and wanted != "string":
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise _bad(step, f"output `{name}`", f"it is no {wanted}: {error}") from error
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise _bad(step, f"output `{name}`", f"it is no {wanted}")
    return value


def _bad(step: str, wanted: str, why: str) -> ShellOutputError:
    return ShellOutputError(diagnostics=(report("STEP005", step=step, wanted=wanted, why=why),))
