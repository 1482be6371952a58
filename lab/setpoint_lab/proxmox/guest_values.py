"""Values of options that VMs and containers store in the same form, and the checks that the schema does not make."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.volume_names import parse_name, storage_of

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.world import World

_SSH_KEY = re.compile(r"^(?:ssh-(?:rsa|dss|ed25519)|ecdsa-\S+|sk-\S+) [A-Za-z0-9+/]{32,}={0,3}(?: .*)?$")
_CPU_SHARES = (1, 10_000)
UNUSED_COUNT = 256


def check_ssh_keys(text: str) -> None:
    """Raise unless every line is a key."""
    if any(line.strip() and _SSH_KEY.match(line.strip()) is None for line in text.split("\n")):
        raise ApiError.internal("SSH public key validation error")


def script_problem(call: Call, volid: str) -> str | None:
    """What keeps a volume from being a hook script."""
    storage = storage_of(call.world, volid)
    if parse_name(storage, volid.partition(":")[2]).kind != "snippets":
        return f"'{volid}' is not in the snippets directory"
    if call.world.volumes.find(volid, None if storage.shared else call.text("node")) is None:
        return f"script '{volid}' does not exist"
    return None


def shares(text: str) -> str:
    """A weight of the processor within its limits."""
    low, high = _CPU_SHARES
    return str(max(low, min(high, int(text))))


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


def add_unused(values: Section, volid: str) -> None:
    """Note a volume under the lowest free `unusedN`, once."""
    slots = [f"unused{number}" for number in range(UNUSED_COUNT)]
    if volid in (values.get(slot) for slot in slots):
        return
    slot = next((slot for slot in slots if slot not in values), None)
    if slot is None:
        raise ApiError.internal("Too many unused volumes - please delete them first.")
    values[slot] = volid
