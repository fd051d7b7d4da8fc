"""The URL of a store and the store that it means."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from latticeflow.diagnostics import UsageError, report
from latticeflow.runs import RunStore

_SQLITE_OPTIONS = {"blob_threshold": 512 * 1024, "busy_ms": 60_000}


def open_store(url: str) -> RunStore:
    """Return the store that `url` means; it is not open yet.

    Forms: `memory:` (gone with the process), `sqlite:relative/path`, `sqlite:///relative/path`,
    `sqlite:////absolute/path`. A relative path is relative to the working directory. Options
    follow a `?`: `blob_threshold` (bytes above which a value is kept as a file of its own) and
    `busy_ms` (how long to wait for another process's lock).

    Args:
        url: The URL.

    Returns:
        The store; `await store.open()` makes it ready.

    Raises:
        UsageError: `url` is no store's, or has an unknown option or value (STORE007).
    """
    parts = urlsplit(url)
    if parts.fragment:
        raise _refused(url, "a store's URL has no `#`")
    if parts.scheme == "memory":
        return _memory(url, parts.netloc + parts.path + parts.query)
    if parts.scheme == "sqlite":
        if parts.netloc:
            raise _refused(url, f"write `sqlite:///{parts.netloc}{parts.path}` for a file")
        return _sqlite(url, unquote(parts.path), parts.query)
    raise _refused(url)


def _memory(url: str, rest: str) -> RunStore:
    from latticeflow.providers.run_store import MemoryRunStore

    if rest:
        raise _refused(url, "`memory:` takes nothing behind it")
    return MemoryRunStore()


def _sqlite(url: str, path: str, query: str) -> RunStore:
    if url.startswith("sqlite://"):
        path = path.removeprefix("/")
    if not path or path.endswith("/"):
        raise _refused(url, "name a file: `sqlite:///.flows/runs.db`")
    options = dict(_SQLITE_OPTIONS)
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in options:
            raise _refused(url, f"`{name}` is no option; known: {', '.join(options)}")
        if not text.isascii() or not text.isdigit():
            raise _refused(url, f"`{name}` is a whole number")
        options[name] = int(text)
    # Late: only who keeps runs in SQLite loads it.
    from latticeflow.providers.run_store.sqlite import SqliteRunStore

    return SqliteRunStore(
        path, blob_threshold=options["blob_threshold"], busy_ms=options["busy_ms"]
    )


def _refused(url: str, hint: str | None = None) -> UsageError:
    return UsageError(diagnostics=(report("STORE007", url=url, hint=hint),))
