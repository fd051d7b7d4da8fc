"""Look codes up in the one table."""

from __future__ import annotations

from functools import cache

from latticeflow.diagnostics.codes import Code
from latticeflow.diagnostics.errors import InternalError


@cache
def all_codes() -> dict[str, Code]:
    """Return every code by its name, in the order of the families.

    Raises:
        InternalError: A code is in the table twice.
    """
    # Late: a run that reports nothing need not build three hundred rows.
    from latticeflow.diagnostics.table import FAMILIES  # noqa: PLC0415

    found: dict[str, Code] = {}
    for codes in FAMILIES:
        for code in codes:
            if code.code in found:
                raise InternalError(f"the code {code.code} is in the table twice")
            found[code.code] = code
    return found


def lookup(code: str) -> Code:
    """Return a code's row.

    Raises:
        InternalError: The table has no such code.
    """
    try:
        return all_codes()[code]
    except KeyError:
        raise InternalError(f"the code {code} is not in the table") from None
