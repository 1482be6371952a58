"""A gate that notes what passes: what a client declares of its calls, and how many it makes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from setpoint.model.errors import DownError, TransportError
from setpoint.model.secret import Secret
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.proxmox_cluster.connect import connect
from tests.systems.proxmox.drive import SECRET, cluster_spec


class Register:
    """A gate that notes what passes and what fails behind it; one that is shut lets nothing pass."""

    def __init__(self, *, shut: bool = False) -> None:
        self.shut = shut
        self.passed: list[tuple[tuple[str, ...], bool]] = []
        self.failed: list[str] = []

    @contextlib.asynccontextmanager
    async def using(
        self, *scopes: str, writes: bool = False, elsewhere: bool = False
    ) -> AsyncGenerator[None]:
        del elsewhere
        if self.shut:
            raise DownError("shut", scope=next(iter(scopes), ""))
        self.passed.append((scopes, writes))
        try:
            yield
        except TransportError as error:
            self.failed.append(error.scope)
            raise


def connected(port: int, gate: Register | None = None) -> Cluster:
    """A cluster behind a port of this machine."""
    spec = cluster_spec(f"http://127.0.0.1:{port}")
    return connect(spec, {"token": Secret(SECRET)}, gate or Register())
