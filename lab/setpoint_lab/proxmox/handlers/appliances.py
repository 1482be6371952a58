"""Templates of containers that nodes can fetch from the vendor: /nodes/{node}/aplinfo."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.environment import told
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.handlers.transfers import Sum, check_takes, start_download
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.web_pages import offer
from setpoint_lab.untyped import is_list

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

SOURCE = "http://download.proxmox.com/images"
_SYSTEMS = {
    "debian-13": ("debian-13-standard_13.1-2_amd64.tar.zst", "13.1-2", 58_276_231),
    "alpine-3.22": ("alpine-3.22-default_20250617_amd64.tar.xz", "20250617", 3_310_000),
    "ubuntu-24.04": ("ubuntu-24.04-standard_24.04-2_amd64.tar.zst", "24.04-2", 141_600_000),
}


def _entry(system: str, template: str, version: str) -> dict[str, Any]:
    """A row of the catalogue; its sums are made up, and those of what lies at its location."""
    return {
        "template": template,
        "package": template.partition("_")[0],
        "os": system,
        "version": version,
        "type": "lxc",
        "section": "system",
        "architecture": "amd64",
        "source": SOURCE,
        "location": f"{SOURCE}/system/{template}",
        "headline": f"{system} as a small system",
        "description": "",
        "infopage": "https://linuxcontainers.org",
        "maintainer": "Proxmox Support Team <support@proxmox.com>",
        "md5sum": hashlib.md5(template.encode(), usedforsecurity=False).hexdigest(),
        "sha512sum": hashlib.sha512(template.encode()).hexdigest(),
    }


def _catalogue(call: Call) -> list[dict[str, Any]]:
    known = told(call.world, "template catalogue")
    if is_list(known):
        return known
    for template, _, size in _SYSTEMS.values():
        sums = {"sha512": hashlib.sha512(template.encode()).hexdigest()}
        offer(call.world, {"url": f"{SOURCE}/system/{template}", "size": size, "sums": sums})
    return [_entry(system, template, version) for system, (template, version, _) in _SYSTEMS.items()]


@route("GET", "/nodes/{node}/aplinfo")
async def list_appliances(call: Call) -> object:
    """What can be fetched."""
    return call.world.shuffled(_catalogue(call))


@route("POST", "/nodes/{node}/aplinfo")
async def fetch_appliance(call: Call) -> object:
    """Let the node fetch a template onto a storage."""
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    name = call.text("template")
    entry = next((entry for entry in _catalogue(call) if entry["template"] == name), None)
    if entry is None:
        raise ApiError.parameters({"template": "no such template"})
    check_takes(storage, "vztmpl")
    wanted = Sum("sha512", entry["sha512sum"])
    return start_download(call, storage, f"vztmpl/{name}", entry["location"], wanted)
