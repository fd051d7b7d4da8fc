"""Requests that go nowhere: answers are set beforehand, what was asked is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

import msgspec

from latticeflow.capabilities import HttpError, HttpResponse


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. `body` is as it was given; header names are lower case."""

    method: str
    url: str
    headers: dict[str, str] = {}
    body: object = None
    timeout: timedelta | None = None


Answer = HttpResponse | BaseException | Callable[[Request], HttpResponse]
"""What is given for a request: a response, an error to raise, or a function that makes one."""


class FakeHttp:
    """An `Http.Write` for tests.

        http = FakeHttp()
        http.answer("POST", "https://bank/charge", json={"id": 1})
        receipt = await charge(order, http=http)
        assert http.requests[0].body == {"cents": 500}

    Attributes:
        requests: What was asked for, in order.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}

    def answer(
        self,
        method: str,
        url: str,
        answer: Answer | None = None,
        *,
        json: object = None,
        status: int = 200,
    ) -> None:
        """Set what the next request gets; the last one set is given for all that follow.

        Args:
            method: The method.
            url: The whole URL.
            answer: The answer; None makes one of `json` and `status`.
            json: What the body says, as JSON.
            status: The status.
        """
        made = HttpResponse(
            status=status,
            headers={"content-type": "application/json"},
            body=_encode(json),
        )
        answers = self._answers.setdefault((method.upper(), url), [])
        answers.append(made if answer is None else answer)

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: timedelta | None = None,
    ) -> HttpResponse:
        """Answer as set."""
        return self._give("GET", url, None, headers, timeout)

    async def head(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: timedelta | None = None,
    ) -> HttpResponse:
        """Answer as set, without a body."""
        return msgspec.structs.replace(self._give("HEAD", url, None, headers, timeout), body=b"")

    async def post(
        self,
        url: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: timedelta | None = None,
    ) -> HttpResponse:
        """Answer as set."""
        return self._give("POST", url, body, headers, timeout)

    async def put(
        self,
        url: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: timedelta | None = None,
    ) -> HttpResponse:
        """Answer as set."""
        return self._give("PUT", url, body, headers, timeout)

    async def patch(
        self,
        url: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: timedelta | None = None,
    ) -> HttpResponse:
        """Answer as set."""
        return self._give("PATCH", url, body, headers, timeout)

    async def delete(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: timedelta | None = None,
    ) -> HttpResponse:
        """Answer as set."""
        return self._give("DELETE", url, None, headers, timeout)

    def _give(
        self,
        method: str,
        url: str,
        body: object,
        headers: Mapping[str, str] | None,
        timeout: timedelta | None,
    ) -> HttpResponse:
        request = Request(
            method=method,
            url=url,
            headers={name.lower(): value for name, value in (headers or {}).items()},
            body=body,
            timeout=timeout,
        )
        self.requests.append(request)
        answers = self._answers.get((method, url))
        if not answers:
            raise HttpError(f"no answer is set for {method} {url}")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, HttpResponse) else answer(request)


def _encode(value: object) -> bytes:
    return b"" if value is None else json.dumps(value).encode()
