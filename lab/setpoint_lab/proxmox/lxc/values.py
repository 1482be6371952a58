"""Option values as a request gives them, checked beyond the schema and brought into the form that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_values import script_problem, shares, unique_tags
from setpoint_lab.proxmox.lxc import nets, options
from setpoint_lab.proxmox.lxc.mounts import Mount
from setpoint_lab.proxmox.option_table import bus, is_net
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.volume_names import storage_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

DEVICES = frozenset(
    f"/dev/{name}"
    for name in [
        "dri/card0",
        "dri/renderD128",
        "full",
        "fuse",
        "kfd",
        "kvm",
        "mapper/control",
        "net/tun",
        "null",
        "nvidia0",
        "nvidiactl",
        "ptmx",
        "random",
        "rtc0",
        "snd/seq",
        "snd/timer",
        "tty",
        "ttyACM0",
        "ttyS0",
        "ttyUSB0",
        "uinput",
        "urandom",
        "vfio/vfio",
        "vhost-net",
        "watchdog",
        "zero",
    ]
)
"""The devices that every node has."""


def sent_options(call: Call) -> dict[str, str]:
    """The options among a request's parameters as text; numbers stay as they were sent."""
    return {key: _text(call, key) for key in call.params if options.TABLE.exists(key)}


def _text(call: Call, key: str) -> str:
    boolean = (options.TABLE.shape(key) or {}).get("type") == "boolean"
    return str(call.params[key] if boolean else call.sent.get(key, call.params[key]))


def prepare(call: Call, values: Mapping[str, str]) -> dict[str, str]:
    """The values as they are stored, before anything is looked up on storages.

    Raises:
        ApiError: a script or a device does not exist, a storage is not for containers, an option is fixed.
    """
    return {key: _prepared(call, key, values[key]) for key in sorted(values)}


def _prepared(call: Call, key: str, value: str) -> str:
    world = call.world
    if options.is_mount(key):
        _check_content(world, key, value)
    elif is_net(key):
        return nets.with_mac(value, world)
    elif bus(key) == "dev":
        _check_device(key, value)
    match key:
        case "hookscript":
            _check_script(call, value)
        case "unprivileged":
            raise ApiError.internal(f"unable to modify read-only option: '{key}'")
        case "nameserver" | "searchdomain":
            return " ".join(split_list(value))
        case "tags":
            return unique_tags(world, value)
        case "cpuunits":
            return shares(value)
        case _:
            pass
    return value


def _check_content(world: World, key: str, value: str) -> None:
    mount = Mount.parse(key, value)
    if mount is None:
        raise ApiError.internal(f"unable to parse mount point '{key}'")
    if mount.kind == "volume" and "rootdir" not in storage_of(world, mount.source).content:
        text = f"storage '{mount.storage}' does not allow content type 'rootdir' (Container)"
        raise ApiError.internal(text)


def _check_device(key: str, value: str) -> None:
    path = split_properties(options.TABLE.format(key), value).get("path")
    if path is None:
        raise ApiError.internal("Either path or mapping has to be defined")
    if path not in DEVICES:
        raise ApiError.internal(f"Device {path} does not exist")


def _check_script(call: Call, volid: str) -> None:
    problem = script_problem(call, volid)
    if problem is not None:
        raise ApiError.internal(problem)
