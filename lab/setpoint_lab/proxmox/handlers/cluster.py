"""The cluster as a whole: /cluster/status, /cluster/resources, /cluster/nextid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.ha.model import Ha, sid_of
from setpoint_lab.proxmox.handlers.nodes import node_row
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.sdn.model import Sdn, zones_on
from setpoint_lab.proxmox.sdn.node_calls import zone_status

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.volumes import Storage
    from setpoint_lab.proxmox.world import Node, World

FIRST_VMID = 100
LAST_VMID = 999_999

Rows = list[dict[str, object]]


@route("GET", "/cluster/status")
async def read_status(call: Call) -> object:
    """The cluster, when there is one, and its nodes."""
    world = call.world
    rows: Rows = []
    if world.cluster is not None:
        rows.append(
            {
                "id": "cluster",
                "type": "cluster",
                "name": world.cluster,
                "nodes": len(world.nodes),
                "quorate": int(world.quorate),
                "version": world.cluster_version,
            }
        )
    for number, node in enumerate(world.nodes.values()):
        rows.append(_member(world, node, number + 1 if world.cluster is not None else 0))
    return rows


def _member(world: World, node: Node, nodeid: int) -> dict[str, object]:
    return {
        "id": f"node/{node.name}",
        "type": "node",
        "name": node.name,
        "nodeid": nodeid,
        "ip": node.ip,
        "level": "",
        "local": int(node.name == world.local),
        "online": int(node.online),
    }


@route("GET", "/cluster/resources")
async def list_resources(call: Call) -> object:
    """Everything that the user may see, guests as the statistics daemon last saw them."""
    kind = call.text_or_none("type")
    rows: Rows = []
    if kind in {None, "vm"}:
        rows += [guest_row(call.world, guest) for guest in call.world.guests.values() if may_see(call, guest)]
    if kind in {None, "node"}:
        rows += [_node(call, node) for node in call.world.nodes.values()]
    if kind in {None, "storage"}:
        rows += _storages(call)
    if kind is None:
        rows += _pools(call) + _networks(call)
    return call.world.shuffled(rows)


def may_see(call: Call, guest: Guest) -> bool:
    """Whether lists show the guest to the user."""
    return call.allowed(f"/vms/{guest.vmid}", "VM.Audit")


def guest_row(world: World, guest: Guest) -> dict[str, object]:
    """A guest: place, lock, tags and pool as they are, the rest from its last sample."""
    row: dict[str, object] = {
        "id": f"{guest.type}/{guest.vmid}",
        "vmid": guest.vmid,
        "type": guest.type,
        "node": guest.node,
        "status": "unknown",
    }
    row |= world.samples.of(world, guest.vmid) or {}
    pool = next((pool.id for pool in world.pools.values() if guest.vmid in pool.guests), None)
    service = world.part(Ha).services.get(sid_of(guest))
    live = {
        "lock": guest.lock,
        "tags": guest.tags,
        "pool": pool,
        "hastate": service.state if service is not None else None,
    }
    return row | {key: value for key, value in live.items() if value}


def _node(call: Call, node: Node) -> dict[str, object]:
    detailed = call.allowed(f"/nodes/{node.name}", "Sys.Audit")
    return node_row(call.world, node, detailed=detailed) | {"cgroup-mode": 2}


def _storages(call: Call) -> Rows:
    return [
        storage_row(storage, node)
        for storage in call.world.storages.values()
        for node in call.world.nodes.values()
        if storage.available_on(node.name) and call.allowed(f"/storage/{storage.id}", "Datastore.Audit")
    ]


def storage_row(storage: Storage, node: Node) -> dict[str, object]:
    """A storage on a node."""
    row: dict[str, object] = {
        "id": f"storage/{node.name}/{storage.id}",
        "type": "storage",
        "storage": storage.id,
        "node": node.name,
        "plugintype": storage.type,
        "content": ",".join(sorted(storage.content)),
        "shared": int(storage.shared),
        "status": "available" if node.online and not storage.disabled else "unknown",
    }
    return row | ({"disk": storage.used, "maxdisk": storage.total} if row["status"] == "available" else {})


def _pools(call: Call) -> Rows:
    return [
        {"id": f"/pool/{pool.id}", "type": "pool", "pool": pool.id}
        for pool in call.world.pools.values()
        if call.allowed(f"/pool/{pool.id}", "Pool.Audit")
    ]


def _networks(call: Call) -> Rows:
    """The zones that run on nodes that are on, and the bridges of each node together as `localnetwork`."""
    world, sdn = call.world, call.world.part(Sdn)
    rows: Rows = []
    for node in (node.name for node in world.nodes.values() if node.online):
        statuses = {
            name: zone_status(world, node, zone)[0] for name, zone in zones_on(sdn.running, node).items()
        }
        for zone, status in {"localnetwork": "ok", **statuses}.items():
            if call.allowed(f"/sdn/zones/{zone}", "SDN.Audit"):
                rows.append(_network(node, zone, status))
    return rows


def _network(node: str, zone: str, status: str) -> dict[str, object]:
    return {
        "id": f"network/{node}/zone/{zone}",
        "type": "network",
        "network": zone,
        "network-type": "zone",
        "node": node,
        "status": status,
    }


@route("GET", "/cluster/nextid")
async def next_id(call: Call) -> object:
    """The lowest free number of a guest, or the given one when it is free; a number is not reserved by asking."""
    if "vmid" in call.params:
        vmid = call.integer("vmid")
        if vmid in call.world.guests:
            raise ApiError.parameters({"vmid": f"VM {vmid} already exists"})
        return str(vmid)
    first, last = _range(call.world)
    for vmid in range(first, last + 1):
        if vmid not in call.world.guests:
            return str(vmid)
    raise ApiError.internal(f"unable to get any free VMID in range [{first}, {last}]")


def _range(world: World) -> tuple[int, int]:
    """The numbers that the data centre's options leave to choose from."""
    found = split_properties({}, str(world.datacenter.get("next-id", "")))
    return int(found.get("lower", FIRST_VMID)), int(found.get("upper", LAST_VMID + 1)) - 1
