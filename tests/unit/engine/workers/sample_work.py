"""Functions for worker processes, importable by name."""

import ctypes
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Point:
    x: int
    y: int


class Odd(Exception):
    """Cannot be made again from its arguments."""

    def __init__(self, a, b):
        super().__init__(f"{a}-{b}")


class Plain(ValueError):
    pass


def add(a, b=1):
    return a + b


def mirrored(point):
    return Point(point.y, point.x)


def process_id():
    return os.getpid()


def argument_list():
    return list(sys.argv)


def spin_for_ever(mark):
    Path(mark).write_text(str(os.getpid()))
    while True:
        pass


def hold_the_interpreter(mark):
    Path(mark).write_text(str(os.getpid()))
    # One call into C that never gives Python a chance to run another thread.
    ctypes.PyDLL(None).sleep(300)


def start_a_child(mark):
    child = subprocess.Popen(["sleep", "300"])
    Path(mark).write_text(str(child.pid))
    time.sleep(300)


def fail(message):
    raise Plain(message)


def fail_oddly():
    raise Odd(1, 2)


def time_out():
    raise TimeoutError("my own")


def leave(code):
    os._exit(code)


def crash():
    ctypes.string_at(0)


def exit_politely():
    sys.exit(3)


def make_lambda():
    return lambda: 1


def write(text):
    print(text)


def big(size):
    return b"x" * size
