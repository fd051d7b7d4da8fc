"""What starts a flow, and where its parameters come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from latticeflow.authoring.dsl.durations import Duration, duration_ms
from latticeflow.authoring.dsl.refusing import refuse

TriggerKind = Literal["manual", "http", "schedule", "queue"]
Respond = Literal["immediate", "on_last", "explicit"]


class Trigger(msgspec.Struct, frozen=True):
    """One way to start a flow; `config` is JSON, its keys depend on `kind`."""

    kind: TriggerKind
    config: Mapping[str, object] = msgspec.field(default_factory=dict)


manual: Final = Trigger("manual")
"""Started by hand: `flows run`, `latticeflow.run`. The default."""


class http:  # noqa: N801  (a namespace that reads like the protocol)
    """Started by an HTTP request: `on=http.post("/checkout")`."""

    @staticmethod
    def post(path: str, *, respond: Respond = "on_last", deadline: Duration = "30s") -> Trigger:
        """Start on `POST path`; `{name}` in the path is a path parameter."""
        return _http("POST", path, respond, deadline)

    @staticmethod
    def put(path: str, *, respond: Respond = "on_last", deadline: Duration = "30s") -> Trigger:
        """Start on `PUT path`."""
        return _http("PUT", path, respond, deadline)

    @staticmethod
    def delete(path: str, *, respond: Respond = "on_last", deadline: Duration = "30s") -> Trigger:
        """Start on `DELETE path`."""
        return _http("DELETE", path, respond, deadline)

    @staticmethod
    def get(path: str, *, respond: Respond = "on_last", deadline: Duration = "30s") -> Trigger:
        """Start on `GET path`."""
        return _http("GET", path, respond, deadline)


def schedule(cron: str, /, *, tz: str = "UTC") -> Trigger:
    """Start at the times of a cron expression, in the time zone `tz`."""
    return Trigger("schedule", {"cron": cron, "tz": tz})


def queue(name: str, /, *, group: str | None = None) -> Trigger:
    """Start once a message of queue `name`, as a member of the consumer group `group`."""
    return Trigger("queue", {"name": name, "group": group})


class Header(msgspec.Struct, frozen=True):
    """A parameter that comes from a request header: `Annotated[str, Header("x-key")]`."""

    name: str


class Body(msgspec.Struct, frozen=True):
    """A parameter that is the request's body: `Annotated[Order, Body]`."""


class PathParam(msgspec.Struct, frozen=True):
    """A parameter that comes from the request's path: `Annotated[str, PathParam]`."""


def _http(method: str, path: str, respond: Respond, deadline: Duration) -> Trigger:
    if not path.startswith("/"):
        refuse(f"http.{method.lower()}", "path", f"{path!r} does not start with /")
    try:
        bound = duration_ms(deadline)
    except ValueError as error:
        refuse(f"http.{method.lower()}", "deadline", str(error))
    config = {"method": method, "path": path, "respond": respond, "deadline_ms": bound}
    return Trigger("http", config)
