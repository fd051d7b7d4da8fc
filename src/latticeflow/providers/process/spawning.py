"""Start a program in a process group of its own, held back until it may begin.

The child is forked, becomes the leader of a new session, binds its life to its parent's, and then
waits at a gate before `exec`: so its group can be recorded before it does anything. Nothing of
the parent reaches it but its standard streams.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

import msgspec

from latticeflow.engine.workers.lifetime import dies_with_parent

_CANNOT_START = 127
_FORK_WARNS = sys.hexversion >= 0x030C0000


class Streams(msgspec.Struct, frozen=True):
    """File descriptors the child gets as its standard input, output and errors."""

    stdin: int
    stdout: int
    stderr: int


class Held(msgspec.Struct, frozen=True):
    """A child at the gate.

    `pid` is its process group too. Write one byte to `gate` to let it begin, or close it to make
    it end. Then `failure` gives nothing when the program began, else the `errno` as text and what
    could not be done, separated by a space.
    """

    pid: int
    gate: int
    failure: int


def spawn_held(
    command: Sequence[str], *, env: Mapping[str, str], cwd: str, streams: Streams
) -> Held:
    """Fork a child that waits at the gate.

    Args:
        command: The program, looked up in `env`'s PATH, and its arguments.
        env: The whole environment.
        cwd: Where it runs.
        streams: Its standard streams; they stay open here.

    Raises:
        ValueError: A text holds a NUL character, which no program can be given.
        OSError: The system has no room for another process.
    """
    arguments = [os.fsencode(part) for part in command]
    environment = {os.fsencode(name): os.fsencode(value) for name, value in env.items()}
    for text in (*arguments, *environment, *environment.values(), os.fsencode(cwd)):
        if b"\0" in text:
            raise ValueError("a NUL character cannot be given to a program")
    gate_read, gate_write = os.pipe()
    failure_read, failure_write = os.pipe()
    bind = dies_with_parent(os.getpid())
    child = _Child(
        arguments=arguments,
        environment=environment,
        cwd=os.fsencode(cwd),
        streams=streams,
        gate=gate_read,
        failure=failure_write,
        limit=os.sysconf("SC_OPEN_MAX"),
    )
    try:
        pid = _fork(lambda: child.run(bind))
    except BaseException:
        os.close(gate_write)
        os.close(failure_read)
        raise
    finally:
        os.close(gate_read)
        os.close(failure_write)
    return Held(pid=pid, gate=gate_write, failure=failure_read)


def _fork(run: Callable[[], NoReturn]) -> int:
    # Signals wait until the child has put Python's handlers away: they would write to the
    # parent's wake-up pipe.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    collecting = gc.isenabled()
    gc.disable()  # a collection in the child could run the parent's finalizers
    try:
        pid = _fork_silently()
        if pid == 0:
            try:
                run()
            finally:
                os._exit(_CANNOT_START)
    finally:
        if collecting:
            gc.enable()
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return pid


def _fork_silently() -> int:
    if not _FORK_WARNS:
        return os.fork()
    with warnings.catch_warnings():
        # Python warns that a fork of a process with threads may deadlock on a lock that another
        # thread holds. This child takes none: it makes system calls until `exec`.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


class _Child(msgspec.Struct, frozen=True):
    """What happens on the child's side of the fork."""

    arguments: list[bytes]
    environment: dict[bytes, bytes]
    cwd: bytes
    streams: Streams
    gate: int
    failure: int
    limit: int

    def run(self, bind: Callable[[], None]) -> NoReturn:
        doing = "session"
        try:
            os.setsid()
            bind()
            _forget_signals()
            doing = "directory"
            os.chdir(self.cwd)
            doing = "streams"
            self._place_streams()
            doing = "gate"
            if os.read(self.gate, 1):
                doing = "program"
                # Python's own close themselves; these are what it was started with.
                os.closerange(3, self.failure)
                os.closerange(self.failure + 1, self.limit)
                os.execvpe(self.arguments[0], self.arguments, self.environment)  # noqa: S606
        except OSError as error:
            os.write(self.failure, f"{error.errno} {doing}".encode())
        finally:
            os._exit(_CANNOT_START)

    def _place_streams(self) -> None:
        # First above the three, so that placing one does not overwrite another.
        streams = (self.streams.stdin, self.streams.stdout, self.streams.stderr)
        copies = [os.dup(fd) for fd in streams]
        while min(copies) <= 2:  # only in a process that began without standard streams
            copies = [os.dup(fd) if fd <= 2 else fd for fd in copies]
        for place, copy in enumerate(copies):
            os.dup2(copy, place, inheritable=True)


def _forget_signals() -> None:
    for number in signal.valid_signals():
        with suppress(OSError, ValueError):  # some cannot be changed
            if signal.getsignal(number) is not signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
