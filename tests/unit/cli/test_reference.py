"""The page of the command line."""

from __future__ import annotations

from latticeflow.cli.command_table import COMMANDS
from latticeflow.cli.reference import command_reference


def test_every_command_has_its_part() -> None:
    page = command_reference()
    for name in COMMANDS:
        assert f"\n## flows {name}\n" in page
    assert "| `--param NAME=VALUE` |" in page
    assert "| `--dry-run` |" in page


def test_no_cell_is_cut_by_a_bar() -> None:
    rows = [line for line in command_reference().splitlines() if line.startswith("| `")]
    assert rows
    assert all(line.replace("\\|", "").count("|") == 3 for line in rows)
