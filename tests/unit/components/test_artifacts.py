import asyncio

import pytest

from latticeflow.capabilities import FileAccessError
from latticeflow.components.artifacts import ArtifactKeeper
from latticeflow.flow import Artifact, Flow, flow_id


def flow_with(*artifacts):
    return Flow(
        id=flow_id("f", "1.0.0"),
        name="f",
        version="1.0.0",
        profile="dev",
        artifacts=list(artifacts),
    )


async def test_outputs_are_kept_where_they_were_and_noted(tmp_path):
    root, workspace, into = tmp_path / "root", tmp_path / "workspace", tmp_path / "kept"
    for place in (root, workspace):
        place.mkdir()
        (place / "a.csv").write_text(place.name)
        (place / "b.txt").write_text("no")
    noted = []
    keeper = ArtifactKeeper(
        flow_with(
            Artifact(kind="output", path="*.csv", retention_ms=5),
            Artifact(kind="dot", path="b.txt"),
        ),
        root=root,
        into=into,
        note=lambda position, artifact: noted.append((position, artifact)),
    )
    await asyncio.to_thread(keeper.collect, workspace, "each/0/work")
    assert [(position, artifact.path) for position, artifact in noted] == [("each/0/work", "a.csv")]
    await keeper.collect_all()
    assert [(position, artifact.path) for position, artifact in noted[1:]] == [("", "a.csv")]
    assert {(into / a.sha256[:2] / a.sha256).read_text() for _, a in noted} == {"root", "workspace"}
    assert {artifact.retention_ms for _, artifact in noted} == {5}


async def test_flow_without_artifacts_reads_nothing(tmp_path):
    keeper = ArtifactKeeper(
        flow_with(), root=tmp_path / "missing", into=None, note=lambda *_: pytest.fail("noted")
    )
    await keeper.collect_all()


async def test_pattern_that_leads_out_is_refused(tmp_path):
    keeper = ArtifactKeeper(
        flow_with(Artifact(kind="output", path="../*")),
        root=tmp_path,
        into=None,
        note=lambda *_: None,
    )
    with pytest.raises(FileAccessError):
        await keeper.collect_all()
