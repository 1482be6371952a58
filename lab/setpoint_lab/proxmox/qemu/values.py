"""Option values as a request gives them, checked beyond the schema and brought into the form that is stored."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.qemu import nets, options
from setpoint_lab.proxmox.qemu.drives import Drive
from setpoint_lab.proxmox.qemu.names import parse_name, storage_of

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

_SSH_KEY = re.compile(r"^(?:ssh-(?:rsa|dss|ed25519)|ecdsa-\S+|sk-\S+) [A-Za-z0-9+/]{32,}={0,3}(?: .*)?$")
_CPU_SHARES = (1, 10_000)


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
    check_ssh_keys(values)
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
            low, high = _CPU_SHARES
            found[key] = str(max(low, min(high, int(value))))
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


def check_ssh_keys(values: Mapping[str, str]) -> None:
    """Raise unless every line of `sshkeys` is a key."""
    lines = unquote(values.get("sshkeys", "")).split("\n")
    if any(line.strip() and _SSH_KEY.match(line.strip()) is None for line in lines):
        raise ApiError.internal("SSH public key validation error")


def unique_tags(world: World, text: str) -> str:
    """Tags in their stored form: each once, in lower case and sorted unless the data centre says otherwise."""
    style = str(world.datacenter.get("tag-style", ""))
    found = split_list(text)
    if "case-sensitive=1" not in style:
        found = [tag.lower() for tag in found]
    unique = list(dict.fromkeys(found))
    return ";".join(unique if "ordering=config" in style else sorted(unique))


def hashed(world: World, password: str) -> str:
    """A password as it is stored: with a new salt every time."""
    salt = f"{world.random.getrandbits(48):012x}"
    return f"$5${salt}${hashlib.sha256(f'{salt}{password}'.encode()).hexdigest()}"


def new_uuid(world: World) -> str:
    """A random uuid."""
    return str(uuid.UUID(int=world.random.getrandbits(128), version=4))


def _text(call: Call, key: str) -> str:
    """A value as it was sent, except that switches may be sent as JSON booleans."""
    value = call.params[key]
    return str(value) if options.is_number(key) else str(call.sent.get(key, value))


def _check_script(call: Call, volid: str) -> None:
    storage = storage_of(call.world, volid)
    if parse_name(storage, volid.partition(":")[2]).kind != "snippets":
        raise ApiError.parameters({"hookscript": f"'{volid}' is not in the snippets directory\n"})
    if call.world.volumes.find(volid, call.text("node")) is None:
        raise ApiError.parameters({"hookscript": f"script '{volid}' does not exist\n"})
