"""From the files of one version to the desired set: read, layer, validate, link. Nothing here waits or fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from setpoint.desired.compiled import Compiled
from setpoint.desired.findings import assemble
from setpoint.desired.graph import Links
from setpoint.desired.reading import Reading, read_again
from setpoint.model.kind import Kind


class Cache:
    """What was made of the version before, so that only what changed is made anew. One serves one registry of kinds."""

    def __init__(self) -> None:
        self.reading = Reading()
        self.links = Links()


def compile_set(
    files: Mapping[str, bytes],
    kinds: Mapping[str, Kind[Any, Any]],
    *,
    version: str,
    cache: Cache | None = None,
) -> Compiled:
    """The desired set that the files declare.

    Args:
        files: content by path relative to the root, slashes between folders; what is no declaration is passed over.
        kinds: by name.
        version: whatever names this state of the files.
        cache: kept by the caller from one version to the next. It only saves work: the result is the same without it.
    """
    known = cache or Cache()
    reading = read_again(known.reading, files, kinds)
    compiled, links = assemble(version, reading, known.links)
    known.reading, known.links = reading, links
    return compiled
