"""Reads the multipart body of an upload as it comes: what is counted and summed of a file, never the file itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import MultipartReader

ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
USUAL = "sha256"
LONGEST_FIELD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with its fields; `size` in bytes, `sums` in hex by algorithm: the one that a field named."""

    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    size: int = 0
    sums: Mapping[str, str] = field(default_factory=dict[str, str])


async def read_upload(body: MultipartReader) -> Upload:
    """Read all parts; a file's name is the value of its field. Parts within parts are left out.

    The field that names the algorithm of its checksum must come before the file, as for the real daemon.
    """
    fields: dict[str, str] = {}
    size, sums = 0, dict[str, str]()
    async for part in body:
        if not isinstance(part, BodyPartReader):
            continue
        if part.filename is None:
            fields[str(part.name)] = (await part.read(decode=True))[:LONGEST_FIELD].decode("utf-8", "replace")
            continue
        fields[str(part.name)] = part.filename
        named = fields.get("checksum-algorithm", USUAL)
        digest = hashlib.new(named if named in ALGORITHMS else USUAL, usedforsecurity=False)
        while chunk := await part.read_chunk(1 << 20):
            size += len(chunk)
            digest.update(chunk)
        sums = {digest.name: digest.hexdigest()}
    return Upload(fields, size, sums)
