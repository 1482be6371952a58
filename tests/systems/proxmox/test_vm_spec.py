"""What a person may write about a VM, and what is said when it cannot be."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from setpoint.desired.compile import compile_set
from setpoint.model.handed import Handed
from setpoint.model.secret import SecretRef
from setpoint.model.tree import leaves
from setpoint_proxmox.guest.size_spec import Part
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.options import ELSEWHERE, LAYOUT
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from tests.systems.proxmox.made import spec

DISK = {"storage": "local-zfs", "size": "1GiB"}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        pytest.param({"memory": "2GB"}, "no unit of size", id="decimal unit"),
        pytest.param({"memory": 1000}, "multiple of 1MiB", id="memory of a few bytes"),
        pytest.param({"memory": "8MiB"}, "at least 16MiB", id="little memory"),
        pytest.param({"cores": 0}, "greater than or equal to 1", id="no core"),
        pytest.param({"vmid": 99}, "greater than or equal to 100", id="reserved vmid"),
        pytest.param({"disks": {"scsi31": {"storage": "a1", "size": "1GiB"}}}, "pattern", id="scsi31"),
        pytest.param({"disks": {"virtio16": {"storage": "a1", "size": "1GiB"}}}, "pattern", id="virtio16"),
        pytest.param(
            {"disks": {"scsi0": {"storage": "a1", "size": "1MiB"}}}, "multiple of 4MiB", id="odd disk"
        ),
        pytest.param({"disks": {"scsi0": {"storage": "a1", "size": 0}}}, "multiple of 4MiB", id="empty disk"),
        pytest.param(
            {"disks": {"scsi0": {"storage": "a:1", "size": "1GiB"}}}, "pattern", id="storage with colon"
        ),
        pytest.param({"disks": {"scsi0": {"size": "1GiB"}}}, "Field required", id="disk without storage"),
        pytest.param({"nics": {"net32": {"bridge": "vmbr0"}}}, "pattern", id="net32"),
        pytest.param({"nics": {"net0": {}}}, "Field required", id="nic without bridge"),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0,tag=1"}}}, "pattern", id="smuggled option"),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0", "vlan": 4095}}}, "4094", id="vlan 4095"),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0", "mac": "aa-bb"}}}, "no MAC", id="mac with dashes"),
        pytest.param(
            {"nics": {"net0": {"bridge": "vmbr0", "mac": "01:00:00:00:00:01"}}}, "multicast", id="multicast"
        ),
        pytest.param({"tags": ["a/b"]}, "is no tag", id="tag with a slash"),
        pytest.param({"node": "pve1/../x"}, "pattern", id="node that leaves its path"),
        pytest.param({"socket": 2}, "Extra inputs", id="unknown field"),
        pytest.param({"sockets": 0}, "greater than or equal to 1", id="no socket"),
        pytest.param({"memory": "1GiB", "balloon": "2GiB"}, "cannot be more than memory", id="large balloon"),
        pytest.param({"balloon": 1000}, "multiple of 1MiB", id="balloon of a few bytes"),
        pytest.param({"cpu": {"type": "host,flags=+aes"}}, "pattern", id="smuggled cpu option"),
        pytest.param({"cpu": {"flags": ["aes"]}}, "pattern", id="flag without a sign"),
        pytest.param({"cpu": {"limit": 0}}, "greater than 0", id="no time at all"),
        pytest.param({"machine": "q36"}, "pattern", id="unknown machine"),
        pytest.param({"firmware": {"type": "ovmf"}}, "efi: null to do without", id="UEFI without a place"),
        pytest.param(
            {"disks": {"ide0": DISK | {"iothread": True}}}, "only on scsi and virtio", id="thread on ide"
        ),
        pytest.param(
            {"disks": {"sata0": DISK | {"readOnly": True}}}, "only on scsi and virtio", id="ro on sata"
        ),
        pytest.param(
            {"disks": {"virtio0": DISK | {"ssd": True}}}, "does not exist on virtio", id="ssd on virtio"
        ),
        pytest.param({"disks": {"scsi0": DISK | {"image": "/srv/x"}}}, "pattern", id="image by its path"),
        pytest.param({"disks": {"scsi0": DISK | {"volume": "old"}}}, "pattern", id="no volume"),
        pytest.param(
            {"disks": {"scsi0": DISK | {"image": "a1:b", "volume": "a1:c"}}},
            "leave out image or volume",
            id="two origins",
        ),
        pytest.param(
            {"disks": {"ide2": DISK}, "cdroms": {"ide2": {"iso": None}}}, "declared twice", id="two in a slot"
        ),
        pytest.param(
            {"disks": {"ide2": DISK}, "cloudInit": {"slot": "ide2"}},
            "declared twice",
            id="drive in a disk's slot",
        ),
        pytest.param({"cdroms": {"virtio0": {"iso": None}}}, "pattern", id="cd on virtio"),
        pytest.param({"cdroms": {"ide2": {}}}, "Field required", id="cd without a word about it"),
        pytest.param(
            {"nics": {"net0": {"bridge": "vmbr0", "trunks": ["30-20"]}}}, "is no VLAN", id="range backwards"
        ),
        pytest.param(
            {"nics": {"net0": {"bridge": "vmbr0", "trunks": [4095]}}}, "is no VLAN", id="trunk 4095"
        ),
        pytest.param({"cloudInit": {"ip": {"net0": {}}}}, "write ipv4 or ipv6", id="no address"),
        pytest.param(
            {"cloudInit": {"ip": {"net0": {"ipv4": "192.0.2.1"}}}},
            "such as 192.0.2.10/24 or dhcp",
            id="no prefix",
        ),
        pytest.param(
            {"cloudInit": {"ip": {"net0": {"ipv4": "2001:db8::1/64"}}}}, "no IPv4 setting", id="v6 as v4"
        ),
        pytest.param(
            {"cloudInit": {"ip": {"net0": {"ipv6": "slaac"}}}}, "or dhcp or auto", id="v6 by a word"
        ),
        pytest.param(
            {"cloudInit": {"ip": {"net0": {"ipv4": "dhcp", "gateway4": "192.0.2.1"}}}},
            "needs an address",
            id="gateway alone",
        ),
        pytest.param(
            {"cloudInit": {"ip": {"net0": {"ipv6": "2001:db8::2/64", "gateway6": "192.0.2.1"}}}},
            "no IPv6 address",
            id="gateway v4",
        ),
        pytest.param(
            {"cloudInit": {"nameservers": ["dns.example.org"]}}, "is no IP address", id="server by name"
        ),
        pytest.param({"cloudInit": {"sshKeys": ["anna"]}}, "is no public key", id="no key"),
        pytest.param(
            {"cloudInit": {"sshKeys": ["-----BEGIN OPENSSH PRIVATE KEY-----"]}},
            "is no public key",
            id="private key",
        ),
        pytest.param(
            {"cloudInit": {"password": "geheim"}},
            "SecretRef|dictionary|never written in a declaration",
            id="password in the open",
        ),
        pytest.param(
            {"clone": {"from": 9000, "linked": True, "storage": "a1"}},
            "leave out storage",
            id="linked elsewhere",
        ),
        pytest.param({"boot": []}, "at least 1 item", id="boot from nothing"),
        pytest.param({"boot": ["cd0"]}, "pattern", id="boot from an unknown slot"),
        pytest.param({"pci": {"hostpci0": {}}}, "exactly one of device and mapping", id="pci of nothing"),
        pytest.param(
            {"pci": {"hostpci0": {"device": "01:00", "mapping": "gpu"}}}, "exactly one", id="pci twice"
        ),
        pytest.param({"usb": {"usb0": {"device": "1"}}}, "pattern", id="no usb device"),
        pytest.param({"serial": {"serial0": "tcp"}}, "is no port", id="no port"),
        pytest.param({"vga": {"memory": "1MiB"}}, "4MiB to 512MiB", id="small card"),
        pytest.param({"hotplug": ["gpu"]}, "'network'", id="plugs nothing that exists"),
        pytest.param({"pool": "a b"}, "pattern", id="pool with a blank"),
        pytest.param({"startup": {"up": "30"}}, "is no duration", id="seconds without a unit"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        spec(**fields)


def test_everything_has_a_default() -> None:
    assert KIND.declare(VirtualMachineSpec()) == {}


def test_no_mac_address_is_none_to_compare() -> None:
    nic = {"bridge": "vmbr0", "mac": None}

    assert KIND.declare(spec(nics={"net0": nic}, power=None)) == {"nics": {"net0": {"bridge": "vmbr0"}}}


NORMAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"agent": True}, {"agent": {"enabled": True}}),
    ({"agent": False}, {"agent": {"enabled": False}}),
    ({"balloon": False}, {"balloon": "0B"}),
    ({"balloon": "1024MiB"}, {"balloon": "1GiB"}),
    ({"balloon": None}, {"balloon": None}),
    ({"startup": {"up": "60s"}}, {"startup": {"up": "1m"}}),
    ({"nics": {"net0": {"bridge": "b1", "trunks": [10]}}}, {"nics": {"net0": {"bridge": "b1", "trunks": ["10"]}}}),
    ({"cpu": {"limit": 2}}, {"cpu": {"limit": 2.0}}),
    ({"rng": None}, {"rng": None}),
    ({"rng": {}}, {"rng": {}}),
    ({"cdroms": {"ide2": {"iso": None}}}, {"cdroms": {"ide2": {"iso": None}}}),
    ({"pool": None}, {"pool": None}),
    ({"cloudInit": {}}, {"cloudInit": {"drive": True, "current": True}}),
    (
        {"cloudInit": {"ip": {"net0": {"ipv6": "2001:DB8::1/64"}}}},
        {"cloudInit": {"ip": {"net0": {"ipv6": "2001:db8::1/64"}}, "drive": True, "current": True}},
    ),
    ({"node": "pve1", "clone": {"from": 9000}, "forceStop": True}, {}),
    ({"disks": {"scsi0": DISK | {"image": "a1:b", "format": "raw"}}}, {"disks": {"scsi0": DISK}}),
    ({"firmware": {"type": "ovmf", "efi": None}}, {"firmware": {"type": "ovmf", "efi": None}}),
]  # fmt: skip


@pytest.mark.parametrize(("written", "declared"), NORMAL, ids=[str(row[0]) for row in NORMAL])
def test_what_is_written_is_declared_in_one_form(written: dict[str, Any], declared: dict[str, Any]) -> None:
    assert KIND.declare(VirtualMachineSpec.model_validate(written)) == declared


NOT_COMPARED = {
    "/node",
    "/vmid",
    "/placement/spread/labels/serial0",
    "/placement/spread/required",
    "/placement/near/labels/serial0",
    "/placement/near/required",
    "/forceStop",
    "/dns/zone",
    "/dns/names",
    "/dns/ttl",
    "/host/address",
    "/host/port",
    "/host/user",
    "/host/key",
    "/host/passphrase",
    "/host/hostKey",
    "/host/jump",
    "/host/watch",
    "/host/nixos",
    "/clone/from",
    "/clone/linked",
    "/clone/storage",
    "/clone/snapshot",
    "/disks/scsi0/image",
    "/disks/scsi0/format",
    "/disks/scsi0/volume",
}
"""What is looked at when something is made, and never later; and how we go about it."""


def every_place(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Each field that holds a value, with a slot for each mapping."""
    slots = {
        "disks": "scsi0",
        "cdroms": "ide2",
        "nics": "net0",
        "ip": "net0",
        "pci": "hostpci0",
        "usb": "usb0",
    }
    for field in model.model_fields.values():
        place = f"{above}/{field.alias}"
        below = [
            inner for inner in models_in(field.annotation) if not issubclass(inner, SecretRef | Part | Handed)
        ]
        slot = f"/{slots.get(str(field.alias), 'serial0')}" if "dict" in str(field.annotation) else ""
        if below:
            yield from every_place(below[0], place + slot)
        else:
            yield place + slot


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def test_every_field_has_a_place_or_a_reason_for_none() -> None:
    places = set(every_place(VirtualMachineSpec))

    held = {place for place in places if place in ELSEWHERE or LAYOUT.spot(place) is not None}

    assert places - held == NOT_COMPARED


