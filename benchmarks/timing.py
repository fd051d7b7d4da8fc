"""Measuring short things on a machine that others use too: CPU time, interleaved, medians."""

import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median

SAMPLE_SECONDS = 0.002


async def interleave(
    runs: Mapping[str, Callable[[], Awaitable[object]]],
    wanted: object,
    *,
    seconds: float,
    least: int = 5,
) -> dict[str, dict[str, float]]:
    """Run all in turn for `seconds`; return the median CPU and wall seconds of one run of each.

    A first, unmeasured turn warms up and decides how many runs make a sample long enough to time.

    Raises:
        AssertionError: a run gave something else than `wanted`.
    """
    repeat: dict[str, int] = {}
    for name, run in runs.items():
        await run()
        began = time.perf_counter()
        found = await run()
        taken = time.perf_counter() - began
        assert found == wanted, f"{name} gave {found!r}, not {wanted!r}"
        repeat[name] = max(1, int(SAMPLE_SECONDS / max(taken, 1e-9)))
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    wall: dict[str, list[float]] = {name: [] for name in runs}
    until = time.perf_counter() + seconds
    turns = 0
    while turns < least or time.perf_counter() < until:
        for name, run in runs.items():
            times = repeat[name]
            began, spent = time.perf_counter(), time.process_time()
            for _ in range(times):
                await run()
            cpu[name].append((time.process_time() - spent) / times)
            wall[name].append((time.perf_counter() - began) / times)
        turns += 1
        if time.perf_counter() > until + 4 * seconds:
            break  # a peer with runs of seconds: a few turns have to do
    return {name: {"cpu_s": median(cpu[name]), "wall_s": median(wall[name])} for name in runs}
