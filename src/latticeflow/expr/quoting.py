"""Values inside the text of a POSIX shell: as quoted references to variables, never as text.

A value is put in the environment and the text refers to it, so that no shell ever parses it. That
is safe in two places only: unquoted, where the reference gets quotes of its own, and inside double
quotes. Everywhere else (single quotes, arithmetic, `[[ ]]`, backquotes, here-documents …) a shell
either takes the reference literally or reads the value as code; such a place is refused. So is
code that the text gives to another program (`sh -c "…"`, `eval`), and what this reading cannot
follow with certainty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, Literal

Mode = Literal["code", "double", "single", "backquote", "braces", "arithmetic", "test", "comment"]

_WHERE: Final[dict[str, str]] = {
    "single": "between single quotes",
    "backquote": "between backquotes",
    "braces": "inside `${ }`",
    "arithmetic": "inside arithmetic",
    "test": "inside `[[ ]]`",
    "comment": "in a comment",
}
_HEREDOC = re.compile(
    r"<<(-?)[ \t]*(?:'([^'\n]*)'|\"([^\"\n$`\\]*)\"|\\?([\w.+-]+))(?=[\s;&|<>()]|$)"
)
_WORD_START: Final = " \t\n;&|("
_CODE_OPTIONS: Final[dict[str, re.Pattern[str]]] = {
    **dict.fromkeys(("sh", "bash", "dash", "zsh", "ksh", "ash"), re.compile(r"-[A-Za-z]*c")),
    **dict.fromkeys(("python", "python3", "su"), re.compile(r"-[A-Za-z]*c")),
    **dict.fromkeys(("perl", "ruby", "node"), re.compile(r"-[A-Za-z]*[eE]|--eval")),
    "php": re.compile(r"-r"),
}
"""After which option a program takes code."""

_CODE_WORDS: Final = frozenset({"eval", "let"})
_PREFIXES: Final = frozenset({"sudo", "env", "exec", "command", "nohup", "time", "then", "do"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class UnsafePlaceError(Exception):
    """A value stands where a shell could read it as code.

    Args:
        index: Which of the parts it is.
        where: The place, in words that follow "sits".
    """

    def __init__(self, index: int, where: str) -> None:
        super().__init__(where)
        self.index = index
        self.where = where


def refer_to_values(parts: Sequence[object], name_of: Callable[[int], str]) -> str:
    """Return shell text in which each value is a quoted reference to a variable.

    Args:
        parts: The text in order; whatever is no `str` stands for a value.
        name_of: The variable's name for the value at an index of `parts`.

    Raises:
        UnsafePlaceError: A value stands where that would not be safe.
    """
    reader = _Reader()
    out: list[str] = []
    for index, part in enumerate(parts):
        if isinstance(part, str):
            reader.read(part)
            out.append(part)
            continue
        where = reader.unsafe()
        if where is not None:
            raise UnsafePlaceError(index, where)
        reference = f"${{{name_of(index)}}}"
        out.append(reference if reader.mode == "double" else f'"{reference}"')
        reader.take_value()
    return "".join(out)


def find_unsafe(parts: Sequence[object]) -> list[tuple[int, str]]:
    """Return which of `parts` are values that stand in an unsafe place, and where they sit."""
    reader = _Reader()
    found: list[tuple[int, str]] = []
    for index, part in enumerate(parts):
        if isinstance(part, str):
            reader.read(part)
            continue
        where = reader.unsafe()
        if where is not None:
            found.append((index, where))
        reader.take_value()
    return found


class _Words:
    """The words of the command that is being read, at one level of nesting."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.word: str | None = None

    def read(self, text: str, mode: Mode) -> None:
        """Take `text`, which stands in `mode`."""
        if mode != "code":
            self.word = (self.word or "") + ("" if text in "\"'" else text)
        elif text in ";&|\n()":
            self.words, self.word = [], None
        elif text in " \t":
            if self.word is not None:
                self.words.append(self.word)
            self.word = None
        else:
            self.word = (self.word or "") + ("" if text in "\"'\\" else text)

    def code(self) -> str | None:
        """Say which program would read the word that is being read as code, if any."""
        words = list(self.words)
        while words and (words[0] in _PREFIXES or _ASSIGNMENT.match(words[0])):
            words.pop(0)
        program = words[0].rpartition("/")[2] if words else ""
        if program in _CODE_WORDS:
            return f"in the words of `{program}`"
        option = _CODE_OPTIONS.get(program)
        if option is not None and len(words) > 1 and option.fullmatch(words[-1]):
            return f"in code for `{program} {words[-1]}`"
        return None


