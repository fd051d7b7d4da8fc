"""Write every generated file, or say which are stale.

    make gen                               write them
    python scripts/gen.py --check          write nothing; fail if one is stale
    python scripts/gen.py --only schemas   only those whose path begins so

A generated file is never edited by hand: change what it is made from. To add one, add a row to
`GENERATORS`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from latticeflow.diagnostics.docs import Example
from latticeflow.diagnostics.docs import code_pages as pages_of_codes

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = {".py": "python", ".toml": "toml", ".json": "json"}


@dataclass(frozen=True)
class Generator:
    """One row: where it writes, and the function that says what.

    Attributes:
        path: Relative to the repository. A file, or a folder when it ends in `/`; a folder belongs
            to its generator alone: what it does not produce is removed.
        source: A function without arguments, itself or as `module:function`. For a file it returns
            the text, or for a `.json` file the object; for a folder, the text of each file by its
            relative path.
    """

    path: str
    source: str | Callable[[], object]


def code_pages() -> dict[str, str]:
    """Return the pages of the codes, with the fixtures that trigger each as their examples."""
    examples: dict[str, dict[str, Example]] = {}
    for path in sorted((ROOT / "tests/fixtures/codes").glob("*/*")):
        if path.stem in ("bad", "good") and path.suffix in LANGUAGES:
            example = Example(LANGUAGES[path.suffix], path.read_text(encoding="utf-8"))
            examples.setdefault(path.parent.name, {})[path.stem] = example
    return pages_of_codes(examples)


GENERATORS: tuple[Generator, ...] = (
    Generator("docs/reference/codes/", code_pages),
    Generator("docs/reference/cli.md", "latticeflow.cli.reference:command_reference"),
    Generator("docs/reference/expressions.md", "latticeflow.expr.reference:expression_reference"),
    Generator(
        "docs/reference/workflow-toml.md", "latticeflow.authoring.toml.reference:toml_reference"
    ),
    Generator("schemas/flow_ir.schema.json", "latticeflow.flow.json_schema:flow_ir_schema"),
    Generator("schemas/workflow.schema.json", "latticeflow.authoring.toml:toml_schema"),
)


def call(source: str | Callable[[], object]) -> object:
    """Call a generator's function."""
    if not isinstance(source, str):
        return source()
    module, _, function = source.partition(":")
    return cast("Callable[[], object]", getattr(importlib.import_module(module), function))()


def produce(generator: Generator) -> dict[Path, str]:
    """Return the text of every file this generator owns, by absolute path."""
    made = call(generator.source)
    target = ROOT / generator.path
    if generator.path.endswith("/"):
        if not isinstance(made, Mapping):
            raise TypeError(
                f"the source of {generator.path} must return a mapping, not {type(made).__name__}"
            )
        return {target / str(name): str(text) for name, text in made.items()}
    if generator.path.endswith(".json") and isinstance(made, Mapping):
        made = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    if not isinstance(made, str):
        raise TypeError(
            f"the source of {generator.path} must return text, not {type(made).__name__}"
        )
    return {target: made}


def stale(generator: Generator) -> dict[Path, str | None]:
    """Return what has to change: the new text by path, `None` where a file has to go."""
    wanted = produce(generator)
    changes: dict[Path, str | None] = {
        path: text
        for path, text in wanted.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }
    if generator.path.endswith("/"):
        present = (path for path in (ROOT / generator.path).rglob("*") if path.is_file())
        changes.update({path: None for path in present if path not in wanted})
    return changes


def apply(changes: Mapping[Path, str | None]) -> None:
    """Bring the files up to date."""
    for path, text in changes.items():
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(description="Write every generated file.")
    parser.add_argument("--check", action="store_true", help="fail if a file is stale")
    parser.add_argument("--only", default="", metavar="PATH", help="those whose path begins so")
    arguments = parser.parse_args()
    changes: dict[Path, str | None] = {}
    for generator in GENERATORS:
        if generator.path.startswith(arguments.only):
            changes.update(stale(generator))
    for path in sorted(changes):
        verb = "stale" if arguments.check else "removed" if changes[path] is None else "wrote"
        print(f"{verb}: {path.relative_to(ROOT)}")
    if arguments.check:
        if changes:
            print("run `make gen` and commit the result", file=sys.stderr)
        return 1 if changes else 0
    apply(changes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
