"""Read Flow IR from JSON: the graph, where its parts stand, and what keeps it from being one."""

from __future__ import annotations

import json
import re

import msgspec

from latticeflow.authoring.ir.places import Places, PointerSpans
from latticeflow.authoring.model import Authored
from latticeflow.diagnostics import Diagnostic, Location, Range, report
from latticeflow.flow.identity import decode_flow

_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def read_ir(text: str, *, file: str) -> Authored:
    """Read a flow from the text of a JSON file.

    Args:
        text: What the file holds.
        file: Its name, for places.

    Returns:
        The flow and its spans (by JSON pointer), without components; or why there is none
        (IR001, IR002).
    """
    files = {file: text}
    try:
        flow = decode_flow(text)
    except msgspec.ValidationError as error:
        return Authored(None, diagnostics=(_misshapen(str(error), file, text),), files=files)
    except (msgspec.DecodeError, RecursionError) as error:
        return Authored(None, diagnostics=(_no_json(str(error), file, text),), files=files)
    return Authored(flow=flow, spans=PointerSpans(Places(text), file), files=files)


def _no_json(message: str, file: str, text: str) -> Diagnostic:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        at = Range.of(error.lineno, error.colno, error.lineno, error.colno + 1)
        why = error.msg[:1].lower() + error.msg[1:]
        return report("IR001", location=Location(file=file, range=at), why=why)
    except RecursionError:
        message = "it is nested too deep"
    return report("IR001", location=Location(file=file), why=message)


def _misshapen(message: str, file: str, text: str) -> Diagnostic:
    why, _, path = message.partition(" - at `$")
    steps = _STEP.findall(path.rstrip("`"))
    pointer = "".join(f"/{name or index}" for name, index in steps)
    at = f"`{pointer}`: " if pointer else ""
    place = None
    try:
        json.loads(text)
        places = Places(text)
        known = pointer
        while known and known not in places:
            known = known.rpartition("/")[0]
        place = places[known]
    except (json.JSONDecodeError, RecursionError):
        # The text was refused for its shape before its end was reached.
        place = None
    where = Location(file=file, range=place, pointer=pointer)
    return report("IR002", location=where, why=at + why[:1].lower() + why[1:])
