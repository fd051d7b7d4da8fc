"""Hamilton: a module of functions whose parameters name other functions; its async driver."""

import sys
from collections.abc import Awaitable, Callable

from hamilton import ad_hoc_utils, async_driver, base
from shapes import MASK, Parents

PACKAGES = ("sf-hamilton",)


def graph(parents: Parents) -> Callable[[], Awaitable[int]]:
    sys.setrecursionlimit(100_000)  # it walks the graph by recursion
    source = []
    for node, chosen in enumerate(parents):
        names = [f"n{parent}" for parent in chosen]
        takes = ", ".join(f"{name}: int" for name in names)
        source.append(
            f"async def n{node}({takes}) -> int:\n"
            f"    return (1 + sum([{', '.join(names)}])) & {MASK}\n"
        )
    module = ad_hoc_utils.module_from_source("\n".join(source))
    wanted = f"n{len(parents) - 1}"
    driver = async_driver.AsyncDriver({}, module, result_builder=base.DictResult())

    async def run() -> int:
        if not driver.initialized:
            await driver.ainit()
        return (await driver.execute([wanted]))[wanted]

    return run
