"""Run a program from its start to the end of the last process it left behind."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import signal
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta

import msgspec

from latticeflow.capabilities import ProcessError, ProcessResult
from latticeflow.diagnostics import report
from latticeflow.providers.process.capture import DEFAULT_LIMIT_BYTES, Capture
from latticeflow.providers.process.group import TOKEN_VARIABLE, ProcessGroup, identify, kill_group
from latticeflow.providers.process.spawning import Held, Streams, spawn_held

DEFAULT_GRACE = timedelta(seconds=5)

# How long what a program leaves running may still write, before it is asked to end.
_LINGER_SECONDS = 0.5
_CHUNK_BYTES = 64 * 1024


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A program to run: `argv` without any shell, in `cwd`, with exactly the environment `env`."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    stdin: bytes = b""
    grace: timedelta = DEFAULT_GRACE
    limit_bytes: int = DEFAULT_LIMIT_BYTES


async def run_command(
    command: Command,
    *,
    on_output: Callable[[str, str], None] | None = None,
    on_started: Callable[[ProcessGroup], Awaitable[None]] | None = None,
) -> ProcessResult:
    """Run a program to its end; its exit code is a result, not an error.

    It leads a process group of its own. Processes it leaves in that group may write for another
    half second, then they are asked to end, then killed; what has left the group, a daemon, stays.

    Args:
        command: What to run.
        on_output: Told each line: `stdout` or `stderr`, and the text without its line end.
        on_started: Awaited with the group before the program begins. If it raises, the program
            never does.

    Raises:
        ProcessError: The program cannot be started (CAP210).

    Cancellation: the group gets SIGTERM, after the command's grace SIGKILL; on Linux, so does
        what has left the group. When this raises, none of it is left. A second cancellation
        ends the grace.
    """
    token = secrets.token_hex(16)
    with ExitStack() as stack:
        try:
            held, reads = _spawn(command, token, stack)
        except (OSError, ValueError) as error:
            raise _not_started(command, error) from error
        group = identify(held.pid, token)
        running = _Running(held.pid, group, command, on_output)
        try:
            running.watch(reads)
            try:
                if on_started is not None:
                    await on_started(group)
                await _open_gate(held, command)
                await running.ended.wait()
            finally:
                await running.finish()
        finally:
            running.close()
    return running.result()


def _spawn(command: Command, token: str, stack: ExitStack) -> tuple[Held, dict[str, int]]:
    """Start the child; what this side holds of it goes into `stack`."""
    reads: dict[str, int] = {}
    writes: dict[str, int] = {}
    with ExitStack() as given_away:
        # Closed here once the child has them, or the end of its output would never be seen.
        stdin = _stdin(command.stdin)
        given_away.callback(os.close, stdin)
        for name in ("stdout", "stderr"):
            reads[name], writes[name] = os.pipe()
            stack.callback(os.close, reads[name])
            given_away.callback(os.close, writes[name])
        held = spawn_held(
            command.argv,
            env={**command.env, TOKEN_VARIABLE: token},
            cwd=command.cwd,
            streams=Streams(stdin, writes["stdout"], writes["stderr"]),
        )
    stack.callback(os.close, held.gate)
    stack.callback(os.close, held.failure)
    return held, reads


def _stdin(content: bytes) -> int:
    if not content:
        return os.open(os.devnull, os.O_RDONLY)
    # A file and not a pipe: nobody needs to feed it while the program runs.
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        return os.dup(file.fileno())


async def _open_gate(held: Held, command: Command) -> None:
    with suppress(BrokenPipeError):  # it is gone already, and has said why
        os.write(held.gate, b"\0")
    failure = await _read_all(held.failure)
    if failure:
        number, _, doing = failure.decode().partition(" ")
        error = OSError(int(number), os.strerror(int(number)))
        if doing == "directory":
            error.filename = command.cwd
        raise _not_started(command, error)


async def _read_all(fd: int) -> bytes:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    chunks: list[bytes] = []

    def read() -> None:
        if chunk := os.read(fd, _CHUNK_BYTES):
            chunks.append(chunk)
        else:
            loop.remove_reader(fd)
            if not done.done():
                done.set_result(None)

    loop.add_reader(fd, read)
    try:
        await done
    finally:
        loop.remove_reader(fd)
    return b"".join(chunks)


def _not_started(command: Command, error: OSError | ValueError) -> ProcessError:
    why = str(error)
    if isinstance(error, OSError):
        why = os.strerror(error.errno or 0).lower()
        if error.filename is not None:
            why = f"{why}: {os.fsdecode(error.filename)}"
    retryable = isinstance(error, OSError) and error.errno in (errno.EAGAIN, errno.ENOMEM)
    finding = report("CAP210", command=command.argv[0], why=why)
    return ProcessError(diagnostics=(finding,), retryable=retryable)


class _Running(msgspec.Struct):
    """A child and its output, until nothing is left of either."""

    pid: int
    group: ProcessGroup
    command: Command
    on_output: Callable[[str, str], None] | None
    ended: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    silent: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    captures: dict[str, Capture] = msgspec.field(default_factory=dict)
    exit_code: int | None = None
    _open: set[int] = msgspec.field(default_factory=set)
    _pidfd: int | None = None
    _waiter: asyncio.Task[object] | None = None
    _interrupted: bool = False

    def watch(self, reads: Mapping[str, int]) -> None:
        loop = asyncio.get_running_loop()
        for name, fd in reads.items():
            os.set_blocking(fd, False)
            self.captures[name] = Capture(self.command.limit_bytes, self._teller(name))
            self._open.add(fd)
            loop.add_reader(fd, self._read, fd, self.captures[name])
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # not Linux, or an old one
            self._waiter = loop.create_task(asyncio.to_thread(self._wait))
            self._waiter.add_done_callback(lambda _: self.ended.set())
        else:
            loop.add_reader(self._pidfd, self.ended.set)

    def _wait(self) -> None:
        try:
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        except AttributeError:  # macOS can only wait and reap in one
            self.exit_code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    async def finish(self) -> None:
        """Bring the whole group to its end, then reap the child.

        The child is left a zombie until then: as long as it is one, its number cannot be given
        to another group.
        """
        stopped = not self.ended.is_set()
        if not stopped:
            await self._within(_LINGER_SECONDS, self.silent)
        if not (self.ended.is_set() and self.silent.is_set()):
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)
            await self._within(self.command.grace.total_seconds(), self.ended, self.silent)
        self._signal(signal.SIGKILL)
        while not self.ended.is_set():
            await self._within(None, self.ended)
        if stopped:
            # Also what has left the group. A program that ended by itself may leave a daemon.
            await asyncio.shield(asyncio.to_thread(kill_group, self.group))
        # What left the group may hold the pipes open; it is not waited for any longer.
        await self._within(_LINGER_SECONDS, self.silent)
        if self._interrupted:
            raise asyncio.CancelledError

    async def _within(self, seconds: float | None, *events: asyncio.Event) -> None:
        """Wait for all of `events`, but no longer than given, nor beyond a cancellation."""
        try:
            async with asyncio.timeout(seconds):
                for event in events:
                    await event.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            self._interrupted = True

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            # It has no group yet: it is on its way to the gate.
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
        except PermissionError:  # macOS says so of a group that is all zombies
            pass

    def _teller(self, stream: str) -> Callable[[str], None] | None:
        on_output = self.on_output
        return None if on_output is None else lambda line: on_output(stream, line)

    def _read(self, fd: int, capture: Capture) -> None:
        try:
            chunk = os.read(fd, _CHUNK_BYTES)
        except BlockingIOError:
            return
        if chunk:
            capture.feed(chunk)
            return
        asyncio.get_running_loop().remove_reader(fd)
        self._open.discard(fd)
        if not self._open:
            self.silent.set()

    def close(self) -> None:
        """Reap the child and let go of everything."""
        loop = asyncio.get_running_loop()
        while self._open:
            loop.remove_reader(self._open.pop())
        if self._pidfd is not None:
            loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None
        for capture in self.captures.values():
            capture.close()
        if self.exit_code is not None:
            return
        with suppress(ChildProcessError):  # the host reaps all children itself
            _, status = os.waitpid(self.pid, 0)
            self.exit_code = os.waitstatus_to_exitcode(status)

    def result(self) -> ProcessResult:
        if self.exit_code is None:
            finding = report("CAP210", command=self.command.argv[0], why="its end was not seen")
            raise ProcessError(diagnostics=(finding,))
        return ProcessResult(
            exit_code=self.exit_code,
            stdout=self.captures["stdout"].text(),
            stderr=self.captures["stderr"].text(),
            truncated=tuple(name for name, kept in self.captures.items() if kept.truncated),
        )
