"""Option values as a request gives them, checked beyond the schema and brought into the form that is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_values import (
    check_ssh_keys,
    hashed,
    new_uuid,
    script_problem,
    shares,
    unique_tags,
)
from setpoint_lab.proxmox.qemu import nets, options
from setpoint_lab.proxmox.qemu.drives import Drive

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call


def sent_options(call: Call) -> dict[str, str]:
    """The options among a request's parameters as text; `cdrom` is another name for `ide2`."""
    found = {key: _text(call, key) for key in call.params if options.exists(key)}
    if "cdrom" in found:
        found["ide2"] = found.pop("cdrom")
    return found


def prepare(call: Call, values: Mapping[str, str]) -> dict[str, str]:
    """The values as they are stored, before anything is looked up on storages.

    Raises:
        ApiError: a drive, a key or a script is none.
    """
    world = call.world
    check_ssh_keys(unquote(values.get("sshkeys", "")))
    found = dict(values)
    for key, value in values.items():
        if options.is_drive(key):
            found[key] = str(checked_drive(key, value))
        elif options.is_net(key):
            found[key] = nets.with_mac(value, world)
        elif key == "vmgenid" and value == "1":
            found[key] = new_uuid(world)
        elif key == "hookscript":
            _check_script(call, value)
        elif key == "cipassword":
            found[key] = hashed(world, value)
        elif key == "cpuunits":
            found[key] = shares(value)
        elif key == "tags":
            found[key] = unique_tags(world, value)
    return found


def checked_drive(key: str, text: str) -> Drive:
    """The drive that a text describes; what is left out follows from the file.

    Raises:
        ApiError: it is no such drive.
    """
    drive = Drive.parse(key, text)
    if drive is None:
        raise ApiError.parameters({key: "unable to parse drive options"})
    order = drive.allocation
    if "import-from" in drive.properties and (order is None or order[1]):
        special = "use <storage ID>:0,import-from=<source>"
        raise ApiError.parameters({key: f"'import-from' requires special syntax - {special}"})
    if drive.file in {"none", "cdrom"} and "media" not in drive.properties:
        drive = drive.changed(media="cdrom", size=drive.size)
    return drive


def _text(call: Call, key: str) -> str:
    """A value as it was sent, except that switches may be sent as JSON booleans."""
    value = call.params[key]
    return str(value) if options.is_number(key) else str(call.sent.get(key, value))


def _check_script(call: Call, volid: str) -> None:
    problem = script_problem(call, volid)
    if problem is not None:
        raise ApiError.parameters({"hookscript": f"{problem}\n"})
