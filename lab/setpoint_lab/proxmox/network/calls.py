"""The interfaces of a node: /nodes/{node}/network. Changes are written down and wait for a reload.

Recorded are the lists; the changes, their errors and their defaults follow the schema and the daemon's source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import Reply
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.network.interfaces import Interface, Interfaces, Networks, with_address
from setpoint_lab.proxmox.network.reload import start_reload
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.sdn.model import Sdn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.call import Call

_NETWORK = "/nodes/{node}/network"
_INTERFACE = "/nodes/{node}/network/{iface}"
BRIDGES = frozenset({"bridge", "OVSBridge"})
_ANY_BRIDGE = frozenset({"any_bridge", "any_local_bridge"})
_WITH_VNETS = frozenset({"any_bridge", "include_sdn", "vnet"})
MISSING = {"iface": "interface does not exist"}
_NO_OPTIONS = frozenset({"node", "iface", "delete"})


@route("GET", _NETWORK)
async def list_network(call: Call) -> object:
    """The interfaces of a node, of one type when it is asked for; `changes` tells what waits for a reload."""
    kind, node = call.text_or_none("type"), call.text("node")
    networks = call.world.part(Networks)
    rows = [{"iface": name, **row} for name, row in networks.written(node).items() if _is(row, kind)]
    rows = [row for row in rows if _visible(call, row)]
    if kind in _WITH_VNETS:
        rows += _vnets(call, node)
    shown = call.world.shuffled(rows)
    if not networks.has_pending(node):
        return shown
    return Reply(shown, {"changes": _changes(networks.of(node), networks.written(node))})


def _is(row: Interface, kind: str | None) -> bool:
    if kind in _ANY_BRIDGE:
        return row["type"] in BRIDGES
    return kind in {None, "include_sdn", row["type"]}


def _vnets(call: Call, node: str) -> list[Interface]:
    sdn = call.world.part(Sdn)
    loaded = sdn.loaded.get(node)
    zones = loaded.config["zones"] if loaded is not None else {}
    return [
        {
            "iface": name,
            "type": "vnet",
            "active": "1",
            "comments": vnet.get("alias"),
            "vlanaware": int(bool(vnet.get("vlanaware"))),
            "ipam": int("ipam" in zones[str(vnet["zone"])]),
        }
        for name, vnet in sdn.vnets_on(node).items()
        if not _rights(call, f"/sdn/zones/{vnet['zone']}/{name}").isdisjoint({"SDN.Audit", "SDN.Use"})
    ]


def _visible(call: Call, row: Mapping[str, object]) -> bool:
    path = f"/sdn/zones/localnetwork/{row['iface']}"
    wide = call.allowed(f"/nodes/{call.text('node')}", "Sys.Audit")
    return row["type"] not in BRIDGES or wide or not _rights(call, path).isdisjoint({"SDN.Audit", "SDN.Use"})


def _rights(call: Call, path: str) -> frozenset[str]:
    return call.world.access.privileges(call.user, path)


def _changes(old: Interfaces, new: Interfaces) -> str:
    """The difference as text; its lines are not those of a real file."""
    lines = [f"-iface {name} {old[name]}" for name in sorted(old) if _bare(old[name]) != _bare(new.get(name))]
    lines += [
        f"+iface {name} {new[name]}" for name in sorted(new) if _bare(new[name]) != _bare(old.get(name))
    ]
    return "".join(f"{line}\n" for line in lines)


def _bare(row: Interface | None) -> Interface:
    return {key: value for key, value in (row or {}).items() if key != "active"}


@route("GET", _INTERFACE)
async def read_interface(call: Call) -> object:
    """One interface."""
    found = call.world.part(Networks).written(call.text("node")).get(call.text("iface"))
    if found is None:
        raise ApiError.parameters(MISSING)
    return found


@route("POST", _NETWORK)
async def create_interface(call: Call) -> None:
    """Write down a new interface."""
    node, name = call.text("node"), call.text("iface")
    rows = _rows(call)
    if name in rows:
        raise ApiError.parameters({"iface": "interface already exists"})
    row = _options(call)
    _check_gateway(rows, name, row)
    priority = max((int(str(each.get("priority", 0))) for each in rows.values()), default=2) + 1
    rows[name] = _completed({**row, "priority": priority})
    call.world.part(Networks).write(node, rows)


@route("PUT", _INTERFACE)
async def update_interface(call: Call) -> None:
    """Write down changes of an interface."""
    node, name = call.text("node"), call.text("iface")
    rows = _rows(call)
    if name not in rows:
        raise ApiError.parameters(MISSING)
    row, deletes = _options(call), set(call.items("delete"))
    if "cidr" in deletes:
        deletes |= {"address", "netmask"}
    _check_gateway(rows, name, row)
    kept = {key: value for key, value in rows[name].items() if key not in deletes}
    if "cidr" in row or "address" in row:
        kept = {key: value for key, value in kept.items() if key not in {"cidr", "address", "netmask"}}
    rows[name] = _completed(kept | row)
    call.world.part(Networks).write(node, rows)


@route("DELETE", _INTERFACE)
async def delete_interface(call: Call) -> None:
    """Write down that an interface is to go."""
    rows = _rows(call)
    if call.text("iface") not in rows:
        raise ApiError.parameters(MISSING)
    del rows[call.text("iface")]
    call.world.part(Networks).write(call.text("node"), rows)


@route("DELETE", _NETWORK)
async def revert(call: Call) -> None:
    """Forget what waits for a reload."""
    call.world.part(Networks).revert(call.text("node"))


@route("PUT", _NETWORK)
async def reload(call: Call) -> object:
    """Bring up what is written."""
    return start_reload(call, call.text("node"))


def _rows(call: Call) -> Interfaces:
    written = call.world.part(Networks).written(call.text("node"))
    return {name: dict(row) for name, row in written.items()}


def _options(call: Call) -> Interface:
    row: Interface = {key: value for key, value in call.params.items() if key not in _NO_OPTIONS}
    if "comments" in row:
        row["comments"] = f"{str(row['comments']).rstrip()}\n"
    return row


def _completed(row: Interface) -> Interface:
    """An interface with what the daemon adds by itself."""
    found = with_address(row)
    families = [name for name, key in (("inet", "address"), ("inet6", "address6")) if key in found]
    found["families"] = families or ["inet"]
    found["method"] = "static" if "address" in found else "manual"
    found["method6"] = "static" if "address6" in found else "manual"
    if found["type"] == "bridge":
        found = {"bridge_fd": "0", "bridge_stp": "off", "bridge_ports": "", **found}
    return found


def _check_gateway(rows: Interfaces, name: str, row: Interface) -> None:
    for key in ("gateway", "gateway6"):
        other = next((each for each in rows if each != name and key in rows[each]), None)
        if key in row and other is not None:
            raise ApiError.parameters({key: f"Default gateway already exists on interface '{other}'."})
