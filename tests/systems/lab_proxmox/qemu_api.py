"""What the tests of VMs share: an emulated world with a virtual clock, asked as root, as another user or by token."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from setpoint_lab.clock import VirtualClock
from setpoint_lab.proxmox import app
from setpoint_lab.proxmox.acl import AclEntry
from setpoint_lab.proxmox.dispatch import Request, answer
from setpoint_lab.proxmox.qemu.guest import Vm
from setpoint_lab.proxmox.users import User
from setpoint_lab.proxmox.world import World

assert app.HANDLERS

VM = "/nodes/pve1/qemu/100"


@dataclass(frozen=True)
class Answered:
    status: int
    reason: str
    document: dict[str, Any]

    @property
    def data(self) -> Any:
        return self.document.get("data")

    @property
    def errors(self) -> dict[str, str]:
        return self.document.get("errors") or {}


@dataclass
class Api:
    world: World = field(default_factory=lambda: World(VirtualClock(), seed=1, lag=0))
    user: str = "root@pam"

    async def ask(self, method: str, path: str, /, **params: Any) -> Answered:
        now = self.world.clock.now()
        form = urlencode({key.replace("__", "-"): value for key, value in params.items()})
        query, body = (f"?{form}", b"") if method in {"GET", "DELETE"} else ("", form.encode())
        headers = {
            "Cookie": f"PVEAuthCookie={quote(self.world.signer.ticket(self.user, now))}",
            "CSRFPreventionToken": self.world.signer.csrf(self.user, now),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        given = await answer(self.world, Request(method, f"/api2/json{path}{query}", headers, body))
        return Answered(given.status, given.reason, json.loads(given.body or b"{}"))

    async def done(self, method: str, path: str, /, **params: Any) -> str:
        """Start a task and let it end; its exitstatus."""
        started = await self.ask(method, path, **params)
        assert started.status == 200, started
        task = self.world.tasks.find(started.data)
        assert task is not None
        await self.pass_until_idle()
        assert task.exitstatus is not None
        return task.exitstatus

    async def pass_until_idle(self) -> None:
        for _ in range(1200):
            if not self.world.tasks.running():
                return
            await self.world.clock.advance(0.5)
        raise AssertionError("tasks run forever")

    def log(self, kind: str) -> list[str]:
        """The log of the last task of a kind."""
        return next(task.log.lines for task in reversed(self.world.tasks.all) if task.upid.type == kind)

    async def create(self, **params: Any) -> str:
        return await self.done("POST", "/nodes/pve1/qemu", **{"vmid": 100, **params})

    @property
    def vm(self) -> Vm:
        found = self.world.guests[100]
        assert isinstance(found, Vm)
        return found

    async def config(self, **params: Any) -> dict[str, Any]:
        answered = await self.ask("GET", f"{VM}/config", **params)
        return dict(answered.data)

    async def put(self, **params: Any) -> Answered:
        return await self.ask("PUT", f"{VM}/config", **params)

    async def pending(self) -> dict[str, dict[str, Any]]:
        rows = (await self.ask("GET", f"{VM}/pending")).data
        return {row.pop("key"): row for row in rows}

    def volumes(self) -> list[str]:
        return sorted(volume.volid for volume in self.world.volumes)

    def behave(self, **words: str) -> None:
        self.world.other["guest_behaviour"] = [{"vmid": 100, **words}]

    def become(self, *grants: tuple[str, str]) -> None:
        """Ask from now on as a user that has these roles on these paths."""
        self.user = "ann@pve"
        self.world.access.users[self.user] = User(self.user)
        for path, role in grants:
            self.world.access.grant(AclEntry(path, "user", self.user, role))
