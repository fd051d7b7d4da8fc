"""Reading beside the writer: own connections, own threads, off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import apsw

from latticeflow.providers.run_store.sqlite.schema import mapped

_T = TypeVar("_T")
_THREADS = 2


class Readers:
    """A few threads with a connection each.

    Args:
        connect: Makes a connection.
        url: The store's, for messages.
    """

    def __init__(self, connect: Callable[[], apsw.Connection], url: str) -> None:
        self._connect = connect
        self._url = url
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="latticeflow-run-store-read")
        self._own = threading.local()
        self._all: list[apsw.Connection] = []

    async def read(self, action: Callable[[apsw.Connection], _T]) -> _T:
        """Return what `action` returns, done in a thread with its connection.

        Raises:
            StoreError: What `action` raised, coded.
        """
        return await self.run(lambda: action(self._connection()))

    async def run(self, action: Callable[[], _T]) -> _T:
        """Return what `action` returns, done in a thread.

        Raises:
            StoreError: What `action` raised, coded.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, action)
        except (apsw.Error, OSError) as error:
            raise mapped(error, self._url) from error

    def close(self) -> None:
        """Wait for what is being read, then free everything. Blocks; not for the event loop."""
        self._pool.shutdown()
        for connection in self._all:
            connection.close()
        self._all.clear()

    def _connection(self) -> apsw.Connection:
        connection: apsw.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
            self._own.connection = connection
            self._all.append(connection)
        return connection
