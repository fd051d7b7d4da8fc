from datetime import timedelta

from latticeflow.bindings import embedded_providers
from latticeflow.capabilities import CAPABILITIES, Grants, Holder, New
from latticeflow.flow import Determinism, Effects, NodeSpec

FAMILIES = ("clock", "rng", "files", "process", "kv", "db", "dedupe")
HOLDER = Holder(node="n", run_id="r", position="n", seed=1)


def everything_but_http():
    capabilities = {name.replace(".", "_"): name for name in CAPABILITIES if "http" not in name}
    return NodeSpec(
        identifier="m:f",
        name="f",
        effects=Effects.EFFECTFUL,
        determinism=Determinism.NONDETERMINISTIC,
        capabilities=capabilities,
    )


async def use(providers):
    """Do something with every capability; return what outlives the process."""
    grants = Grants(providers)
    given = grants.for_node(everything_but_http(), HOLDER)
    given["clock"].now()
    await given["files_write"].write_text("out/a.txt", "x")
    assert (
        await given["files_write"].keep("out/a.txt", retention=timedelta(days=1))
    ).size_bytes == 1
    assert (await given["process"].run(["cat", "out/a.txt"])).stdout == "x"
    await given["db_write"].execute("CREATE TABLE IF NOT EXISTS t (a INTEGER)")
    await given["db_write"].execute("INSERT INTO t VALUES (?)", (given["rng"].integer(1, 9),))
    await given["kv_write"].put("k", b"v")
    claim = await given["dedupe"].begin("key", owner="o")
    rows = await given["db_read"].query("SELECT a FROM t")
    for family in ("kv", "db", "dedupe"):
        close = getattr(grants.provider(family), "close", None)
        if close is not None:
            close()
    return isinstance(claim, New), len(rows), rows[0]


async def test_durable_state_is_in_the_folder_and_found_again(tmp_path):
    folder, root = tmp_path / ".flows", tmp_path / "project"
    root.mkdir()
    kept = []
    first = await use(
        embedded_providers(FAMILIES, folder, root=root, on_artifact=lambda *told: kept.append(told))
    )
    second = await use(embedded_providers(FAMILIES, folder, root=root))
    assert first[:2] == (True, 1)
    assert second[:2] == (False, 2)
    assert first[2] == second[2], "a step draws the same in the same run"
    assert (root / "out" / "a.txt").read_text() == "x"
    ((artifact, holder),) = kept
    assert holder == HOLDER
    assert (folder / "artifacts" / artifact.sha256[:2] / artifact.sha256).read_text() == "x"


async def test_without_a_folder_nothing_is_kept(tmp_path):
    for _ in range(2):
        assert (await use(embedded_providers(FAMILIES, None, root=tmp_path)))[:2] == (True, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_only_what_is_asked_for_is_made(tmp_path):
    assert set(embedded_providers({"kv", "http", "clock"}, None, root=tmp_path)) == {"kv", "clock"}
    assert embedded_providers((), tmp_path / "never", root=tmp_path) == {}
    assert list(tmp_path.iterdir()) == []
