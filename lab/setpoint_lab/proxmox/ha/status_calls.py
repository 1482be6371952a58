"""What the manager does: /cluster/ha/status; and letting it do nothing for a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.ha.model import Ha, Section, Service, guest_of
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

_STATUS = "/cluster/ha/status"


@route("GET", "/cluster/ha")
async def list_kinds(_call: Call) -> object:
    """What there is below."""
    return [{"id": name} for name in ("status", "resources", "groups", "rules")]


@route("GET", _STATUS)
async def list_views(_call: Call) -> object:
    """What there is below."""
    return [{"name": name} for name in ("current", "manager_status", "disarm-ha", "arm-ha")]


@route("GET", f"{_STATUS}/current")
async def current(call: Call) -> object:
    """Quorum, the manager, the agents of the nodes, and every resource as the manager sees it."""
    world, ha = call.world, call.world.part(Ha)
    rows: list[Section] = [
        {
            "id": "quorum",
            "type": "quorum",
            "node": world.local,
            "status": "OK" if world.quorate else "No quorum on node!",
            "quorate": int(world.quorate),
        }
    ]
    if ha.resources:
        rows.append({"id": "fencing", "type": "fencing", "node": world.local, **_armed(ha)})
        rows.append(_daemon(world, "master", "master", world.local, "active"))
        for node in world.nodes.values():
            busy = any(service.node == node.name for service in ha.services.values())
            state = ("active" if busy else "idle") if node.online else "old timestamp - dead?"
            rows.append(_daemon(world, f"lrm:{node.name}", "lrm", node.name, state))
    return rows + [_service(world, ha, sid) for sid in sorted(ha.resources)]


def _armed(ha: Ha) -> Section:
    state = "armed" if ha.armed else "disarmed"
    return {"status": state, "armed-state": state}


def _daemon(world: World, name: str, kind: str, node: str, state: str) -> Section:
    now = world.clock.now()
    spoken = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(now))
    return {
        "id": name,
        "type": kind,
        "node": node,
        "status": f"{node} ({state}, {spoken})",
        "timestamp": int(now),
    }


def _service(world: World, ha: Ha, sid: str) -> Section:
    resource, service = ha.resources[sid], ha.services.get(sid)
    guest = guest_of(world, sid)
    node = service.node if service else guest.node if guest else ""
    state = service.state if service else "ignored" if ha.wanted(sid) == "ignored" else "queued"
    known: Section = {"max_restart": 1, "max_relocate": 1, "failback": 1}
    known |= {key: resource[key] for key in known if key in resource}
    return {
        "id": f"service:{sid}",
        "type": "service",
        "sid": sid,
        "node": node,
        "state": state,
        "request_state": ha.wanted(sid),
        "status": f"{sid} ({node}, {state})",
        **known,
        **({"crm_state": service.state} if service else {}),
    }


@route("GET", f"{_STATUS}/manager_status")
async def manager_status(call: Call) -> object:
    """The manager's own file, with the agents' states."""
    world, ha = call.world, call.world.part(Ha)
    now = int(world.clock.now())
    quorum = {"node": world.local, "quorate": str(int(world.quorate))}
    if not ha.resources:
        return {"manager_status": {}, "lrm_status": {}, "quorum": quorum}
    return {
        "manager_status": {
            "master_node": world.local,
            "node_status": {
                node.name: "online" if node.online else _gone(ha, node.name) for node in world.nodes.values()
            },
            "service_status": {
                sid: {"node": service.node, "state": service.state} for sid, service in ha.services.items()
            },
            "timestamp": now,
        },
        "lrm_status": {name: {"mode": "active", "timestamp": now} for name in world.nodes},
        "quorum": quorum,
    }


def _gone(ha: Ha, node: str) -> str:
    def fenced(service: Service) -> bool:
        return service.node == node and service.state in {"fence", "recovery"}

    return "fence" if any(map(fenced, ha.services.values())) else "unknown"


@route("POST", f"{_STATUS}/disarm-ha")
async def disarm(call: Call) -> None:
    """Let the manager leave everything as it is."""
    check_quorum(call.world)
    call.world.part(Ha).armed = False
    call.world.changed()


@route("POST", f"{_STATUS}/arm-ha")
async def arm(call: Call) -> None:
    """Let the manager act again."""
    check_quorum(call.world)
    call.world.part(Ha).armed = True
    call.world.changed()
