-- A store as version 1 of the schema left it, written out by hand. Never change it: it stands for
-- the files that users have.
PRAGMA application_id = 1279677013;
CREATE TABLE document (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE published (
    flow_name TEXT NOT NULL, flow_version TEXT NOT NULL, flow_digest TEXT NOT NULL,
    PRIMARY KEY (flow_name, flow_version)
) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, flow_name TEXT NOT NULL,
    flow_version TEXT NOT NULL, flow_digest TEXT NOT NULL,
    flow_ir INTEGER NOT NULL REFERENCES document (id), arguments NOT NULL,
    created_at_ms INTEGER NOT NULL, status TEXT NOT NULL, started_at_ms INTEGER,
    finished_at_ms INTEGER, result, error BLOB, options BLOB, origin BLOB NOT NULL, owner BLOB,
    fence INTEGER NOT NULL, cancel_requested INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX run_newest ON run (created_at_ms);
CREATE INDEX run_flow_ir ON run (flow_ir);
CREATE TABLE event (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run (id), seq INTEGER NOT NULL,
    kind INTEGER NOT NULL, at_ms INTEGER NOT NULL, attempt INTEGER NOT NULL,
    position TEXT NOT NULL, value, rest BLOB
);
CREATE UNIQUE INDEX event_run ON event (run, seq);
CREATE TABLE log (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run (id), position TEXT NOT NULL,
    attempt INTEGER NOT NULL, stream TEXT NOT NULL, text TEXT NOT NULL, at_ms INTEGER NOT NULL
);
CREATE INDEX log_run ON log (run, id);
CREATE TABLE blob_use (
    sha256 TEXT NOT NULL, run INTEGER NOT NULL REFERENCES run (id), PRIMARY KEY (sha256, run)
) WITHOUT ROWID;
CREATE INDEX blob_use_run ON blob_use (run);
PRAGMA user_version = 1;

INSERT INTO document VALUES (1, x'00', CAST('{"name":"checkout"}' AS BLOB));
INSERT INTO published VALUES ('checkout', '1.0.0', 'digest-1');
INSERT INTO run VALUES (
    1, 'run-1', 'checkout', '1.0.0', 'digest-1', 1, CAST('{"order":1}' AS BLOB), 1000, 'failed',
    1001, 1002, CAST('null' AS BLOB),
    CAST('{"type":"x.E","message":"m","bases":["B"],"position":"p","attempt":2}' AS BLOB),
    CAST('{"parallel":3}' AS BLOB),
    CAST('{"target":"flow.py:checkout","durability":"partial","seed":7,"actor":"ada"}' AS BLOB),
    CAST('{"boot_id":"b","pid":4194305,"process_started":"1","host":"h","fence":0}' AS BLOB), 3, 1
);
INSERT INTO event VALUES
    (1, 1, 1, 1, 1001, 0, '', NULL, NULL),
    (2, 1, 2, 3, 1001, 1, 'each_1[3]/price', NULL, NULL),
    (3, 1, 3, 4, 1002, 1, 'each_1[3]/price', CAST('12' AS BLOB), NULL),
    (4, 1, 4, 5, 1002, 1, 'charge', NULL,
     CAST('{"error":{"type":"x.E","message":"m"},"data":{"delay_ms":5}}' AS BLOB)),
    (5, 1, 5, 13, 1002, 0, '', '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
     NULL);
INSERT INTO log VALUES (1, 1, 'charge', 1, 'stderr', 'no', 1002);
INSERT INTO blob_use VALUES ('2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae', 1);
