-- A number is text, for those of IPv6 are larger than an INTEGER; `left_at` is 0 while its field is there.
CREATE TABLE handed (
    space    TEXT NOT NULL,
    number   TEXT NOT NULL,
    key      TEXT NOT NULL,
    field    TEXT NOT NULL,
    at       REAL NOT NULL,
    left_at  REAL NOT NULL,
    PRIMARY KEY (space, number)
) STRICT;
