-- The name of what covers everything is the empty string; `until` is 0 for one that somebody has to end.
CREATE TABLE freeze (
    scope  TEXT NOT NULL,
    name   TEXT NOT NULL,
    by     TEXT NOT NULL,
    why    TEXT NOT NULL,
    at     REAL NOT NULL,
    until  REAL NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT;