def test_every_row_has_a_field() -> None:
    """What no field can say would be shown to nobody and corrected never."""
    tree = LAYOUT.read({"net0": "virtio=02:00:00:00:00:01", "scsi0": "nas:vm-1-disk-0,size=1G", "ide2": "none,media=cdrom", "ipconfig0": "ip=dhcp", "hostpci0": "01:00", "usb0": "spice", "serial0": "socket", "efidisk0": "nas:vm-1-disk-1", "tpmstate0": "nas:vm-1-disk-2", "rng0": "/dev/urandom", "watchdog": "ib700", "audio0": "device=AC97", "boot": "order=net0"})[0]  # fmt: skip

    assert {place for place, _ in leaves(tree)} <= set(every_place(VirtualMachineSpec))


def test_our_own_tag_may_be_written_and_is_not_compared() -> None:
    assert KIND.declare(spec(tags=["Setpoint", "Web"])) == {"tags": ["web"]}


@pytest.mark.parametrize("name", ["web01", "a", "web01.example.org"])
def test_a_name_that_proxmox_takes(name: str) -> None:
    assert KIND.names.fullmatch(name)


@pytest.mark.parametrize("name", ["foo_bar", "-a", "a-", "a..b", "Web", "a.", ""])
def test_a_name_that_proxmox_refuses(name: str) -> None:
    assert not KIND.names.fullmatch(name)


def test_every_field_is_described() -> None:
    schema = VirtualMachineSpec.model_json_schema()
    parts = [schema, *schema["$defs"].values()]

    for part in parts:
        for name, field in part.get("properties", {}).items():
            assert field.get("description", "").endswith("."), name


def test_the_word_of_another_tool_is_answered_with_the_field() -> None:
    fields = {field.alias for field in VirtualMachineSpec.model_fields.values()}
    assert set(VirtualMachineSpec.also_called.values()) <= fields
    assert not set(VirtualMachineSpec.also_called) & fields
    manifest = b"kind: VirtualMachine\nmetadata: {name: a}\nspec: {cpus: 2, RAM: 2GiB, memroy: 1GiB}\n"
    found = compile_set({"a.yaml": manifest}, {KIND.name: KIND}, version="v1")
    remedies = [problem.remedy for problem in found.problems if problem.field.startswith("spec")]
    assert remedies == ["did you mean cores?", "did you mean memory?", "did you mean memory?"]
