"""Reads the multipart body of an upload as it comes: what is counted and summed of a file, never the file itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import MultipartReader

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
LONGEST_FIELD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with its fields; `size` in bytes, `sums` by algorithm in hex."""

    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    size: int = 0
    sums: Mapping[str, str] = field(default_factory=dict[str, str])


async def read_upload(body: MultipartReader) -> Upload:
    """Read all parts; a file's name is the value of its field. Parts within parts are left out."""
    fields: dict[str, str] = {}
    size, sums = 0, {name: hashlib.new(name, usedforsecurity=False) for name in ALGORITHMS}
    async for part in body:
        if not isinstance(part, BodyPartReader):
            continue
        if part.filename is None:
            fields[str(part.name)] = (await part.read(decode=True))[:LONGEST_FIELD].decode("utf-8", "replace")
            continue
        fields[str(part.name)] = part.filename
        while chunk := await part.read_chunk(1 << 20):
            size += len(chunk)
            for each in sums.values():
                each.update(chunk)
    return Upload(fields, size, {name: each.hexdigest() for name, each in sums.items()})
