"""Objects as NetBox gives them, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from setpoint.desired.compile import compile_set
from setpoint.desired.compiled import Compiled
from setpoint.model.inventory import PREFIX, Sheets
from setpoint.systems import installed_systems
from setpoint_netbox.content import Released, State, encode_view, make_content
from setpoint_netbox.mapping.render import Renderer

SYSTEMS = installed_systems()
KINDS = {kind.name: kind for system in SYSTEMS for kind in system.kinds}
LENT = {system.name: system.lends["netbox"]() for system in SYSTEMS if "netbox" in system.lends}
VM = "virtualization.virtualmachine/17"
OWN = "inventory: netbox\n"
"""What the mapping of a repository begins with."""
BESIDE = {
    "targets.yaml": b"""\
kind: ProxmoxCluster
metadata: {name: homelab}
spec: {endpoints: [pve1.example.org], token: {id: setpoint@pve!controller, secret: {env: TOKEN}}}
---
kind: DnsServer
metadata: {name: ns1}
spec: {rfc2136: {endpoint: 192.0.2.53, key: {name: setpoint, secret: {env: TSIG}}}}
""",
}
"""What a repository has beside a NetBox."""


def choice(value: Any) -> dict[str, Any]:
    return {"value": value, "label": str(value).title()}


def named(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "display": name, "name": name, "slug": name.lower(), **more}


def address(text: str, *, status: str = "active", role: str | None = None) -> dict[str, Any]:
    return {
        "id": 1,
        "address": text,
        "family": choice(6 if ":" in text else 4),
        "status": choice(status),
        "role": None if role is None else choice(role),
    }


def nic(number: int, name: str, **more: Any) -> dict[str, Any]:
    given = {
        "id": number,
        "name": name,
        "enabled": True,
        "parent": None,
        "mtu": None,
        "mode": None,
        "mac_address": None,
        "primary_mac_address": None,
        "untagged_vlan": None,
        "tagged_vlans": [],
        "ip_addresses": [],
        "custom_fields": {"setpoint_bridge": "vmbr0"},
    }
    return {**given, **more}


def disk(number: int, name: str, size: int, **fields: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "size": size, "description": "", "custom_fields": fields}


def machine(**more: Any) -> dict[str, Any]:
    """A virtual machine on the cluster homelab."""
    given: dict[str, Any] = {
        "id": 17,
        "name": "web01",
        "display": "web01",
        "status": choice("active"),
        "start_on_boot": choice("on"),
        "site": named(1, "DC1"),
        "cluster": named(1, "homelab"),
        "device": None,
        "tenant": None,
        "role": named(2, "web"),
        "platform": None,
        "vcpus": 2.0,
        "memory": 4096,
        "disk": 20480,
        "description": "",
        "tags": [named(3, "setpoint"), named(4, "prod")],
        "custom_fields": {"setpoint_storage": "local-zfs"},
        "interfaces": [],
        "disks": [],
        "services": [],
    }
    return {**given, **more}


def sheets(
    views: Mapping[str, Mapping[str, Any]],
    mapping: str | None = None,
    *,
    renamed: Mapping[str, str] | None = None,
    released: Mapping[str, Released] | None = None,
    by: Renderer | None = None,
) -> Sheets:
    """What is made of some views; `mapping` is that of the repository."""
    state = State(renamed=renamed or {}, released=released or {})
    content = make_content({path: encode_view(view) for path, view in views.items()}, state)
    files = {} if mapping is None else {"netbox.yaml": mapping.encode()}
    return (by or Renderer(LENT, KINDS)).sheets(content, files)


def sheet(view: Mapping[str, Any], mapping: str | None = None) -> str:
    """The sheet of one virtual machine."""
    found = sheets({VM: view}, mapping)
    assert not found.problems, [str(problem) for problem in found.problems]
    return found.files[f"{VM}.yaml"].decode()


def compiled(found: Sheets) -> Compiled:
    """What the engine makes of sheets, beside their targets."""
    files = {f"{PREFIX}netbox/{path}": text for path, text in found.files.items()}
    return compile_set({**BESIDE, **files}, KINDS, version="1")


def spec(view: Mapping[str, Any], mapping: str | None = None) -> Mapping[str, Any]:
    """The spec of the one resource that a virtual machine becomes, which is valid."""
    done = compiled(sheets({VM: view}, mapping))
    assert not done.problems, [str(problem) for problem in done.problems]
    (made,) = [one for one in done.resources.values() if one.origin.path.startswith(PREFIX)]
    return made.spec
