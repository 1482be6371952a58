"""Which option of Proxmox holds which place of the comparable tree of a container, one row each.

A further option is one more row here and one more field of the spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.model.diff import MISSING, UNSEEN, Missing
from setpoint.model.tree import Json, Pointer
from setpoint_proxmox.guest.forms import (
    ADDRESS,
    ADDRESSES,
    DECIMAL,
    FLAG,
    LIMIT,
    MAC,
    MEBIBYTES,
    NOTES,
    NUMBER,
    OPPOSITE,
    SECONDS,
    SIZE,
    STORAGE,
    TAGS,
    TEXT,
    Form,
    words,
)
from setpoint_proxmox.guest.layout import Layout, Option, Row
from setpoint_proxmox.guest.migrate import PLACE
from setpoint_proxmox.guest.syntax import properties
from setpoint_proxmox.kinds.container.spec_volume import path
from setpoint_proxmox.kinds.container.strings import DEVICE, MOUNT, NIC, is_bind, is_volume

PATH: Final = Form(path, str)


def _plain(place: Pointer, name: str, form: Form = TEXT, absent: Json | Missing = None) -> Option:
    return Option(name, (Row(place, "", form, absent),))


def _volume(place: Pointer) -> tuple[Row, ...]:
    """What every volume has."""
    return (
        Row(f"{place}/storage", "volume", STORAGE, UNSEEN),
        Row(f"{place}/size", "size", SIZE, UNSEEN),
        Row(f"{place}/mountOptions", "mountoptions", words(";", sort=True), []),
        Row(f"{place}/acl", "acl", FLAG),
        Row(f"{place}/quota", "quota", FLAG, False),
        Row(f"{place}/replicate", "replicate", FLAG, True),
    )


PLAIN: Final = (
    _plain("/cores", "cores", NUMBER),
    _plain("/memory", "memory", MEBIBYTES, "512MiB"),
    _plain("/swap", "swap", MEBIBYTES, "512MiB"),
    _plain("/cpu/limit", "cpulimit", LIMIT),
    _plain("/cpu/units", "cpuunits", NUMBER, 100),
    _plain("/nameservers", "nameserver", ADDRESSES, []),
    _plain("/searchDomains", "searchdomain", words(" "), []),
    _plain("/console/enabled", "console", FLAG, True),
    _plain("/console/ttys", "tty", NUMBER, 2),
    _plain("/console/mode", "cmode", TEXT, "tty"),
    _plain("/osType", "ostype", TEXT, MISSING),
    _plain("/timeZone", "timezone"),
    _plain("/entrypoint", "entrypoint"),
    _plain("/hookScript", "hookscript"),
    _plain("/tags", "tags", TAGS, []),
    _plain("/description", "description", NOTES, ""),
    _plain("/onboot", "onboot", FLAG, False),
    _plain("/protection", "protection", FLAG, False),
)

COMPOUND: Final = (
    Option(
        "features",
        (
            Row("/features/nesting", "nesting", FLAG, False),
            Row("/features/keyctl", "keyctl", FLAG, False),
            Row("/features/fuse", "fuse", FLAG, False),
            Row("/features/mknod", "mknod", FLAG, False),
            Row("/features/forceRwSys", "force_rw_sys", FLAG, False),
            Row("/features/mount", "mount", words(";", sort=True), []),
        ),
        properties(),
    ),
    Option(
        "startup",
        (
            Row("/startup/order", "order", NUMBER),
            Row("/startup/up", "up", SECONDS),
            Row("/startup/down", "down", SECONDS),
        ),
        properties("order"),
    ),
    Option("rootfs", _volume("/rootfs"), MOUNT, volume=True, core="volume"),
)

DEVICES: Final = (
    Option(
        "net#",
        (
            Row("/nics/net#/bridge", "bridge"),
            Row("/nics/net#/name", "name", TEXT, MISSING),
            Row("/nics/net#/mac", "hwaddr", MAC, MISSING),
            Row("/nics/net#/ipv4", "ip", ADDRESS),
            Row("/nics/net#/gateway4", "gw", ADDRESS),
            Row("/nics/net#/ipv6", "ip6", ADDRESS),
            Row("/nics/net#/gateway6", "gw6", ADDRESS),
            Row("/nics/net#/vlan", "tag", NUMBER),
            Row("/nics/net#/trunks", "trunks", words(";", sort=True), []),
            Row("/nics/net#/firewall", "firewall", FLAG, False),
            Row("/nics/net#/rate", "rate", DECIMAL),
            Row("/nics/net#/mtu", "mtu", NUMBER),
            Row("/nics/net#/connected", "link_down", OPPOSITE, True),
        ),
        NIC,
        "/nics/net#",
        plugs=True,
        core="bridge",
    ),
    Option(
        "mp#",
        (
            *_volume("/mountPoints/mp#"),
            Row("/mountPoints/mp#/path", "mp", PATH, MISSING),
            Row("/mountPoints/mp#/backup", "backup", FLAG, False),
            Row("/mountPoints/mp#/readOnly", "ro", FLAG, False),
        ),
        MOUNT,
        "/mountPoints/mp#",
        holds=is_volume,
        volume=True,
        core="volume",
    ),
    Option(
        "mp#",
        (
            Row("/bindMounts/mp#/source", "volume", PATH, MISSING),
            Row("/bindMounts/mp#/path", "mp", PATH, MISSING),
            Row("/bindMounts/mp#/readOnly", "ro", FLAG, False),
            Row("/bindMounts/mp#/shared", "shared", FLAG, False),
        ),
        MOUNT,
        "/bindMounts/mp#",
        holds=is_bind,
    ),
    Option(
        "dev#",
        (
            Row("/devices/dev#/path", "path", TEXT, MISSING),
            Row("/devices/dev#/mode", "mode"),
            Row("/devices/dev#/uid", "uid", NUMBER),
            Row("/devices/dev#/gid", "gid", NUMBER),
            Row("/devices/dev#/denyWrite", "deny-write", FLAG, False),
        ),
        DEVICE,
        "/devices/dev#",
    ),
)

LAYOUT: Final = Layout.of((*PLAIN, *COMPOUND, *DEVICES))

ELSEWHERE: Final[Mapping[Pointer, str]] = {
    "/power": "whether the container runs",
    "/pool": "the pool that it belongs to",
    PLACE: "the node that it is on",
    "/password": "a secret, which is never told",
    "/unprivileged": "chosen when it is made",
}
"""The places that no option of a write holds."""
