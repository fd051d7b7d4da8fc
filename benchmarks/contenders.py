"""Who is measured at what, in which environment, and who is left out and why."""

import os
from pathlib import Path

GRAPH_PEERS = ("hamilton", "langgraph", "pydantic-graph", "prefect", "dagster")
DURABLE_PEERS = ("dbos", "langgraph")

# Milliseconds a node: they are measured once, and not at all where that would take minutes.
HEAVY = ("prefect", "dagster")
HEAVY_SKIPS = ("dag10k",)

QUIET = {
    "DO_NOT_TRACK": "1",
    "HAMILTON_TELEMETRY_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "LANGSMITH_TRACING": "false",
    "PREFECT_API_URL": "",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    "PYTHONWARNINGS": "ignore",
}


def environment(work: Path) -> dict[str, str]:
    """Return the variables of a worker: its folder, and no peer that calls home."""
    folder = str(work)
    homes = {"BENCH_FOLDER": folder, "PREFECT_HOME": f"{folder}/prefect", "DAGSTER_HOME": ""}
    return {**os.environ, **QUIET, **homes}
