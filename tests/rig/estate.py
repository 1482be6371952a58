"""Declarations for the rig: a source that is a dictionary, and the manifests that most tests need."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from setpoint.desired.files import inventory_of, is_sheet
from setpoint.model.inventory import Content
from setpoint.sources.directory import digest
from setpoint.sources.snapshot import Share, Snapshot
from setpoint.sources.source import Approved
from tests.systems.proxmox.drive import TOKEN

SECRET_NAME = "SETPOINT_RIG_TOKEN"
"""The environment variable that the cluster's manifest names for the token."""


class MemorySource:
    """Files in a dictionary; `replace` changes some of them (None removes one), `poke` has it looked at.

    An inventory has a share as long as one of its sheets is among them.
    """

    name = "memory"

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        self._rung = asyncio.Event()

    def replace(self, files: Mapping[str, str | None]) -> None:
        merged = {**self.files, **files}
        self.files = {path: text for path, text in merged.items() if text is not None}

    async def fetch(self, previous: str | None, approved: Approved) -> Snapshot:
        content = {path: text.encode() for path, text in self.files.items()}
        sheets = Counter(inventory_of(path) for path in content if is_sheet(path))
        shares = {name: Share(Content("1", {}), count) for name, count in sheets.items()}
        return Snapshot(self.name, digest(content), content, shares=shares)

    async def watch(self) -> AsyncGenerator[None]:
        while True:
            await self._rung.wait()
            self._rung.clear()
            yield

    def poke(self) -> None:
        self._rung.set()


def cluster(*urls: str, **fields: Any) -> str:
    """The manifest of the cluster `lab` that is reached at `urls`."""
    token = {"id": TOKEN, "secret": {"env": SECRET_NAME}}
    return manifest("ProxmoxCluster", "lab", {"endpoints": urls, "token": token, **fields})


def vm(name: str, spec: Mapping[str, Any], **policy: Any) -> str:
    """The manifest of a VM."""
    return manifest("VirtualMachine", name, spec, **policy)


def manifest(kind: str, name: str, spec: Mapping[str, Any], **policy: Any) -> str:
    """A manifest as JSON, which is YAML."""
    return json.dumps({"kind": kind, "metadata": {"name": name}, "policy": policy, "spec": spec})
