"""Hand fakes to what is called directly."""

from __future__ import annotations

from contextlib import AbstractContextManager

from latticeflow.authoring.dsl.granting import granting


def grants(**providers: object) -> AbstractContextManager[None]:
    """Hand providers to every node that is called inside the block, however deep.

        with grants(kv=MemoryKv(), http=FakeHttp()):
            receipt = await checkout(order)

    Args:
        **providers: By family (`kv` for `Kv.Read` and `Kv.Write`), or by the name of a parameter,
            which goes first. They add to, and win over, those of a block around.
    """
    return granting(providers)
