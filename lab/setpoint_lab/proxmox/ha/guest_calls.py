"""What changes for a guest that the manager looks after: who starts, stops or moves it asks the manager instead.

Such a request ends at once; the guest follows at the manager's next turns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from setpoint_lab.proxmox import removal
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.ha.manager import PLAIN, wake
from setpoint_lab.proxmox.ha.model import KINDS, Command, Ha, sid_of
from setpoint_lab.proxmox.routes import ROUTES, Handler
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.tasks import TaskLog
    from setpoint_lab.proxmox.world import World

Ask = Callable[["Call", Ha, str], str]
"""Asks the manager; gives the line that the task prints."""


def managed(world: World, guest: Guest) -> dict[str, object]:
    """What a guest's status says about the manager."""
    ha, sid = world.part(Ha), sid_of(guest)
    if not ha.manages(sid):
        return {"managed": 0}
    service = ha.services.get(sid)
    state: dict[str, object] = {"state": service.state} if service is not None else {}
    return {"managed": 1, **state}


def register_managed() -> None:
    """Put the manager before the calls of every kind of guest that there is; after their handlers are registered."""
    for kind in KINDS:
        below = f"/nodes/{{node}}/{kind}/{{vmid}}"
        for action, (task, ask) in _ASKED.items():
            plain = _plain("POST", f"{below}/{action}")
            if plain is not None:
                ROUTES["POST", f"{below}/{action}"] = _asking(plain, task, ask)
        shown = _plain("GET", f"{below}/status/current")
        if shown is not None:
            ROUTES["GET", f"{below}/status/current"] = _telling(shown)


def _plain(method: str, path: str) -> Handler | None:
    """The handler that acts on the guest itself, kept for the manager."""
    plain = ROUTES.get((method, path))
    if plain is not None:
        PLAIN[method, path] = plain
    return plain


def _asking(plain: Handler, task: str, ask: Ask) -> Handler:
    async def asked(call: Call) -> object:
        guest = call.world.guests.get(call.integer("vmid"))
        ha = call.world.part(Ha)
        here = guest is not None and guest.node == call.text("node")
        if guest is None or not here or not ha.manages(sid_of(guest)) or _is_refused(call, guest):
            return await plain(call)
        check_quorum(call.world)
        sid = sid_of(guest)

        async def work(log: TaskLog) -> None:
            log(ask(call, ha, sid))
            call.world.changed()
            wake(call.world)

        return call.world.tasks.start(call, call.text("node"), task, str(guest.vmid), work)

    return asked


def _is_refused(call: Call, guest: Guest) -> bool:
    """Whether the plain call says at once what is wrong, before anybody thinks of the manager."""
    running, target = guest.status == "running", call.text_or_none("target")
    if target is not None:
        possible = target in call.world.nodes and target != guest.node
        return not possible or (running and not _goes_on(call))
    return guest.type == "lxc" and running is call.path.endswith("/start")


def _goes_on(call: Call) -> bool:
    return call.flag("online") or call.flag("restart")


def _telling(plain: Handler) -> Handler:
    async def told(call: Call) -> object:
        shown = await plain(call)
        guest = call.world.guests.get(call.integer("vmid"))
        return shown | {"ha": managed(call.world, guest)} if guest is not None and is_object(shown) else shown

    return told


def _start(call: Call, ha: Ha, sid: str) -> str:
    ha.resources[sid]["state"] = "started"
    return f"Requesting HA start for {_spoken(call)}"


def _stop(call: Call, ha: Ha, sid: str) -> str:
    ha.commands[sid] = Command("stop", hard=True)
    return f"Requesting HA stop for {_spoken(call)}"


def _shutdown(call: Call, ha: Ha, sid: str) -> str:
    ha.commands[sid] = Command("stop")
    return f"Requesting HA stop for {_spoken(call)}"


def _migrate(call: Call, ha: Ha, sid: str) -> str:
    ha.commands[sid] = Command("migrate" if _goes_on(call) else "relocate", call.text("target"))
    return f"Requesting HA migration for {_spoken(call)} to node {call.text('target')}"


def _spoken(call: Call) -> str:
    return f"{'CT' if '/lxc/' in call.path else 'VM'} {call.integer('vmid')}"


_ASKED: dict[str, tuple[str, Ask]] = {
    "status/start": ("hastart", _start),
    "status/stop": ("hastop", _stop),
    "status/shutdown": ("hastop", _shutdown),
    "migrate": ("hamigrate", _migrate),
}


def _object(world: World, guest: Guest, purge: bool) -> None:  # noqa: FBT001  # as removal calls it
    """A guest that the manager knows goes only with what it is known by."""
    if not purge and sid_of(guest) in world.part(Ha).resources:
        name = f"{'CT' if guest.type == 'lxc' else 'VM'} {guest.vmid}"
        raise ApiError.internal(
            f"unable to remove {name} - used in HA resources and purge parameter not set."
        )


def _forget(world: World, vmid: int, purge: bool) -> None:  # noqa: FBT001  # as removal calls it
    guest = world.guests.get(vmid)
    if guest is not None and purge:
        world.part(Ha).forget(sid_of(guest), purge=True)


removal.CHECKS.append(_object)
removal.FORGETS.append(_forget)
