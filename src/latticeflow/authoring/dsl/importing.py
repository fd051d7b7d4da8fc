"""Import a user's module, from a file or by name; what goes wrong becomes a diagnostic."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import linecache
import os
import sys
import tokenize
from pathlib import Path
from types import ModuleType, TracebackType

import msgspec

from latticeflow.authoring.dsl.naming import TARGET_ATTRIBUTE
from latticeflow.diagnostics import (
    Diagnostic,
    LatticeFlowError,
    Location,
    Range,
    closest,
    report,
)

_DIGEST_ATTRIBUTE = "__lattice_source_digest__"

Imported = ModuleType | tuple[Diagnostic, ...]


def import_file(path: Path, *, root: Path, target: str) -> Imported:
    """Return the module of a Python file, run once per content, or why there is none.

    Its name follows from its place in the project (`flows/shop.py` is `flows.shop`), so that its
    functions, its exceptions and pickled values are found again in another process that has the
    project on its path. The project and the file's folder are put on this one's.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100  (`resolve` would follow a user's links)
    root = Path(os.path.abspath(root))  # noqa: PTH100  (the same)
    try:
        with tokenize.open(path) as stream:
            text = stream.read()
    except FileNotFoundError:
        return (report("CLI002", target=target, suggestion=_nearby(path)),)
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        return (report("CLI012", path=_label(path, root), why=str(error)),)
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = _loaded(path, digest)
    if found is not None:
        return found
    for folder in dict.fromkeys((str(path.parent), str(root))):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    return _run(path, text, digest, root, target)


def import_named(name: str, *, root: Path, target: str) -> Imported:
    """Return the module `name`, looked for in the project first, or why there is none."""
    folder = os.path.abspath(root)  # noqa: PTH100  (`resolve` would follow a user's links)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            return (report("CLI002", target=target, suggestion=""),)
        return _explain(error, Path(folder), target, None)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a user's module may raise anything)
        return _explain(error, Path(folder), target, None)


def _run(path: Path, text: str, digest: str, root: Path, target: str) -> Imported:
    name = _module_name(path, root)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        return (report("CLI001", target=target, why="it is no Python file"),)
    module = importlib.util.module_from_spec(spec)
    setattr(module, TARGET_ATTRIBUTE, _label(path, root))
    setattr(module, _DIGEST_ATTRIBUTE, digest)
    before = sys.modules.get(name)
    sys.modules[name] = module
    linecache.checkcache(str(path))
    try:
        # Compiled here: the loader's cache of bytecode goes by a timestamp of whole seconds.
        code = compile(text, str(path), "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102  (running the user's module is what was asked)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (it may raise anything)
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        return _explain(error, root, target, path)
    return module


def _loaded(path: Path, digest: str) -> ModuleType | None:
    """Return the module that came from this file, unless the file has changed since."""
    for name, module in tuple(sys.modules.items()):
        if name == "__main__" or getattr(module, "__file__", None) != str(path):
            continue
        known = getattr(module, _DIGEST_ATTRIBUTE, None)
        if known is None or known == digest:
            return module
    return None


def _module_name(path: Path, root: Path) -> str:
    package = path.parent
    while (package / "__init__.py").exists() and package != package.parent:
        package = package.parent
    inside = path.is_relative_to(root) and (package == path.parent)
    start = root if inside else package
    parts = path.relative_to(start).with_suffix("").parts
    if not all(part.isidentifier() for part in parts):
        parts = (path.stem if path.stem.isidentifier() else "target",)
    name = ".".join(parts)
    taken = sys.modules.get(name)
    # A file of the user's may be called as a module that others import; a target that was loaded
    # before, from another project or another version of the file, makes room.
    foreign = taken is not None and not hasattr(taken, TARGET_ATTRIBUTE)
    if foreign or parts[0] in sys.stdlib_module_names:
        suffix = hashlib.sha256(_label(path, root).encode()).hexdigest()[:8]
        name = f"{'_'.join(parts)}_{suffix}"
    return name


def _label(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    found = closest(path.name, [other.name for other in path.parent.glob("*.py")])
    return f"; did you mean `{found}`?" if found else ""


def _explain(
    error: BaseException, root: Path, target: str, path: Path | None
) -> tuple[Diagnostic, ...]:
    place = _place(error, root, path)
    if isinstance(error, LatticeFlowError) and error.diagnostics:
        # A decorator refused its arguments; it could not know where it stands.
        return tuple(
            found if found.location else msgspec.structs.replace(found, location=place)
            for found in error.diagnostics
        )
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return (report("CLI009", target=target, error=said, location=place),)


def _place(error: BaseException, root: Path, path: Path | None) -> Location | None:
    """Return the line of the user's code that is to blame: the last one of the project."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        line, column = error.lineno, error.offset or 1
        end_line = error.end_lineno or line
        end = error.end_offset or column
        if end_line == line:
            end = max(end, column)
        at = Range.of(line, column, end_line, end)
        return Location(file=_label(Path(error.filename), root), range=at)
    found: Location | None = None
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file == str(path) or _is_of_project(file, root):
            found = Location(file=_label(Path(file), root), range=_line(file, trace))
        trace = trace.tb_next
    return found


def _is_of_project(file: str, root: Path) -> bool:
    path = Path(file)
    if not path.is_absolute() or not path.is_relative_to(root):
        return False
    # Libraries often live inside the project's folder, in an environment of its own.
    ours = Path(__file__).parents[2]
    return "site-packages" not in path.parts and not path.is_relative_to(ours)


def _line(file: str, trace: TracebackType) -> Range:
    line = trace.tb_lineno
    text = linecache.getline(file, line).rstrip("\n")
    start = len(text) - len(text.lstrip()) + 1
    return Range.of(line, start, line, max(len(text) + 1, start))
