"""Reads a world from a state and writes it back; the format is that of the recordings' set-up file.

Keys: nodes, cluster, quorate, pace, storages, content, bridges, guests, pools, users, tokens, roles, acls, tasks,
task_index, missing_devices, datacenter_options; others are kept for parts that know them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, cast

from setpoint_lab.proxmox.acl import AclEntry, Kind
from setpoint_lab.proxmox.guests import READERS
from setpoint_lab.proxmox.history import read_history
from setpoint_lab.proxmox.pace import PACES
from setpoint_lab.proxmox.users import Role, Token, User
from setpoint_lab.proxmox.volumes import Storage, Volume
from setpoint_lab.proxmox.world import Node, Pool, World
from setpoint_lab.untyped import is_list, is_object

State = Mapping[str, Any]

UNNAMED_CLUSTER = "lab"
CLOUDINIT_BYTES = 4 << 20
KEPT = frozenset(
    {
        "sdn",
        "ha",
        "firewall",
        "inside",
        "interfaces",
        "node_load",
        "node_config",
        "replication",
        "backup_jobs",
        "guest_behaviour",
        "environment",
        "web",
    }
)
"""Keys that are kept for the parts that know them."""

_FORMATS = {"iso": "iso", "qcow2": "qcow2", "vmdk": "vmdk", "zst": "tzst", "gz": "tgz", "xz": "txz"}


def read_state(world: World, state: State) -> None:
    """Fill an empty world; what a state leaves out stays as it is in an empty one."""
    if state.get("nodes"):
        world.nodes = {node["name"]: _node(node) for node in state["nodes"]}
        world.local = next(node["name"] for node in state["nodes"] if node.get("local", True))
    cluster = state.get("cluster")
    world.cluster = str(cluster.get("name", UNNAMED_CLUSTER)) if is_object(cluster) else None
    world.cluster_version = int(cluster.get("version", 2)) if is_object(cluster) else 0
    world.quorate = bool(state.get("quorate", True))
    world.pace = PACES[state.get("pace", world.pace.name)]
    if "storages" in state:
        world.storages = {name: _storage(name, spec) for name, spec in state["storages"].items()}
    if state.get("bridges"):
        world.bridges = {bridge["iface"]: dict(bridge) for bridge in state["bridges"]}
    for spec in state.get("content", []):
        world.volumes.add(_volume(world, spec))
    world.missing_devices = {spec["volid"] for spec in state.get("missing_devices", [])}
    world.datacenter = dict(state.get("datacenter_options", {}))
    world.other = {key: state[key] for key in state if key in KEPT}
    _read_access(world, state)
    for spec in state.get("guests", []):
        _read_guest(world, spec)
    for spec in state.get("pools", []):
        _read_pool(world, spec)
    read_history(world, state)
    world.effects.begin()


def _node(spec: State) -> Node:
    node = Node(spec["name"], spec.get("ip", "10.99.0.1"), online=bool(spec.get("online", True)))
    node.cpus, node.memory = int(spec.get("cpus", node.cpus)), int(spec.get("memory", node.memory))
    return node


def _storage(name: str, spec: State) -> Storage:
    nodes = spec.get("nodes", "all")
    known = {"type", "content", "shared", "nodes", "path", "pool", "total", "used", "disable"}
    return Storage(
        name,
        spec["type"],
        frozenset(filter(None, str(spec.get("content", "")).split(","))),
        shared=bool(spec.get("shared", 0)),
        nodes=None if nodes == "all" else frozenset(str(nodes).split(",")),
        path=spec.get("path"),
        pool=spec.get("pool"),
        total=int(spec.get("total", 0)),
        used=int(spec.get("used", 0)),
        disabled=bool(spec.get("disable", 0)),
        options={key: value for key, value in spec.items() if key not in known},
    )


def _volume(world: World, spec: State) -> Volume:
    volid = str(spec["volid"])
    small = volid.endswith("-cloudinit")
    known = {
        "volid",
        "node",
        "content",
        "format",
        "size",
        "vmid",
        "parent",
        "ctime",
        "inferred",
        "text",
        "sums",
    }
    return Volume(
        volid,
        spec.get("node", world.local),
        spec.get("content", "images"),
        spec.get("format") or format_of(volid),
        int(spec.get("size", CLOUDINIT_BYTES if small else 0)),
        spec.get("vmid"),
        spec.get("parent"),
        spec.get("ctime"),
        {key: value for key, value in spec.items() if key not in known},
        spec.get("text"),
        dict(spec.get("sums", {})),
    )


def format_of(volid: str) -> str:
    """The format that a volume's name says: by its ending, `subvol` for a container's, else `raw`."""
    name = volid.partition(":")[2].rpartition("/")[2]
    if name.startswith("subvol-"):
        return "subvol"
    return _FORMATS.get(name.rpartition(".")[2], "raw") if "." in name else "raw"


def _read_guest(world: World, spec: State) -> None:
    world.keep(READERS[spec["type"]](world, spec))


def _read_pool(world: World, spec: State) -> None:
    pool = Pool(spec["poolid"], spec.get("comment"))
    for member in spec.get("members", []):
        if "vmid" in member:
            pool.guests.add(int(member["vmid"]))
        else:
            pool.storages.add(member["storage"])
    world.pools[pool.id] = pool


def _read_access(world: World, state: State) -> None:
    access = world.access
    for spec in state.get("users", []):
        details = {
            key: spec[key] for key in ("comment", "email", "firstname", "lastname", "keys") if spec.get(key)
        }
        old = access.users.get(spec["userid"])
        password = spec.get("password", old.password if old else None)
        access.users[spec["userid"]] = User(
            spec["userid"], bool(spec.get("enable", 1)), int(spec.get("expire", 0)), password, details=details
        )
    for spec in state.get("tokens", []):
        userid, _, name = spec["tokenid"].partition("!")
        privsep, expire = bool(spec.get("privsep", 1)), int(spec.get("expire", 0))
        token = Token(_secret(world, spec.get("secret")), privsep, expire, spec.get("comment"))
        access.users[userid].tokens[name] = token
    roles = state.get("roles")
    for spec in roles if is_list(roles) else []:
        access.roles[spec["roleid"]] = Role(spec["roleid"], frozenset(spec["privs"].split(",")))
    for spec in state.get("acls", []):
        entry = AclEntry(spec["path"], cast("Kind", spec["type"]), spec["ugid"], spec["roleid"])
        access.grant(entry, propagate=bool(spec.get("propagate", 1)))


def _secret(world: World, text: object) -> str:
    """The secret a state gives, one of our own when it gives none."""
    try:
        return str(uuid.UUID(str(text)))
    except ValueError:
        return new_uuid(world)


def new_uuid(world: World) -> str:
    """A random uuid that the world's seed repeats."""
    return str(uuid.UUID(bytes=world.random.randbytes(16), version=4))
