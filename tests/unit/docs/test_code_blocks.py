"""Every code block of the documentation does what the page says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
RUNNER = Path(__file__).with_name("run_page.py")

# Generated pages whose samples are the fixtures of another test, which runs each in both directions.
GENERATED = ROOT / "docs" / "reference" / "codes"

PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
    if not page.is_relative_to(GENERATED)
)


def run_page(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(RUNNER), str(page)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_does_what_it_says(page, tmp_path):
    if "examples/" in page.read_text(encoding="utf-8") and (ROOT / "examples").is_dir():
        shutil.copytree(
            ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".flows")
        )
    done = run_page(page, tmp_path)
    assert done.returncode == 0, done.stderr


def sample(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    return run_page(page, tmp_path)


def test_blocks_of_a_page_share_one_namespace(tmp_path):
    done = sample(tmp_path, "```python\nx = 1\n```\ntext\n```python\nassert x == 1\n```\n")
    assert done.returncode == 0, done.stderr


def test_a_function_of_a_block_has_its_source(tmp_path):
    done = sample(
        tmp_path,
        "```python\nimport inspect\n\ndef f(): return 41\n"
        "assert 'return 41' in inspect.getsource(f)\n```\n",
    )
    assert done.returncode == 0, done.stderr


def test_a_command_that_prints_something_else_is_found(tmp_path):
    page = '```console\n$ python -c "print(1); print(23)"\n1\n2...\n```\n'
    assert sample(tmp_path, page).returncode == 0
    assert "did not print `4`" in sample(tmp_path, page.replace("2...", "4")).stderr


def test_lines_below_a_command_have_to_come_in_their_order(tmp_path):
    done = sample(tmp_path, '```console\n$ python -c "print(1); print(2)"\n2\n1\n```\n')
    assert "did not print `1`" in done.stderr


def test_the_exit_code_shown_is_the_one_expected(tmp_path):
    page = '```console\n$ python -c "raise SystemExit(3)"\n$ echo $?\n3\n```\n'
    assert sample(tmp_path, page).returncode == 0
    assert "ended with 3, not 0" in sample(tmp_path, page.replace("$ echo $?\n3\n", "")).stderr


def test_a_titled_file_is_there_for_the_commands_below(tmp_path):
    done = sample(
        tmp_path,
        '```python title="greet.py"\nprint("hello")\nraise SystemExit(2)\n```\n'
        "```console\n$ python greet.py\nhello\n$ echo $?\n2\n```\n",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\n\n```python\nassert 1 == 2\n```\n", "line 4:"),
        ('```python title="a.py"\nimport nothing_of_this_name\n```\n', "nothing_of_this_name"),
        ('```python title="../a.py"\nx = 1\n```\n', "leaves the page's folder"),
        ("```toml\na = \n```\n", "TOMLDecodeError"),
        ('```json\n{"a": }\n```\n', "JSONDecodeError"),
        ("```console\n$ frobnicate\n```\n", "`frobnicate` is neither"),
        ("```python\nx = 1\n", "never ends"),
    ],
)
def test_a_block_that_breaks_its_promise_is_found(text, found, tmp_path):
    done = sample(tmp_path, text)
    assert done.returncode == 1
    assert found in done.stderr


def test_the_pages_are_found():
    assert ROOT / "README.md" in PAGES
    assert ROOT / "docs" / "index.md" in PAGES
