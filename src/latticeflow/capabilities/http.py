"""Requests to other machines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import msgspec

from latticeflow.capabilities.marking import capability


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, whatever its status. Header names are lower case."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    def json(self) -> object:
        """Return the body as JSON.

        Raises:
            msgspec.DecodeError: It is no JSON.
        """
        return msgspec.json.decode(self.body)


class Http:
    """Requests. A status is a result, not an error; an answer that never came is `HttpError`."""

    @capability("http.read")
    class Read(Protocol):
        """Requests that change nothing."""

        async def get(
            self,
            url: str,
            *,
            headers: Mapping[str, str] | None = None,
            timeout: timedelta | None = None,
        ) -> HttpResponse:
            """Fetch `url`.

            Raises:
                HttpTimeoutError: No answer came within `timeout`, or the provider's own bound.
                HttpError: No usable answer came.
            """
            ...

        async def head(
            self,
            url: str,
            *,
            headers: Mapping[str, str] | None = None,
            timeout: timedelta | None = None,
        ) -> HttpResponse:
            """Fetch the headers of `url` alone; raises as `get` does."""
            ...

    @capability("http.write")
    class Write(Read, Protocol):
        """All requests.

        `body` is sent as it is when it is bytes or text, as JSON when it is anything else, with
        the content type that says so; None sends none. All raise as `get` does.
        """

        async def post(
            self,
            url: str,
            body: object = None,
            *,
            headers: Mapping[str, str] | None = None,
            timeout: timedelta | None = None,
        ) -> HttpResponse:
            """Send `body` to `url`."""
            ...

        async def put(
            self,
            url: str,
            body: object = None,
            *,
            headers: Mapping[str, str] | None = None,
            timeout: timedelta | None = None,
        ) -> HttpResponse:
            """Make `body` what is found at `url`."""
            ...

        async def patch(
            self,
            url: str,
            body: object = None,
            *,
            headers: Mapping[str, str] | None = None,
            timeout: timedelta | None = None,
        ) -> HttpResponse:
            """Change what is found at `url` as `body` says."""
            ...

        async def delete(
            self,
            url: str,
            *,
            headers: Mapping[str, str] | None = None,
            timeout: timedelta | None = None,
        ) -> HttpResponse:
            """Remove what is found at `url`."""
            ...
