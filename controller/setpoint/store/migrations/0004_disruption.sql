-- What was begun that restarts or destroys something.
CREATE TABLE disruption (
    key     TEXT NOT NULL,
    at      REAL NOT NULL,
    target  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    class   TEXT NOT NULL,
    PRIMARY KEY (key, at)
) STRICT;
