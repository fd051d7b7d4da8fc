"""Run every code block of one Markdown page, in order, in the current directory.

    python run_page.py PAGE.md

What a block has to do depends on its language:

- `python`: it runs, in one namespace for the whole page. With a title (```python title="orders.py") it
  is the file of that name; it is imported, unless a command of the page names it and so is its judge.
- `toml`: it is well-formed, and if it has steps, `flows check` finds no error in it. A title does the same
  as for Python.
- `console`: lines beginning with `$ ` are commands. `flows` and `python` are run and have to end with 0, or
  with the number that a following `$ echo $?` shows. The lines below a command have to appear in what it
  prints, in this order; `...` stands for anything. Commands that set a machine up (`make`, `pip`,
  `git`) are not run; `cd` is followed.
- `json`: it parses.

Other languages are text. The first block that does not keep its promise ends the page with exit code 1, and
its line on standard error.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
import traceback
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
RUN = ("flows", "python")
SET_UP = ("make", "pip", "git")
_OPEN = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,})\s*(?P<language>[\w-]*)(?P<rest>.*)$")
_TITLE = re.compile(r'title="([^"]+)"')


class BrokenBlockError(Exception):
    """A block does not do what the page says."""


@dataclass(frozen=True)
class Block:
    """One fenced code block: its language, title, text, and the line its text begins on."""

    language: str
    title: str | None
    text: str
    line: int


@dataclass(frozen=True)
class Command:
    """One command of a console block, what the page shows below it, and how it should end."""

    words: tuple[str, ...]
    expected: tuple[str, ...]
    exit_code: int


def blocks(markdown: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    lines = iter(enumerate(markdown.splitlines(), start=1))
    for number, line in lines:
        opening = _OPEN.match(line)
        if opening is None:
            continue
        indent, body = len(opening["indent"]), []
        for _, inner in lines:
            if inner.strip() == opening["fence"]:
                break
            body.append(inner[indent:] if not inner[:indent].strip() else inner)
        else:
            raise BrokenBlockError(f"line {number}: the block never ends")
        title = _TITLE.search(opening["rest"])
        text = "\n".join(body) + "\n"
        yield Block(opening["language"], title[1] if title else None, text, number + 1)


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a console block; an `echo $?` becomes the exit code of the one before."""
    shown: list[tuple[str, list[str]]] = []
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            shown.append((line[2:].strip(), []))
        elif line.strip() and shown:
            shown[-1][1].append(line.strip())
    for index, (text, expected) in enumerate(shown):
        if text == "echo $?":
            continue
        exit_code = 0
        if index + 1 < len(shown) and shown[index + 1][0] == "echo $?":
            exit_code = int(shown[index + 1][1][0])
        yield Command(tuple(shlex.split(text, comments=True)), tuple(expected), exit_code)


def run(arguments: tuple[str, ...]) -> tuple[int, str]:
    """Run `flows` or `python` of this environment; return its exit code and all it printed."""
    program = shutil.which(arguments[0], path=str(BIN))
    if program is None:
        raise BrokenBlockError(f"`{arguments[0]}` is not installed beside {sys.executable}")
    done = subprocess.run(
        [program, *arguments[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def obey(command: Command) -> None:
    """Run one command of the page and compare."""
    if command.words[0] in SET_UP:
        return
    if command.words[0] == "cd":
        # A folder that only a reader has is passed over; the page's own files lie right here.
        if Path(command.words[1]).is_dir():
            os.chdir(command.words[1])
        return
    if command.words[0] not in RUN:
        raise BrokenBlockError(f"`{command.words[0]}` is neither run here nor known to set up")
    exit_code, printed = run(command.words)
    if exit_code != command.exit_code:
        raise BrokenBlockError(
            f"`{' '.join(command.words)}` ended with {exit_code}, not {command.exit_code}:\n{printed}"
        )
    rest = iter(printed.splitlines())
    for line in command.expected:
        pattern = re.compile(".*".join(re.escape(part) for part in re.split(r"\.\.\.|…", line)))
        if not any(pattern.search(candidate) for candidate in rest):
            raise BrokenBlockError(
                f"`{' '.join(command.words)}` did not print `{line}` there:\n{printed}"
            )


def check_toml(block: Block, path: Path) -> None:
    """Judge a TOML block: by its grammar, and by `flows check` if it is a workflow."""
    if "steps" not in tomllib.loads(block.text):
        return
    exit_code, printed = run(("flows", "check", str(path)))
    if exit_code != 0:
        raise BrokenBlockError(f"`flows check` refuses it:\n{printed}")


class Page:
    """The state of one page while its blocks are run."""

    def __init__(self, markdown: str) -> None:
        self.blocks = tuple(blocks(markdown))
        self.module = types.ModuleType("page")
        sys.modules["page"] = self.module
        sys.path.insert(0, str(Path.cwd()))
        self.named = " ".join(
            word
            for block in self.blocks
            if block.language == "console"
            for command in commands(block)
            for word in command.words
        )

    def judged_by_a_command(self, block: Block) -> bool:
        """Whether a command of the page names the file, or its module."""
        if block.title is None:
            return False
        name = Path(block.title)
        words = re.findall(r"[\w./-]+", self.named)
        return name.name in (Path(word).name for word in words) or name.stem in words

    def write(self, block: Block, suffix: str) -> Path:
        """Write a block to its file: the compiler of flows reads sources from files."""
        path = Path.cwd() / (block.title or f"line_{block.line}{suffix}")
        if not path.resolve().is_relative_to(Path.cwd().resolve()):
            raise BrokenBlockError(f"the title {block.title!r} leaves the page's folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        return path

    def run_python(self, block: Block) -> None:
        """Run a Python block, in the page's namespace or as the file it is."""
        path = self.write(block, ".py")
        if block.title is None:
            exec(compile(block.text, str(path), "exec"), vars(self.module))
        elif not self.judged_by_a_command(block):
            runpy.run_path(str(path), run_name=path.stem)

    def run_block(self, block: Block) -> None:
        """Run one block, whatever its language."""
        if block.language in ("python", "py"):
            self.run_python(block)
        elif block.language == "toml":
            path = self.write(block, ".toml")
            if not self.judged_by_a_command(block):
                check_toml(block, path)
        elif block.language == "json":
            self.write(block, ".json")
            json.loads(block.text)
        elif block.language in ("console", "shell-session"):
            for command in commands(block):
                obey(command)

    def run(self) -> None:
        """Run all blocks in order."""
        for block in self.blocks:
            try:
                self.run_block(block)
            except BrokenBlockError as error:
                raise BrokenBlockError(f"line {block.line}: {error}") from None
            except Exception:  # noqa: BLE001 - whatever a block raises is a finding
                raise BrokenBlockError(f"line {block.line}:\n{traceback.format_exc()}") from None


def main() -> int:
    """Run the page named on the command line; return the exit code."""
    page = Path(sys.argv[1])
    try:
        Page(page.read_text(encoding="utf-8")).run()
    except BrokenBlockError as error:
        print(f"{page}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
