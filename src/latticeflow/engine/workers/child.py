"""What runs in a worker process. Started as a script: it imports nothing of the product.

It takes one call after another from a socket, runs it in its main thread, and answers. It ends
when the socket does, and is killed when its parent goes away in the middle of a call.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import pickle
import runpy
import signal
import socket
import struct
import sys
import threading
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

LENGTH = struct.Struct("!Q")
MAIN_ALIAS = "__mp_main__"


def send(channel: socket.socket, *message: object) -> None:
    """Write one message; its parts are builtins."""
    payload = pickle.dumps(message)
    channel.sendall(LENGTH.pack(len(payload)) + payload)


def receive(channel: socket.socket) -> tuple[Any, ...] | None:
    """Read one message; None when there will be no more."""
    head = _read(channel, LENGTH.size)
    if head is None:
        return None
    payload = _read(channel, LENGTH.unpack(head)[0])
    if payload is None:
        return None
    message: tuple[Any, ...] = pickle.loads(payload)  # noqa: S301 - from our own parent
    return message


def _read(channel: socket.socket, size: int) -> bytes | None:
    chunks = bytearray()
    while len(chunks) < size:
        chunk = channel.recv(min(size - len(chunks), 1 << 20))
        if not chunk:
            return None
        chunks += chunk
    return bytes(chunks)


class Loader(pickle.Unpickler):
    """Unpickles a call. Modules that cannot be imported by name are asked for by file."""

    def __init__(self, content: bytes, channel: socket.socket) -> None:
        super().__init__(io.BytesIO(content))
        self._channel = channel

    def find_class(self, module_name: str, global_name: str, /) -> object:
        """Return what a name in the pickle stands for."""
        if module_name == "__main__" and MAIN_ALIAS not in sys.modules:
            self._load(module_name, alias=MAIN_ALIAS)
        elif module_name not in sys.modules:
            try:
                return super().find_class(module_name, global_name)
            except ModuleNotFoundError as error:
                if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                    raise
                self._load(module_name, alias=module_name)
        return super().find_class(module_name, global_name)

    def _load(self, name: str, *, alias: str) -> None:
        send(self._channel, "need", name)
        answer = receive(self._channel)
        file = answer[0] if answer else None
        spec = None if file is None else importlib.util.spec_from_file_location(alias, file)
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        module: ModuleType = importlib.util.module_from_spec(spec)
        sys.modules[alias] = module
        if name == "__main__":
            sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[alias]
            raise


def run_call(content: bytes, channel: socket.socket) -> tuple[object, ...]:
    """Run one pickled call; return the answer."""
    try:
        function, args, kwargs = Loader(content, channel).load()
        send(channel, "called")
        value = function(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - whatever it raises is the answer
        return _error(error)
    try:
        return ("value", pickle.dumps(value))
    except Exception as error:  # noqa: BLE001 - pickle raises what a class's __reduce__ does
        return _error(TypeError(f"the result cannot leave its process: {error}"))


def _error(error: BaseException) -> tuple[object, ...]:
    kind = type(error)
    facts = {
        "type": _name(kind),
        "message": str(error),
        "bases": [_name(base) for base in kind.__mro__[1:-1]],
        # The first frame is this file's.
        "details": "".join(
            traceback.format_exception(
                kind, error, error.__traceback__ and error.__traceback__.tb_next
            )
        ),
    }
    try:
        content = pickle.dumps(error)
        pickle.loads(content)  # noqa: S301 - an error that comes back is one that can be raised
    except Exception:  # noqa: BLE001 - whatever an error's own methods raise
        content = None
    return ("error", facts, content)


def _name(kind: type) -> str:
    module = "__main__" if kind.__module__ == MAIN_ALIAS else kind.__module__
    return f"{module}:{kind.__qualname__}"


def _end_with(life: int) -> None:
    """End this process, and what it started, once nobody holds the other end of `life`."""

    def watch() -> None:
        os.read(life, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def main() -> None:
    """Serve calls until the parent hangs up."""
    channel_fd, life, parent = map(int, sys.argv[1:4])
    # Bound by the kernel too: a function that never lets go of the interpreter stops threads.
    lifetime = runpy.run_path(str(Path(__file__).with_name("lifetime.py")))
    lifetime["dies_with_parent"](parent)()
    _end_with(life)
    channel = socket.socket(fileno=channel_fd)
    greeting = receive(channel)
    if greeting is None:
        return
    sys.path[:], sys.argv[:] = greeting
    send(channel, "ready")
    while (message := receive(channel)) is not None:
        send(channel, "begun")
        answer = run_call(message[0], channel)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        send(channel, *answer)


if __name__ == "__main__":
    main()
