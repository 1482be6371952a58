-- Times are seconds since the epoch; keys are written namespace/Kind/name; documents are JSON.

CREATE TABLE layer (
    source      TEXT PRIMARY KEY,
    version     TEXT NOT NULL,
    fetched_at  REAL NOT NULL
) STRICT;

CREATE TABLE layer_file (
    source   TEXT NOT NULL REFERENCES layer (source) ON DELETE CASCADE,
    path     TEXT NOT NULL,
    content  BLOB NOT NULL,
    PRIMARY KEY (source, path)
) STRICT;

CREATE TABLE desired (
    position  INTEGER PRIMARY KEY,
    key       TEXT NOT NULL UNIQUE,
    document  TEXT NOT NULL
) STRICT;

CREATE TABLE status (
    key       TEXT PRIMARY KEY,
    document  TEXT NOT NULL
) STRICT;

CREATE TABLE item (
    key       TEXT PRIMARY KEY,
    document  TEXT NOT NULL
) STRICT;

CREATE TABLE reservation (
    target  TEXT NOT NULL,
    space   TEXT NOT NULL,
    number  INTEGER NOT NULL,
    key     TEXT NOT NULL UNIQUE,
    at      REAL NOT NULL,
    PRIMARY KEY (target, space, number)
) STRICT;

CREATE TABLE intent (
    key       TEXT PRIMARY KEY,
    target    TEXT NOT NULL,
    document  TEXT NOT NULL
) STRICT;

-- The key of what concerns the whole estate is the empty string.
CREATE TABLE event (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    key       TEXT NOT NULL,
    audit     INTEGER NOT NULL,
    document  TEXT NOT NULL
) STRICT;

CREATE INDEX event_by_key ON event (key, audit, id);

CREATE TABLE approval (
    token  TEXT PRIMARY KEY,
    by     TEXT NOT NULL,
    at     REAL NOT NULL
) STRICT;

CREATE TABLE pin (
    target     TEXT PRIMARY KEY,
    target_id  TEXT NOT NULL,
    at         REAL NOT NULL
) STRICT;

CREATE TABLE accepted (
    source   TEXT PRIMARY KEY,
    version  TEXT NOT NULL,
    at       REAL NOT NULL
) STRICT;

CREATE TABLE request (
    key     TEXT PRIMARY KEY,
    number  INTEGER NOT NULL,
    by      TEXT NOT NULL,
    at      REAL NOT NULL
) STRICT;
