"""Nothing of the guests' API is left out: every method of the schema that is about guests has somebody who answers it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.routes import ROUTES
from setpoint_lab.proxmox.schema import load
from tests.systems.lab_proxmox.lxc_api import CtApi

if TYPE_CHECKING:
    import pytest

    from tests.systems.lab_proxmox.qemu_api import Api

GUESTS = re.compile(
    r"/nodes/\{node\}/(?:qemu|lxc|vzdump|storage|startall|stopall|suspendall|migrateall|capabilities|replication"
    r"|tasks|aplinfo|query-)"
    r"|/cluster/(?:backup|backup-info|firewall|ha|nextid|options|replication|resources|tasks)\b"
    r"|/pools\b|/storage\b"
)
"""What guests are made, found, kept, moved, protected and removed with."""

PARTS = {"node": "pve1", "vmid": "100", "storage": "local", "volume": "iso/none.iso"}
MISSING = re.compile(r"Method '\w+ \S+' not implemented")


def guest_calls() -> list[tuple[str, str]]:
    return sorted(key for key in load().methods if GUESTS.match(key[1]))


async def left_out(calls: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The calls that nobody answers, each asked of a world of its own."""
    found: list[tuple[str, str]] = []
    for method, path in calls:
        api: Api = CtApi()
        asked = re.sub(r"\{(\w+)\}", lambda part: PARTS.get(part[1], "x1"), path)
        answered = await api.ask(method, asked)
        if answered.status == 501 or MISSING.match(answered.reason):
            found.append((method, path))
    return found


def test_the_guests_api_is_large() -> None:
    calls = guest_calls()
    assert len(calls) > 250
    for below in ("qemu", "lxc"):
        whole = {key for key in load().methods if key[1].startswith(f"/nodes/{{node}}/{below}")}
        assert whole <= set(calls)


async def test_every_call_about_guests_is_answered() -> None:
    assert await left_out(guest_calls()) == []


async def test_a_call_that_nobody_answers_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ("POST", "/nodes/{node}/qemu/{vmid}/vncproxy")
    monkeypatch.delitem(ROUTES, gone)
    assert await left_out([gone, ("GET", "/nodes/{node}/syslog"), ("GET", "/version")]) == [
        gone,
        ("GET", "/nodes/{node}/syslog"),
    ]
