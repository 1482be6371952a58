"""What a file may hold at most, so that a slip or a malicious commit cannot exhaust the daemon."""

FILE_BYTES = 1 << 20
"""Size of one file."""

DEPTH = 64
"""Levels of mappings and lists inside each other, aliases expanded."""

NODES = 100_000
"""Values in one file, aliases expanded."""

DOCUMENTS = 1_000
"""Documents in one file."""

ROWS = 10_000
"""Rows of one CSV file."""

MADE = 1 << 26
"""What the rows of one set make of its template: each value counts 64, and each character of a text."""

PROBLEMS = 100
"""Mistakes told of one document or one file; the rest waits until these are mended."""
