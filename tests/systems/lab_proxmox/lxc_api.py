"""What the tests of containers share: an emulated world with a template on its storage, asked as anyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from setpoint_lab.clock import VirtualClock
from setpoint_lab.proxmox.lxc.container import Container
from setpoint_lab.proxmox.state import read_state
from setpoint_lab.proxmox.volumes import Volume
from setpoint_lab.proxmox.world import World
from tests.systems.lab_proxmox.qemu_api import Answered, Api

CT = "/nodes/pve1/lxc/200"
TEMPLATE = "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst"
ALPINE = "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz"
NET = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.99.0.20/24"


@dataclass
class CtApi(Api):
    def __post_init__(self) -> None:
        for volid in (TEMPLATE, ALPINE):
            self.world.volumes.add(Volume(volid, "pve1", "vztmpl", "tzst", 58_276_231))
        self.world.effects.begin()

    async def create(self, **params: Any) -> str:
        given = {"vmid": 200, "ostemplate": TEMPLATE, "storage": "local-zfs", "features": "nesting=1"}
        return await self.done("POST", "/nodes/pve1/lxc", **{**given, **params})

    async def running(self, **params: Any) -> None:
        """Create the container and start it."""
        assert await self.create(**params) == "OK"
        assert await self.done("POST", f"{CT}/status/start") == "OK"

    @property
    def ct(self) -> Container:
        found = self.world.guests[200]
        assert isinstance(found, Container)
        return found

    async def config(self, **params: Any) -> dict[str, Any]:
        return dict((await self.ask("GET", f"{CT}/config", **params)).data)

    async def put(self, **params: Any) -> Answered:
        return await self.ask("PUT", f"{CT}/config", **params)

    async def pending(self) -> dict[str, dict[str, Any]]:
        """What is pending, by key."""
        rows = (await self.ask("GET", f"{CT}/pending")).data
        return {row.pop("key"): row for row in rows if row.keys() & {"pending", "delete"}}

    def own_volumes(self) -> list[str]:
        return sorted(volume.volid for volume in self.world.volumes if volume.content == "rootdir")

    def behave(self, **words: Any) -> None:
        self.world.other["guest_behaviour"] = [{"vmid": 200, **words}]


def cluster() -> CtApi:
    """Two nodes with local storages of their own."""
    world = World(VirtualClock(), seed=1, lag=0)
    read_state(
        world, {"nodes": [{"name": "pve1"}, {"name": "pve2", "local": False}], "cluster": {"name": "c"}}
    )
    return CtApi(world)
