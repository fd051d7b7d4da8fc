import subprocess
import sys
from datetime import timedelta

import pytest

from latticeflow import Clock, Db, Http, Kv, Process, flow, granted, node
from latticeflow.capabilities import (
    CAPABILITIES,
    Grants,
    HttpError,
    HttpResponse,
    HttpTimeoutError,
    ProcessError,
)
from latticeflow.diagnostics import LatticeFlowError
from latticeflow.flow import Determinism, Effects, NodeSpec
from latticeflow.testing import FakeHttp, FakeProcess, MemoryKv, fake_providers, grants


@node
async def charge(cents: int, *, http: Http.Write = granted, kv: Kv.Write = granted) -> str:
    """Charge."""
    answer = await http.post("https://bank/charge", {"cents": cents}, headers={"X-Key": "k"})
    await kv.put("last", answer.body)
    return str(answer.json()["id"])


@node
async def revision(*, process: Process = granted) -> str:
    """Tell the revision."""
    return (await process.run(["git", "rev-parse", "HEAD"], cwd="repo")).stdout.strip()


@node
async def count(*, db: Db.Write = granted, clock: Clock = granted) -> int:
    """Count."""
    await clock.sleep(timedelta(days=1))
    await db.execute("CREATE TABLE IF NOT EXISTS t (a)")
    return await db.execute("INSERT INTO t VALUES (1)")


@flow
async def checkout(cents: int) -> str:
    """Check out."""
    return await charge(cents)


async def test_flow_is_called_with_fakes():
    http, kv = FakeHttp(), MemoryKv()
    http.answer("POST", "https://bank/charge", json={"id": 7})
    with grants(http=http, kv=kv):
        assert await checkout(500) == "7"
    (request,) = http.requests
    assert (request.method, request.url, request.body) == (
        "POST",
        "https://bank/charge",
        {"cents": 500},
    )
    assert request.headers == {"x-key": "k"}
    assert await kv.get("last") == b'{"id": 7}'


async def test_nothing_is_granted_outside_the_block():
    with grants(http=FakeHttp()):
        pass
    with pytest.raises(LatticeFlowError, match="CAP113"):
        await checkout(1)


async def test_answers_are_given_in_order_and_the_last_one_stays():
    http = FakeHttp()
    http.answer("GET", "/a", status=503)
    http.answer("GET", "/a", HttpTimeoutError("too slow"))
    http.answer("GET", "/a", lambda request: HttpResponse(status=200, body=request.url.encode()))
    assert (await http.get("/a")).status == 503
    with pytest.raises(HttpTimeoutError):
        await http.get("/a")
    for _ in range(2):
        answer = await http.get("/a")
        assert (answer.ok, answer.body) == (True, b"/a")


async def test_request_without_an_answer_is_an_error():
    http = FakeHttp()
    http.answer("GET", "/a")
    with pytest.raises(HttpError, match="DELETE /a"):
        await http.delete("/a")
    assert (await http.get("/a")).body == b""


async def test_programs_end_as_set():
    process = FakeProcess()
    process.answer(["git", "rev-parse", "HEAD"], stdout="abc\n")
    with grants(process=process):
        assert await revision() == "abc"
    assert process.started[0].cwd == "repo"
    with pytest.raises(ProcessError, match="rm -rf"):
        await process.run(["rm", "-rf"])


async def test_every_family_has_a_fake():
    spec = NodeSpec(
        identifier="m:f",
        name="f",
        effects=Effects.EFFECTFUL,
        determinism=Determinism.NONDETERMINISTIC,
        capabilities={name: name for name in CAPABILITIES},
    )
    providers = fake_providers()
    assert Grants(providers).missing([spec]) == ()
    with grants(**providers):
        assert await count() == 1
    providers["db"].close()


def test_fakes_do_not_need_pytest():
    code = "import sys, latticeflow.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
