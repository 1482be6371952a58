"""The table of what we manage: each place of the comparable tree with its option, form, and meaning when absent.

A further option is one more row here and one more field of the spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.model.diff import MISSING, Missing
from setpoint.model.tree import Json, Pointer
from setpoint_proxmox.guest.forms import (
    ADDRESS,
    ADDRESSES,
    BYTES,
    DECIMAL,
    FLAG,
    HOTPLUG,
    HOTPLUG_DEFAULT,
    KEYS,
    LIMIT,
    MAC,
    MEBIBYTES,
    NOTES,
    NUMBER,
    OPPOSITE,
    SECONDS,
    TAGS,
    TEXT,
    Form,
    words,
)
from setpoint_proxmox.guest.layout import Layout, Option, Row
from setpoint_proxmox.guest.migrate import PLACE
from setpoint_proxmox.guest.syntax import properties
from setpoint_proxmox.kinds.virtual_machine.drives import DRIVES
from setpoint_proxmox.kinds.virtual_machine.strings import NIC


def _plain(place: Pointer, name: str, form: Form = TEXT, absent: Json | Missing = None) -> Option:
    return Option(name, (Row(place, "", form, absent),))


PLAIN: Final = (
    _plain("/cores", "cores", NUMBER, 1),
    _plain("/sockets", "sockets", NUMBER, 1),
    _plain("/numa", "numa", FLAG, False),
    _plain("/memory", "memory", MEBIBYTES, "512MiB"),
    _plain("/balloon", "balloon", MEBIBYTES),
    _plain("/cpu/limit", "cpulimit", LIMIT),
    _plain("/cpu/units", "cpuunits", NUMBER, 100),
    _plain("/cpu/affinity", "affinity"),
    _plain("/firmware/type", "bios", TEXT, "seabios"),
    _plain("/osType", "ostype", TEXT, "other"),
    _plain("/scsiController", "scsihw", TEXT, "lsi"),
    _plain("/tags", "tags", TAGS, []),
    _plain("/description", "description", NOTES, ""),
    _plain("/onboot", "onboot", FLAG, False),
    _plain("/protection", "protection", FLAG, False),
    _plain("/tablet", "tablet", FLAG, True),
    _plain("/hotplug", "hotplug", HOTPLUG, list[Json](HOTPLUG_DEFAULT)),
    _plain("/keyboard", "keyboard"),
    _plain("/acpi", "acpi", FLAG, True),
    _plain("/kvm", "kvm", FLAG, True),
    _plain("/localTime", "localtime", FLAG),
    _plain("/hookScript", "hookscript"),
    _plain("/cloudInit/user", "ciuser"),
    _plain("/cloudInit/sshKeys", "sshkeys", KEYS, []),
    _plain("/cloudInit/nameservers", "nameserver", ADDRESSES, []),
    _plain("/cloudInit/searchDomain", "searchdomain"),
    _plain("/cloudInit/upgrade", "ciupgrade", FLAG, True),
    _plain("/cloudInit/type", "citype"),
)

COMPOUND: Final = (
    Option(
        "cpu",
        (
            Row("/cpu/type", "cputype", absent="kvm64"),
            Row("/cpu/flags", "flags", words(";", sort=True), []),
            Row("/cpu/hidden", "hidden", FLAG, False),
        ),
        properties("cputype"),
    ),
    Option(
        "machine",
        (Row("/machine", "type", absent="pc"), Row("/iommu", "viommu")),
        properties("type"),
    ),
    Option(
        "agent",
        (
            Row("/agent/enabled", "enabled", FLAG, False, needed=True),
            Row("/agent/fstrimClonedDisks", "fstrim_cloned_disks", FLAG, False),
            Row("/agent/freeze", "freeze-fs", FLAG, True),
            Row("/agent/type", "type", absent="virtio"),
        ),
        properties("enabled", guest_fsfreeze="freeze-fs", freeze_fs_on_backup="freeze-fs"),
        begins={"enabled": "1"},
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
    Option("boot", (Row("/boot", "order", words(";"), MISSING, ("legacy",)),), properties("legacy")),
    Option(
        "vga",
        (Row("/vga/type", "type", absent="std"), Row("/vga/memory", "memory", MEBIBYTES)),
        properties("type"),
    ),
    Option(
        "cicustom",
        tuple(Row(f"/cloudInit/snippets/{part}", part) for part in ("user", "network", "meta", "vendor")),
        properties(),
    ),
)

DEVICES: Final = (
    Option(
        "net#",
        (
            Row("/nics/net#/bridge", "bridge"),
            Row("/nics/net#/model", "model", absent=MISSING),
            Row("/nics/net#/mac", "macaddr", MAC, MISSING),
            Row("/nics/net#/vlan", "tag", NUMBER),
            Row("/nics/net#/trunks", "trunks", words(";", sort=True), []),
            Row("/nics/net#/firewall", "firewall", FLAG, False),
            Row("/nics/net#/rate", "rate", DECIMAL),
            Row("/nics/net#/mtu", "mtu", NUMBER),
            Row("/nics/net#/queues", "queues", NUMBER),
            Row("/nics/net#/connected", "link_down", OPPOSITE, True),
        ),
        NIC,
        "/nics/net#",
        {"model": "virtio"},
        plugs=True,
        core="bridge",
    ),
    Option(
        "ipconfig#",
        (
            Row("/cloudInit/ip/net#/ipv4", "ip", ADDRESS),
            Row("/cloudInit/ip/net#/gateway4", "gw", ADDRESS),
            Row("/cloudInit/ip/net#/ipv6", "ip6", ADDRESS),
            Row("/cloudInit/ip/net#/gateway6", "gw6", ADDRESS),
        ),
        properties(),
        "/cloudInit/ip/net#",
    ),
    Option(
        "hostpci#",
        (
            Row("/pci/hostpci#/device", "host", excludes=("mapping",)),
            Row("/pci/hostpci#/mapping", "mapping", excludes=("host",)),
            Row("/pci/hostpci#/pcie", "pcie", FLAG, False),
            Row("/pci/hostpci#/primaryGpu", "x-vga", FLAG, False),
            Row("/pci/hostpci#/romBar", "rombar", FLAG, True),
            Row("/pci/hostpci#/mediatedDevice", "mdev"),
        ),
        properties("host"),
        "/pci/hostpci#",
    ),
    Option(
        "usb#",
        (
            Row("/usb/usb#/device", "host", excludes=("mapping",)),
            Row("/usb/usb#/mapping", "mapping", excludes=("host",)),
            Row("/usb/usb#/usb3", "usb3", FLAG, False),
        ),
        properties("host"),
        "/usb/usb#",
        plugs=True,
    ),
    Option("serial#", (Row("/serial/serial#", absent=MISSING),), device="/serial/serial#"),
    Option(
        "rng0",
        (
            Row("/rng/source", "source", absent=MISSING),
            Row("/rng/maxBytes", "max_bytes", BYTES),
            Row("/rng/period", "period", NUMBER),
        ),
        properties("source"),
        "/rng",
        {"source": "/dev/urandom"},
    ),
    Option(
        "watchdog",
        (
            Row("/watchdog/model", "model", absent="i6300esb"),
            Row("/watchdog/action", "action"),
        ),
        properties("model"),
        "/watchdog",
        {"model": "i6300esb"},
    ),
    Option(
        "audio0",
        (
            Row("/audio/device", "device", absent=MISSING),
            Row("/audio/driver", "driver", absent="spice"),
        ),
        properties(),
        "/audio",
        {"device": "ich9-intel-hda"},
    ),
)

LAYOUT: Final = Layout.of((*PLAIN, *COMPOUND, *DEVICES, *DRIVES))

ELSEWHERE: Final[Mapping[Pointer, str]] = {
    "/power": "whether the VM runs",
    "/pool": "the pool that it belongs to",
    PLACE: "the node that it is on",
    "/cloudInit/password": "a secret, seen only as set or not",
    "/cloudInit/drive": "whether it has the drive that cloud-init reads",
    "/cloudInit/slot": "where that drive is attached",
    "/cloudInit/storage": "where that drive lies",
    "/cloudInit/current": "whether that drive shows the present settings",
}
"""The places that no single option holds."""
