-- Runs, their histories and their logs.
--
-- Histories are appended to one table in the order of arrival, with a narrow index beside it: one
-- commit of 200 runs then dirties a few pages of rows and a few of index, not 200 pages (measured:
-- 1.4 times the throughput of a table ordered by run).
--
-- A value (`arguments`, `result`, `value`) is a BLOB with the value itself, or a TEXT with the
-- SHA-256 of a file in the folder of blobs.

PRAGMA application_id = 1279677013;

CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL
);

CREATE TABLE published (
    flow_name TEXT NOT NULL,
    flow_version TEXT NOT NULL,
    flow_digest TEXT NOT NULL,
    PRIMARY KEY (flow_name, flow_version)
) WITHOUT ROWID;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    flow_name TEXT NOT NULL,
    flow_version TEXT NOT NULL,
    flow_digest TEXT NOT NULL,
    flow_ir INTEGER NOT NULL REFERENCES document (id),
    arguments NOT NULL,
    created_at_ms INTEGER NOT NULL,
    status TEXT NOT NULL,
    started_at_ms INTEGER,
    finished_at_ms INTEGER,
    result,
    error BLOB,              -- JSON
    options BLOB,            -- JSON
    origin BLOB NOT NULL,    -- JSON of what never changes and is never searched
    owner BLOB,              -- JSON; NULL while nobody drives the run
    fence INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX run_newest ON run (created_at_ms);
CREATE INDEX run_flow_ir ON run (flow_ir);

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (id),
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,   -- a number of latticeflow.providers.run_store.sqlite.rows
    at_ms INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    position TEXT NOT NULL,
    value,
    rest BLOB                -- JSON of error and data, where there is one
);

CREATE UNIQUE INDEX event_run ON event (run, seq);

CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (id),
    position TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    stream TEXT NOT NULL,
    text TEXT NOT NULL,
    at_ms INTEGER NOT NULL
);

CREATE INDEX log_run ON log (run, id);

-- Which runs need which files of the folder of blobs.
CREATE TABLE blob_use (
    sha256 TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES run (id),
    PRIMARY KEY (sha256, run)
) WITHOUT ROWID;

CREATE INDEX blob_use_run ON blob_use (run);
