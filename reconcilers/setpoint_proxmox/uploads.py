"""Files on their way from this host to a storage; each is an operation of its own until Proxmox names its task."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from setpoint.model.tree import Json
from setpoint_proxmox.client import Client
from setpoint_proxmox.contents import Place
from setpoint_proxmox.multipart import Multipart

PREFIX: Final = "upload:"
"""What the names of these operations begin with."""
_MIB: Final = 1 << 20


@dataclass(eq=False)
class Upload:
    """One file that is sent.

    Attributes:
        answer: what Proxmox says once it has it all.
        checksum: of the file, which the node compares.
    """

    place: Place
    checksum: str
    answer: asyncio.Task[Json]
    body: Multipart | None = None

    @property
    def progress(self) -> str:
        """How far it is."""
        if self.body is None:
            return "about to be sent"
        return f"{self.body.sent // _MIB} of {len(self.body) // _MIB} MiB sent"


@dataclass
class Uploads:
    """Every upload of this process by its operation; what is lost with the process is looked for among the tasks."""

    running: dict[str, Upload] = field(default_factory=dict[str, Upload])

    def begin(self, api: Client, storage: str, place: Place, path: Path, checksum: str) -> str:
        """Begin to send the file; gives the name of the operation."""
        content, _, name = place.volume.partition(":")[2].partition("/")
        algorithm, _, digits = checksum.partition(":")
        fields = {"content": content, "checksum-algorithm": algorithm, "checksum": digits}
        operation = f"{PREFIX}{uuid4().hex}"

        def body() -> Multipart:
            upload.body = Multipart(fields, name, path)
            return upload.body

        sending = api.upload("nodes", place.node, "storage", storage, "upload", body=body)
        upload = Upload(place, checksum, asyncio.create_task(sending))
        self.running[operation] = upload
        return operation

    async def close(self) -> None:
        """Break off what is not sent yet: a process does not end before its threads do."""
        for upload in self.running.values():
            if upload.body is not None:
                upload.body.stop()
        tasks = [upload.answer for upload in self.running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
