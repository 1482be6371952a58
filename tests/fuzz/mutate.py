"""Inputs that nobody would write: those that people do write, changed byte by byte from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

TOKENS = (
    b"&a", b"*a", b"<<: *a", b"!!python/object:x ", b"!x", b"? ", b": ", b"- ", b"{", b"}", b"[", b"]", b"\n---\n", b"...\n",
    b"\t", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3\x28", b"\xf0\x9f\x92\xa9", b"\xe2\x80\xae", b"'", b'"', b"\\u0000",
    b"\\ud800", b"|\n", b">9-\n", b"%YAML 9.9\n", b"#", b"0x", b"1e999", b"-0", b".nan", b"1_000", b"9" * 400, b"null", b"~", b"true",
    b"../" * 9, b"a" * 5000, b"[" * 300, b"{a: " * 300, b"- " * 300, b"kind: ", b"metadata: ", b"name: ", b"spec: ", b"\n  ", b"\n",
    b"VirtualMachine/", b"10GiB", b"24h", b"sun 03:00-05:00 Europe/Berlin", b"00:11:22:33:44:55", b"192.0.2.1/33", b"::1",
    b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n\r\n", b"%00", b"%", b"?key=", b"&limit=", b"HTTP/9.9",
)  # fmt: skip
"""What parsers stumble over."""
LONGEST = 1 << 16
"""Bytes of an input; larger ones have tests of their own."""


def mutated(seeds: Sequence[bytes], luck: random.Random) -> bytes:
    """One of the seeds, changed a few times."""
    data = bytearray(luck.choice(seeds))
    for _ in range(luck.choice((1, 1, 2, 3, 5, 9))):
        at = luck.randrange(len(data) + 1)
        end = min(len(data), at + luck.choice((1, 2, 4, 16, 64)))
        match luck.randrange(8):
            case 0:
                data[at:at] = luck.choice(TOKENS)
            case 1:
                data[at:end] = luck.choice(TOKENS)
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = data[at:end] * luck.choice((2, 3, 50))
            case 4:
                data[at:end] = luck.randbytes(end - at)
            case 5:
                other = luck.choice(seeds)
                cut = luck.randrange(len(other) + 1)
                data[at:] = other[cut:]
            case 6:
                swap = luck.randrange(len(data) + 1)
                data[at:end], data[swap:swap] = b"", data[at:end]
            case _:
                if at < len(data):
                    data[at] ^= 1 << luck.randrange(8)
    return bytes(data[:LONGEST])
