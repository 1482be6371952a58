CREATE TABLE tombstone (
    key       TEXT PRIMARY KEY,
    document  TEXT NOT NULL
) STRICT;

-- What somebody let go of: its object bears our mark still, and is not to be taken up by that again.
CREATE TABLE forgotten (
    key  TEXT PRIMARY KEY,
    by   TEXT NOT NULL,
    at   REAL NOT NULL
) STRICT;
