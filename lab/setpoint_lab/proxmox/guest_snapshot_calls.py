"""The calls below /snapshot that are the same for VMs and containers; the tasks that change volumes are of their kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.guest_snapshots import describe, find_snapshot, present_row, snapshot_row
from setpoint_lab.proxmox.pending import shown
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.configured import ConfiguredGuest


def no_more(_: Section) -> dict[str, object]:
    """Nothing that only one kind tells of its snapshots."""
    return {}


def share(
    kind: str,
    requested: Callable[[Call], ConfiguredGuest],
    more: Callable[[Section], dict[str, object]] = no_more,
) -> None:
    """Answer for guests of a kind; `requested` finds the guest of a request, `more` adds to the row of a snapshot."""
    listing = f"/nodes/{{node}}/{kind}/{{vmid}}/snapshot"
    one = f"{listing}/{{snapname}}"

    @route("GET", listing)
    async def list_snapshots(call: Call) -> object:
        """The snapshots, and the present as the last of them."""
        guest = requested(call)
        held = guest.load().snapshots.items()
        rows = [snapshot_row(name, values) | more(values) for name, values in held]
        return [*call.world.shuffled(rows), present_row(guest)]

    @route("GET", one)
    async def list_commands(_: Call) -> object:
        """What can be done with a snapshot."""
        return [{"cmd": "rollback"}, {"cmd": "config"}]

    @route("GET", f"{one}/config")
    async def read_snapshot(call: Call) -> object:
        """The config that the snapshot holds."""
        guest = requested(call)
        return shown(guest.load(), find_snapshot(guest, call.text("snapname")))

    @route("PUT", f"{one}/config")
    async def describe_snapshot(call: Call) -> None:
        """Change the description of a snapshot."""
        guest, name = requested(call), call.text("snapname")
        async with Worker(call).holding(guest):
            guest.check_lock()
            find_snapshot(guest, name)
            if "description" in call.params:
                describe(guest, name, call.text("description"))

    _ = list_snapshots, list_commands, read_snapshot, describe_snapshot
