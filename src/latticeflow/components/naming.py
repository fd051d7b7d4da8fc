"""Find the Python object that a name in a flow stands for."""

from __future__ import annotations

import builtins
import importlib
import sys
from functools import reduce
from pathlib import PurePath


def resolve_name(name: str) -> object:
    """Return what `module:qualname` or `relative/path.py:qualname` names.

    A file is not loaded from here: whoever loaded the flow has loaded it, under some module name,
    and it is found by its path.

    Raises:
        ImportError: There is no such module, or no such name in it.
    """
    place, _, qualname = name.rpartition(":")
    module: object = builtins
    if place.endswith(".py"):
        module = _module_of_file(place)
    elif place:
        module = importlib.import_module(place)
    try:
        return reduce(getattr, qualname.split("."), module)
    except AttributeError as error:
        raise ImportError(f"`{place}` has no `{qualname}`") from error


def _module_of_file(path: str) -> object:
    wanted = PurePath(path).parts
    for module in tuple(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and PurePath(file).parts[-len(wanted) :] == wanted:
            return module
    raise ImportError(f"`{path}` is not loaded")
