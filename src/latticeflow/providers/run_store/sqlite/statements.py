"""The SQL of the store. SQLite's prepared statements are cached by these very texts."""

from __future__ import annotations

from latticeflow.providers.run_store.sqlite.rows import EVENT_COLUMNS, RUN_COLUMNS

BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"
# Changes when another connection has committed: only then must fences be read again.
DATA_VERSION = "PRAGMA data_version"

ADD_EVENT = "INSERT INTO event VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_LOG = "INSERT INTO log VALUES (NULL, ?, ?, ?, ?, ?, ?)"
SET_STATE = (
    "UPDATE run SET status = ?, started_at_ms = ?, finished_at_ms = ?, result = ?, error = ?,"
    " options = ? WHERE id = ?"
)
HEAD = (
    "SELECT id, fence, (SELECT coalesce(max(seq), 0) FROM event WHERE run = run.id)"
    " FROM run WHERE run_id = ?"
)

PUBLISHED = "SELECT flow_digest FROM published WHERE flow_name = ? AND flow_version = ?"
PUBLISH = "INSERT INTO published VALUES (?, ?, ?)"
DOCUMENT = "SELECT id FROM document WHERE sha256 = ?"
ADD_DOCUMENT = "INSERT INTO document VALUES (NULL, ?, ?) RETURNING id"
ADD_RUN = (
    "INSERT INTO run VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING id"
)

GET = f"SELECT {RUN_COLUMNS} FROM run JOIN document ON document.id = run.flow_ir WHERE run_id = ?"  # noqa: S608
FIND = (
    f"SELECT {RUN_COLUMNS} FROM run JOIN document ON document.id = run.flow_ir"  # noqa: S608
    " WHERE (?1 IS NULL OR run.flow_name = ?1)"
    " AND (?2 IS NULL OR run.status IN (SELECT value FROM json_each(?2)))"
    " AND (?3 IS NULL OR run.created_at_ms > ?3) AND (?4 IS NULL OR run.created_at_ms < ?4)"
    " ORDER BY run.created_at_ms DESC, run.id DESC LIMIT ?5"
)
HISTORY = (
    f"SELECT {EVENT_COLUMNS} FROM event"  # noqa: S608
    " WHERE run = (SELECT id FROM run WHERE run_id = ?) AND seq > ? ORDER BY seq"
)
LOGS = (
    "SELECT id, position, attempt, stream, text, at_ms FROM log"
    " WHERE run = (SELECT id FROM run WHERE run_id = ?) AND id > ? ORDER BY id LIMIT ?"
)
CANCEL_REQUESTED = "SELECT cancel_requested FROM run WHERE run_id = ?"

OWNER = "SELECT id, status, owner, fence FROM run WHERE run_id = ?"
TAKE = "UPDATE run SET owner = ?, fence = ?, cancel_requested = ? & cancel_requested WHERE id = ?"
RELEASE = "UPDATE run SET owner = NULL WHERE run_id = ? AND fence = ? AND owner IS NOT NULL"
REQUEST_CANCEL = "UPDATE run SET cancel_requested = 1 WHERE id = ?"

DELETE_RUN = (
    "DELETE FROM event WHERE run = ?",
    "DELETE FROM log WHERE run = ?",
    "DELETE FROM blob_use WHERE run = ?",
    "DELETE FROM run WHERE id = ?",
)
DELETE_DOCUMENTS = (
    "DELETE FROM document WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.flow_ir = document.id)"
)
USE_BLOB = "INSERT OR IGNORE INTO blob_use VALUES (?, ?)"
BLOB_USED = "SELECT EXISTS (SELECT 1 FROM blob_use WHERE sha256 = ?)"

FREE_PAGES = "PRAGMA freelist_count"
GIVE_BACK = "PRAGMA incremental_vacuum(1000)"
