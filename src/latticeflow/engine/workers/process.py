"""One worker process, from this side."""

from __future__ import annotations

import asyncio
import io
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from latticeflow.diagnostics import report
from latticeflow.engine.workers.child import LENGTH, MAIN_ALIAS
from latticeflow.engine.workers.errors import (
    RemoteError,
    RemoteTraceback,
    WorkerDiedError,
    WorkerGoneError,
)
from latticeflow.runs import RunError

_CHILD = Path(__file__).with_name("child.py")


class WorkerProcess:
    """A Python process that runs one call after another. It leads a session of its own."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        watched, self._life = os.pipe()
        command = [sys.executable, "-P", str(_CHILD)]
        command += [str(theirs.fileno()), str(watched), str(os.getpid())]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), watched),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            os.close(self._life)
            raise
        finally:
            theirs.close()
            os.close(watched)
        ours.setblocking(False)
        self._channel = ours
        self._greeted = False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs. Asking does not reap it: its group is still its own."""
        if self._process.returncode is not None:
            return False
        try:
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self.pid, options) is None
        except AttributeError:  # macOS can only ask and reap in one
            return self._process.poll() is None

    async def start(self) -> None:
        """Wait until the process can take a call.

        Raises:
            WorkerDiedError: It ended instead.
        """
        if not self._greeted:
            await self._send((list(sys.path), list(sys.argv)))
            await self._receive("its start")
            self._greeted = True

    async def call(
        self, content: bytes, *, name: str, on_called: Callable[[], None] | None = None
    ) -> object:
        """Run one pickled call and return its value.

        Args:
            content: A pickled `(function, args, kwargs)`.
            name: What the call is named in errors.
            on_called: Is told when the function begins, its module being imported.

        Raises:
            WorkerGoneError: The process had ended before it took the call.
            WorkerDiedError: The process ended in the middle of it.
            RemoteError: The function raised what cannot be raised here.
            BaseException: What the function raised, with `RemoteTraceback` as its cause.

        Cancellation: leaves the process in the middle of the call; it can only be killed then.
        """
        await self._send((content,))
        try:
            await self._receive(name)
        except WorkerDiedError as error:
            raise WorkerGoneError(diagnostics=error.diagnostics) from error
        while True:
            answer = await self._receive(name)
            if answer[0] == "need":
                await self._send((_file_of(answer[1]),))
            elif answer[0] == "called":
                if on_called is not None:
                    on_called()
            elif answer[0] == "value":
                return _Loader(io.BytesIO(answer[1])).load()
            else:
                raise _raisable(answer[1], answer[2])

    def interrupt(self) -> None:
        """Kill the process and what it started; a call in it then fails."""
        if self._process.returncode is None:  # else the number may be another's by now
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    async def kill(self) -> None:
        """Kill the process and what it started, and reap it. No call may be in it."""
        self._let_go()
        # Shielded: a cancellation stops the waiting, not the reaping.
        await asyncio.shield(asyncio.to_thread(self._process.wait))

    def kill_now(self) -> None:
        """Kill as `kill` does, without an event loop."""
        self._let_go()
        self._process.wait()

    def _let_go(self) -> None:
        self.interrupt()
        self._channel.close()
        with suppress(OSError):  # closed by an earlier call
            os.close(self._life)
        self._life = -1

    async def _send(self, message: tuple[object, ...]) -> None:
        payload = pickle.dumps(message)
        with suppress(BrokenPipeError, ConnectionResetError):  # then there is no answer either
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(self._channel, LENGTH.pack(len(payload)) + payload)

    async def _receive(self, name: str) -> tuple[Any, ...]:
        try:
            (length,) = LENGTH.unpack(await self._read(LENGTH.size))
            message: tuple[Any, ...] = pickle.loads(await self._read(length))  # noqa: S301 - the same
        except (EOFError, ConnectionResetError):
            await self.kill()
            why = _ending(self._process.returncode)
            raise WorkerDiedError(diagnostics=(report("STEP007", step=name, why=why),)) from None
        return message

    async def _read(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        content = bytearray(size)
        view = memoryview(content)
        while view:
            count = await loop.sock_recv_into(self._channel, view)
            if not count:
                raise EOFError
            view = view[count:]
        return bytes(content)


class _Loader(pickle.Unpickler):
    """Unpickles what a worker sends; the script that runs here has another name there."""

    def find_class(self, module_name: str, global_name: str, /) -> object:
        module_name = "__main__" if module_name == MAIN_ALIAS else module_name
        return super().find_class(module_name, global_name)


def _file_of(module_name: str) -> str | None:
    return getattr(sys.modules.get(module_name), "__file__", None)


def _raisable(facts: dict[str, object], content: bytes | None) -> BaseException:
    error = msgspec.convert(facts, RunError)
    raised: object = None
    if content is not None:
        with suppress(Exception):  # an error whose class is not the same here
            raised = _Loader(io.BytesIO(content)).load()
    if not isinstance(raised, Exception):
        # `SystemExit` and the like would end this process, not the step.
        return RemoteError(error)
    raised.__cause__ = RemoteTraceback(error.details or "")
    return raised


def _ending(code: int | None) -> str:
    if code is None or code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"
