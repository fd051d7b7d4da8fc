"""What a run leaves behind: lines, artifacts; and when that goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from latticeflow import Files, flow, granted, node
from latticeflow.hosts.local import Client, Prepared, judge, read_target
from latticeflow.hosts.local.cleaning import clean, plan_cleaning
from latticeflow.runs import EventKind, RunStatus

DAY_MS = 86_400_000


@node
async def write_report(text: str, *, files: Files.Write = granted) -> str:
    """Write a file and keep it."""
    await files.write_text("report.txt", text)
    kept = await files.keep("report.txt")
    return kept.sha256


@flow(version="1.0.0")
async def reporting(text: str) -> str:
    """Keep a report."""
    return await write_report(text)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def client(folder: Path) -> Client:
    return Client(f"sqlite:///{folder / 'kept' / 'runs.db'}")


def workflow(folder: Path, text: str) -> Prepared:
    file = folder / "workflow.toml"
    file.write_text(text)
    checked = judge(read_target(str(file), root=folder), target=str(file))
    assert checked.prepared is not None, checked.diagnostics
    return checked.prepared


def place(folder: Path, digest: str) -> Path:
    return folder / "kept" / "artifacts" / digest[:2] / digest


async def test_a_file_that_a_step_keeps_is_recorded_for_the_step(folder: Path) -> None:
    async with client(folder) as runs:
        handle = await runs.start(reporting, "content")
        digest = await handle.result()
        events = [e async for e in handle.events() if e.kind is EventKind.ARTIFACT]
    assert [(e.position, e.data["path"], e.data["sha256"]) for e in events] == [
        ("write_report", "report.txt", digest)
    ]
    assert place(folder, digest).read_text() == "content"


async def test_patterns_reach_into_ephemeral_workspaces(folder: Path) -> None:
    prepared = workflow(
        folder,
        'id = "w"\n[steps.a]\nworkspace = "ephemeral"\nrun = "echo made > out.txt"\n'
        '[artifacts.out]\npath = "*.txt"\n',
    )
    async with client(folder) as runs:
        handle = await runs.start(prepared)
        assert (await handle.wait()).status is RunStatus.SUCCEEDED
        events = [e async for e in handle.events() if e.kind is EventKind.ARTIFACT]
    assert [(e.position, e.data["path"]) for e in events] == [("a", "out.txt")]
    assert place(folder, events[0].data["sha256"]).read_text() == "made\n"
    assert not (folder / "out.txt").exists()


async def test_a_pattern_that_leads_out_fails_nothing_but_is_told(folder: Path) -> None:
    text = 'id = "w"\n[steps.a]\nrun = "true"\n[artifacts.out]\npath = "../*"\n'
    async with client(folder) as runs:
        result = await (await runs.start(workflow(folder, text))).wait()
    assert result.status is RunStatus.SUCCEEDED
    assert [each.code for each in result.diagnostics] == ["CAP201"]


async def test_lines_are_kept_in_order(folder: Path) -> None:
    text = 'id = "w"\n[steps.a]\nrun = "for i in $(seq 1000); do echo $i; done"\n'
    async with client(folder) as runs:
        handle = await runs.start(workflow(folder, text))
        await handle.wait()
        lines = await runs.store.logs(handle.run_id, 0, 5000)
    assert [line.text for line in lines] == [str(n) for n in range(1, 1001)]


async def test_runs_go_by_age_but_the_newest_stay(folder: Path) -> None:
    async with client(folder) as runs:
        for name in ("one", "two"):
            await (await runs.start(reporting, name, run_id=name)).wait()
        newest = (await runs.runs())[0]
        assert newest.finished_at_ms is not None
        later = newest.finished_at_ms + 10 * DAY_MS
        old = {"older_than_ms": 5 * DAY_MS, "now_ms": later}
        artifacts = folder / "kept" / "artifacts"
        assert (await plan_cleaning(runs.store, artifacts)).run_ids == ()
        kept = await plan_cleaning(runs.store, artifacts, keep=1, **old)
        assert kept.run_ids == ("one",)
        young = await plan_cleaning(runs.store, artifacts, older_than_ms=20 * DAY_MS, now_ms=later)
        assert young.run_ids == ()
        gone = await plan_cleaning(runs.store, artifacts, **old)
        assert await clean(runs.store, gone) == 2
        assert await runs.runs() == []
    assert [path for path in artifacts.rglob("*") if path.is_file()] == []


async def test_a_copy_that_another_run_refers_to_stays(folder: Path) -> None:
    async with client(folder) as runs:
        for name in ("one", "two"):
            digest = await (await runs.start(reporting, "same", run_id=name)).result()
        artifacts = folder / "kept" / "artifacts"
        await clean(runs.store, await plan_cleaning(runs.store, artifacts, keep=1))
        assert place(folder, digest).exists()
        await clean(runs.store, await plan_cleaning(runs.store, artifacts, keep=0))
    assert not place(folder, digest).exists()


async def test_an_artifact_goes_after_its_own_retention(folder: Path) -> None:
    text = (
        'id = "w"\n[steps.a]\nrun = "echo x > out.txt"\n'
        '[artifacts.out]\npath = "out.txt"\nretention = "2d"\n'
    )
    artifacts = folder / "kept" / "artifacts"
    async with client(folder) as runs:
        await (await runs.start(workflow(folder, text))).wait()
        (run,) = await runs.runs()
        day = run.created_at_ms + DAY_MS
        # The run stays too, as nothing else would know of the file.
        early = await plan_cleaning(runs.store, artifacts, keep=0, now_ms=day)
        assert (early.run_ids, early.artifacts) == ((), ())
        late = await plan_cleaning(runs.store, artifacts, now_ms=day + 2 * DAY_MS)
        assert (late.run_ids, len(late.artifacts)) == ((), 1)
        both = await plan_cleaning(runs.store, artifacts, keep=0, now_ms=day + 2 * DAY_MS)
        assert (len(both.run_ids), len(both.artifacts)) == (1, 1)