class _Reader:
    """Follows shell text far enough to know what kind of place its end is."""

    def __init__(self) -> None:
        self.modes: list[Mode] = ["code"]
        self.depths: list[int] = [0]
        self.previous = "\n"
        self.lost: str | None = None
        self._escaped = False
        self._heredocs: list[tuple[str, bool]] = []
        self._in_heredoc = False
        self._line = ""
        self._commands = [_Words()]

    @property
    def mode(self) -> Mode:
        return self.modes[-1]

    def unsafe(self) -> str | None:
        """Return what is wrong with a value at this place, or None."""
        if self.lost is not None:
            return self.lost
        if self._in_heredoc:
            return "in a here-document"
        if self._escaped:
            return "after a backslash"
        quoted = next((_WHERE[mode] for mode in reversed(self.modes) if mode in _WHERE), None)
        return quoted or self._commands[-1].code()

    def take_value(self) -> None:
        """Go on behind a value."""
        self.previous = '"'
        words = self._commands[-1]
        words.word = (words.word or "") + "\0"

    def read(self, text: str) -> None:
        at = 0
        while at < len(text) and self.lost is None:
            at += self._step(text, at)

    def _step(self, text: str, at: int) -> int:
        """Take what stands at `at`; return how many characters that were."""
        char = text[at]
        if self._in_heredoc:
            self._heredoc(char)
            return 1
        if self._escaped:
            self._escaped = False
            if char != "\n":  # else the line goes on as if nothing stood there
                self.previous = "x"
                self._commands[-1].read(char, "double")
            return 1
        mode, level = self.mode, len(self.modes)
        taken = self._mode_step(text, at)
        if mode != "comment" and len(self.modes) == level:
            self._commands[-1].read(text[at : at + taken], mode)
        self.previous = text[at + taken - 1]
        return taken

    def _mode_step(self, text: str, at: int) -> int:
        if self.mode == "code":
            return self._code(text, at)
        if self.mode == "double":
            return self._double(text, at)
        if self.mode in ("single", "comment", "backquote"):
            return self._until(text, at)
        return self._nested(text, at)

    def _push(self, mode: Mode, depth: int = 0) -> None:
        if mode == "code":
            self._commands.append(_Words())
        elif mode != "comment":
            words = self._commands[-1]
            words.word = words.word or ""
        self.modes.append(mode)
        self.depths.append(depth)

    def _pop(self) -> None:
        if len(self.modes) == 1:
            self.lost = "where the quoting cannot be followed"
            return
        if self.modes.pop() == "code":
            self._commands.pop()
        self.depths.pop()

    def _dollar(self, text: str, at: int) -> int:
        for opening, mode, depth in (
            ("$((", "arithmetic", 2),
            ("$[", "arithmetic", 1),
            ("$(", "code", 1),
            ("${", "braces", 0),
        ):
            if text.startswith(opening, at):
                self._push(mode, depth)  # type: ignore[arg-type]  # the literals above are modes
                return len(opening)
        if text.startswith("$'", at) and self.mode != "double":
            # One shell reads escapes in it, another does not; they end at different quotes.
            self.lost = "after `$'`"
        return 1

    def _code(self, text: str, at: int) -> int:
        char = text[at]
        if char == "#" and self.previous in _WORD_START:
            self._push("comment")
        elif char == "'":
            self._push("single")
        elif text.startswith("<<<", at):
            return 3
        elif text.startswith("<<", at):
            return self._begin_heredoc(text, at)
        elif text.startswith("[[", at) and self.previous in _WORD_START:
            self._push("test")
            return 2
        elif text.startswith("((", at):
            self._push("arithmetic", 2)
            return 2
        elif char in "()":
            self._parenthesis(char)
        elif char == "\n":
            self._in_heredoc = bool(self._heredocs)
        elif len(self.modes) > 1 and _is_case(text, at, self.previous):
            # Its patterns end with a parenthesis that closes nothing.
            self.lost = "after `case` inside `$( )`"
        else:
            return self._double(text, at)
        return 1

    def _double(self, text: str, at: int) -> int:
        char = text[at]
        if char == "\\":
            self._escaped = True
        elif char == '"':
            if self.mode == "double":
                self._pop()
            else:
                self._push("double")
        elif char == "`":
            self._push("backquote")
        elif char == "$":
            return self._dollar(text, at)
        return 1

    def _parenthesis(self, char: str) -> None:
        self.depths[-1] += 1 if char == "(" else -1
        if len(self.modes) > 1 and self.depths[-1] == 0:
            self._pop()
        elif self.depths[-1] < 0:
            self.depths[-1] = 0  # a pattern of `case`, outermost, where nothing can end too early

    def _until(self, text: str, at: int) -> int:
        ending = {"single": "'", "comment": "\n", "backquote": "`"}[self.mode]
        if text[at] == "\\" and self.mode == "backquote":
            self._escaped = True
        elif text[at] == ending:
            self._pop()
            if ending == "\n":
                return self._code(text, at)
        return 1

    def _nested(self, text: str, at: int) -> int:
        """Read inside braces, arithmetic or a test: values are refused, the end must be found."""
        char = text[at]
        if self.mode == "test" and text.startswith("]]", at):
            self._pop()
            return 2
        if self.mode == "braces" and char == "}":
            self._pop()
        elif self.mode == "arithmetic" and char in "()[]":
            self.depths[-1] += 1 if char in "([" else -1
            if self.depths[-1] == 0:
                self._pop()
        elif char == "'":
            if self.mode == "braces" and "double" in self.modes:
                # Whether that begins a quotation depends on the kind of expansion.
                self.lost = "after a quote inside `${ }`"
            else:
                self._push("single")
        else:
            return self._double(text, at)
        return 1

    def _begin_heredoc(self, text: str, at: int) -> int:
        found = _HEREDOC.match(text, at)
        if found is None or found.end() == len(text):
            self.lost = "after a here-document"
            return 1
        word = next(group for group in found.groups()[1:] if group is not None)
        self._heredocs.append((word, found[1] == "-"))
        return len(found[0])

    def _heredoc(self, char: str) -> None:
        if char != "\n":
            self._line += char
            return
        word, stripped = self._heredocs[0]
        if (self._line.lstrip("\t") if stripped else self._line) == word:
            self._heredocs.pop(0)
            self._in_heredoc = bool(self._heredocs)
        self._line = ""
        self.previous = "\n"


def _is_case(text: str, at: int, previous: str) -> bool:
    return text.startswith("case", at) and not (previous.isalnum() or previous in "_-./")
