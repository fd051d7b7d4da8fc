"""Print a completion script for a shell: bash, zsh or fish."""

from __future__ import annotations

import argparse
import shlex

from latticeflow.cli.command_table import COMMANDS
from latticeflow.cli.dispatch import load, parser_of
from latticeflow.cli.output import Output

_BASH = """\
# Completion of `flows` for bash: source <(flows completion bash)
_flows() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words={commands}
  else
    case ${{COMP_WORDS[1]}} in
{cases}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _flows flows
"""
_ZSH = """\
# Completion of `flows` for zsh: source <(flows completion zsh)
_flows() {{
  local -a commands
  if (( CURRENT == 2 )); then
    commands=({commands})
    _describe command commands
    return
  fi
  case $words[2] in
{cases}
  esac
}}
compdef _flows flows
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows completion`."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="for which shell")


def run(options: argparse.Namespace, output: Output) -> int:
    """Print the script."""
    words = {name: _words(name) for name in COMMANDS}
    render = {"bash": _bash, "zsh": _zsh, "fish": _fish}[options.shell]
    output.out.write(render(words))
    return 0


def _words(name: str) -> list[str]:
    """Return the options of a command and the values of its arguments, from its parser."""
    words: list[str] = []
    for action in parser_of(name, load(name))._actions:  # noqa: SLF001  (the only way to ask it)
        words += [text for text in action.option_strings if text.startswith("--")]
        if not action.option_strings and action.choices is not None:
            words += map(str, action.choices)
    return words


def _bash(words: dict[str, list[str]]) -> str:
    cases = "\n".join(
        f"      {name}) words={shlex.quote(' '.join(each))} ;;" for name, each in words.items()
    )
    return _BASH.format(commands=shlex.quote(" ".join(words)), cases=cases)


def _zsh(words: dict[str, list[str]]) -> str:
    commands = " ".join(shlex.quote(f"{name}:{COMMANDS[name]}") for name in words)
    cases = "\n".join(
        f"    {name}) compadd -- {' '.join(each)}; _files ;;" for name, each in words.items()
    )
    return _ZSH.format(commands=commands, cases=cases)


def _fish(words: dict[str, list[str]]) -> str:
    lines = ["# Completion of `flows` for fish: flows completion fish | source"]
    for name in words:
        what = shlex.quote(COMMANDS[name])
        lines.append(f"complete -c flows -n __fish_use_subcommand -f -a {name} -d {what}")
    for name, each in words.items():
        condition = shlex.quote(f"__fish_seen_subcommand_from {name}")
        for word in each:
            how = f"-l {word.removeprefix('--')}" if word.startswith("--") else f"-a {word}"
            lines.append(f"complete -c flows -n {condition} {how}")
    return "\n".join(lines) + "\n"
