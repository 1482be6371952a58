CREATE TABLE salt (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    bytes  BLOB NOT NULL
) STRICT;
