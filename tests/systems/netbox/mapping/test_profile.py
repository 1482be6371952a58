"""The maps that systems lend, with objects as they are met: what comes of them is valid by the kinds' own specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from setpoint.model.key import Key
from setpoint.model.policy import Deletion
from setpoint_netbox.content import VIEWS
from setpoint_netbox.mapping.reading import read_mapping
from tests.systems.netbox.mapping.views import (
    KINDS,
    LENT,
    OWN,
    VM,
    address,
    choice,
    compiled,
    disk,
    machine,
    named,
    nic,
    sheet,
    sheets,
    spec,
)

GIB = 1024
KEYS = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr/0+mzHk2r8sDq0nQ1u7cPz anna\n\n"


def test_what_is_lent_is_valid_and_takes_what_can_be_taken() -> None:
    found = read_mapping(None, LENT, KINDS)
    assert not found.problems
    assert {one.of for one in found.maps.values()} == {*VIEWS} - {"virtualization.cluster"}
    assert {*found.maps} == {"pools", "zones", "containers", "virtual-machines", "networks"}


def test_a_machine_with_all_that_netbox_knows_of_it() -> None:
    view = machine(
        name="Web01",
        tenant=named(5, "Acme_Corp", slug="acme_corp"),
        platform=named(6, "Windows Server 2022", slug="windows-server-2022"),
        device=named(7, "pve2"),
        description="front end: #1",
        disk=60 * GIB,
        disks=[disk(9, "scsi1", 40 * GIB, setpoint_storage="tank"), disk(8, "scsi0", 20 * GIB)],
        interfaces=[
            nic(
                31,
                "eth0",
                mac_address="BC:24:11:00:00:01",
                mtu=1500,
                mode=choice("tagged"),
                untagged_vlan={"id": 1, "vid": 11},
                tagged_vlans=[{"id": 3, "vid": 30}, {"id": 2, "vid": 20}],
            ),
            nic(32, "net1", enabled=False),
            nic(33, "eth0.20", parent=named(31, "eth0")),
        ],
    )
    found = compiled(sheets({VM: view}))
    assert not found.problems
    one = found.resources[Key("acme-corp", "VirtualMachine", "web01")]
    assert one.target == Key("default", "ProxmoxCluster", "homelab")
    assert one.labels == {"role": "web", "platform": "windows-server-2022", "site": "dc1"}
    assert one.policy.deletion is Deletion.ORPHAN
    assert one.spec == {
        "node": "pve2",
        "osType": "win11",
        "cores": 2,
        "memory": "4096MiB",
        "disks": {
            "scsi0": {"size": "20480MiB", "storage": "local-zfs"},
            "scsi1": {"size": "40960MiB", "storage": "tank"},
        },
        "nics": {
            "net0": {
                "bridge": "vmbr0",
                "mac": "BC:24:11:00:00:01",
                "vlan": 11,
                "trunks": [20, 30],
                "mtu": 1500,
                "connected": True,
            },
            "net1": {"bridge": "vmbr0", "connected": False},
        },
        "tags": ["prod"],
        "description": "front end: #1",
        "onboot": True,
        "power": "running",
    }


def test_one_disk_without_a_list_of_disks_is_the_first() -> None:
    assert spec(machine())["disks"] == {"scsi0": {"size": "20480MiB", "storage": "local-zfs"}}
    assert "disks" not in spec(machine(disk=None))


def test_what_netbox_does_not_say_is_left_to_the_defaults() -> None:
    bare = {name: None for name in machine() if name not in ("id", "name", "display", "status", "cluster")}
    assert spec({**machine(), **bare}) == {"power": "running"}


STATES: list[tuple[str, str | None, Deletion]] = [
    ("active", "running", Deletion.ORPHAN),
    ("offline", "stopped", Deletion.ORPHAN),
    ("staged", "stopped", Deletion.ORPHAN),
    ("failed", None, Deletion.ORPHAN),
    ("paused", None, Deletion.ORPHAN),
    ("decommissioning", None, Deletion.DELETE),
]


@pytest.mark.parametrize(("status", "power", "deletion"), STATES, ids=[row[0] for row in STATES])
def test_a_status_says_whether_it_runs_and_what_a_removal_means(
    status: str, power: str | None, deletion: Deletion
) -> None:
    for shown in (choice(status), status):
        one = compiled(sheets({VM: machine(status=shown)})).resources[
            Key("default", "VirtualMachine", "web01")
        ]
        assert one.spec.get("power") == power
        assert one.policy.deletion is deletion


def test_what_is_planned_is_not_made_and_never_deleted_for_it() -> None:
    found = sheets({VM: machine(status=choice("planned"))})
    assert (found.files, found.released) == ({}, {f"{VM}.yaml"})


CONTAINERS: list[tuple[str, Mapping[str, Any]]] = [
    ("our field", {"custom_fields": {"setpoint_type": "container"}}),
    ("netboxlabs' field", {"custom_fields": {"proxmox_vm_type": "lxc"}}),
    ("netboxlabs' field as of 4.7", {"custom_fields": {"proxmox_vm_type": choice("lxc")}}),
    ("the role", {"role": named(9, "lxc"), "custom_fields": {}}),
]


@pytest.mark.parametrize("how", [row[1] for row in CONTAINERS], ids=[row[0] for row in CONTAINERS])
def test_a_container_is_told_from_a_machine(how: Mapping[str, Any]) -> None:
    text = sheet(machine(disk=None, **how))
    assert text.startswith("kind: Container  ")


def test_a_type_that_two_names_give_differently_is_told() -> None:
    found = sheets({VM: machine(custom_fields={"setpoint_type": "lxc", "proxmox_vm_type": "vm"})})
    assert (found.files, found.released) == ({}, {f"{VM}.yaml"})
    told = "setpoint_type says lxc and custom_fields.proxmox_vm_type says vm, and both are names for one thing; make them"
    assert told in found.notes[0]


def test_a_container_with_all_that_netbox_knows_of_it() -> None:
    view = machine(
        role=named(9, "lxc"),
        disk=12 * GIB,
        disks=[disk(1, "rootfs", 8 * GIB), disk(2, "mp0", 4 * GIB, setpoint_path="/srv")],
        custom_fields={
            "proxmox_node": "pve1",
            "proxmox_vmid": "150",
            "setpoint_vmid": 150,
            "proxmox_lxc_templates": "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst",
            "proxmox_vm_storage": "local-zfs",
            "proxmox_public_ssh_key": KEYS,
            "proxmox_unprivileged_container": True,
            "proxmox_search_domain": "example.org",
        },
        interfaces=[
            nic(
                1,
                "eth0",
                ip_addresses=[
                    address("192.0.2.60/24"),
                    address("192.0.2.1/24", role="vip"),
                    address("2001:db8::60/64"),
                ],
                custom_fields={"setpoint_bridge": "vmbr0", "setpoint_gateway4": "192.0.2.254"},
            ),
            nic(
                2,
                "eth1",
                ip_addresses=[
                    address("198.51.100.7/24", status="dhcp"),
                    address("fe80::7/64", status="slaac"),
                ],
            ),
        ],
    )
    assert spec(view) == {
        "node": "pve1",
        "vmid": 150,
        "template": "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst",
        "unprivileged": True,
        "cores": 2,
        "memory": "4096MiB",
        "rootfs": {"size": "8192MiB", "storage": "local-zfs"},
        "mountPoints": {"mp0": {"path": "/srv", "size": "4096MiB", "storage": "local-zfs"}},
        "nics": {
            "net0": {
                "bridge": "vmbr0",
                "connected": True,
                "ipv4": "192.0.2.60/24",
                "gateway4": "192.0.2.254",
                "ipv6": "2001:db8::60/64",
            },
            "net1": {"bridge": "vmbr0", "connected": True, "ipv4": "dhcp", "ipv6": "auto"},
        },
        "searchDomains": ["example.org"],
        "sshKeys": [KEYS.strip()],
        "tags": ["prod"],
        "onboot": True,
        "power": "running",
    }  # fmt: skip


def test_the_names_of_netboxlabs_automation_are_taken() -> None:
    made = spec(
        machine(
            custom_fields={
                "proxmox_node": "pve3",
                "proxmox_vmid": "204",
                "proxmox_vm_type": "vm",
                "proxmox_vm_storage": "ceph",
                "proxmox_vm_templates": "9000",
                "proxmox_public_ssh_key": KEYS,
            },
            disks=[disk(1, "scsi0", 20 * GIB), disk(2, "scsi1", 8 * GIB, proxmox_disk_storage_volume="tank")],
            interfaces=[nic(1, "net0", ip_addresses=[address("192.0.2.20/24")])],
        )
    )
    assert (made["node"], made["vmid"], made["clone"]) == ("pve3", 204, {"from": 9000})
    assert {slot: one["storage"] for slot, one in made["disks"].items()} == {"scsi0": "ceph", "scsi1": "tank"}
    assert made["cloudInit"] == {"sshKeys": [KEYS.strip()], "ip": {"net0": {"ipv4": "192.0.2.20/24"}}}


def test_the_names_of_proxbox_are_taken() -> None:
    made = spec(
        machine(
            start_on_boot=choice("off"),
            custom_fields={
                "proxmox_vm_id": 301,
                "proxmox_node": "pve1",
                "proxmox_storage": "local-lvm",
                "proxmox_template_vmid": 9001,
                "proxmox_start_at_boot": True,
                "proxmox_qemu_agent": True,
                "proxmox_search_domain": "example.org",
                "cloud_init_user": "admin",
                "cloud_init_ssh_keys": KEYS,
            },
        )
    )
    assert (made["vmid"], made["clone"], made["onboot"], made["agent"]) == (301, {"from": 9001}, True, True)
    assert made["disks"]["scsi0"]["storage"] == "local-lvm"
    assert made["cloudInit"] == {"user": "admin", "sshKeys": [KEYS.strip()], "searchDomain": "example.org"}


def test_an_id_that_two_names_give_differently_is_told_and_not_guessed() -> None:
    text = sheet(machine(custom_fields={"proxmox_vmid": "101", "proxmox_vm_id": 102}))
    assert (
        "custom_fields.proxmox_vmid says 101 and custom_fields.proxmox_vm_id says 102, and both are names for one"
        in text
    )
    assert compiled(sheets({VM: machine(custom_fields={"proxmox_vmid": "101", "proxmox_vm_id": 102})})).broken


def test_a_machine_without_anything_for_cloud_init_gets_no_drive_for_it() -> None:
    nics = [nic(1, "net0", ip_addresses=[address("192.0.2.20/24")])]
    assert "cloudInit" not in spec(machine(interfaces=nics))
    wanted = machine(interfaces=nics, custom_fields={"setpoint_cloud_init": True, "setpoint_storage": "a1"})
    assert spec(wanted)["cloudInit"] == {"ip": {"net0": {"ipv4": "192.0.2.20/24"}}}


def test_a_card_or_disk_whose_name_is_no_slot_is_told_and_not_guessed() -> None:
    assert (
        "interfaces[ens18].name 'ens18' is no slot; name it net0 or the like in NetBox, or map it by `key`"
        in sheet(machine(interfaces=[nic(1, "ens18")]))
    )
    assert "disks[Disk 1].name 'Disk 1' is no slot; name it scsi0" in sheet(
        machine(disks=[disk(1, "Disk 1", 20480)])
    )
    by_field = nic(1, "ens18", custom_fields={"setpoint_slot": "net0", "setpoint_bridge": "vmbr0"})
    assert [*spec(machine(interfaces=[by_field]))["nics"]] == ["net0"]


def test_two_cards_for_one_slot_are_told() -> None:
    text = sheet(machine(interfaces=[nic(1, "eth0", mtu=1500), nic(2, "net0", mtu=9000)]))
    assert "interfaces[eth0].mtu and interfaces[net0].mtu say different things of net0.mtu" in text


def test_a_fraction_of_a_core_is_told() -> None:
    assert "vcpus 2.5 is no whole number; write one in NetBox" in sheet(machine(vcpus=2.5))


def test_the_config_context_lies_below_the_fields() -> None:
    tree = {
        "cores": 9,
        "cpu": {"type": "host"},
        "agent": True,
        "nics": {"net0": {"firewall": True, "bridge": "no"}},
    }
    view = machine(config_context={"setpoint": {"VirtualMachine": tree}}, interfaces=[nic(1, "net0")])
    made = spec(view)
    assert (made["cores"], made["cpu"], made["agent"]) == (2, {"type": "host"}, True)
    assert made["nics"] == {"net0": {"bridge": "vmbr0", "connected": True, "firewall": True}}
    assert "# config_context.setpoint.VirtualMachine.cpu.type" in sheet(view)


EXTENSIONS: list[tuple[str, str, Mapping[str, Any]]] = [
    ("a unit", "{units: {memory: GiB, disk: GiB}, fields: {memory: {from: memory, as: {unit: memory}}}}", {"memory": "4096GiB"}),
    ("a field is replaced", "{fields: {memory: {value: 1GiB}}}", {"memory": "1GiB"}),
    ("a field is taken away", "{fields: {onboot: null}}", {"onboot": None}),
    ("a field is added", "{fields: {cpu.type: {value: host}}}", {"cpu": {"type": "host"}}),
    ("a field of each entry", "{fields: {nics: {fields: {firewall: {value: true}}}}}", {"nics": {"net0": {"bridge": "vmbr0", "connected": True, "firewall": True}}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in EXTENSIONS], ids=[row[0] for row in EXTENSIONS]
)
def test_a_repository_extends_a_lent_map(text: str, expected: Mapping[str, Any]) -> None:
    disks = [] if "units" in text else [disk(1, "scsi0", 20480)]
    view = machine(interfaces=[nic(1, "net0")], disk=None, disks=disks)
    made = spec(view, f"{OWN}maps: {{virtual-machines: {text}}}")
    assert {name: made.get(name) for name in expected} == expected
    assert made["power"] == "running"


def test_a_repository_keeps_tenants_out_of_namespaces() -> None:
    view = machine(tenant=named(1, "Acme"))
    assert "namespace: acme" in sheet(view)
    assert "namespace" not in sheet(view, OWN + "maps: {virtual-machines: {namespace: null}}")


def test_a_repository_takes_a_lent_map_away_and_puts_its_own_before_the_others() -> None:
    found = sheets({VM: machine()}, OWN + "maps: {virtual-machines: null}")
    assert (found.files, found.released) == ({}, {f"{VM}.yaml"})
    mine = (
        "maps: {first: {of: virtualization.virtualmachine, when: {tag: prod}, kind: Container, name: name}}"
    )
    assert sheet(machine(), OWN + mine).startswith("kind: Container")


ZONE: Mapping[str, Any] = {
    "id": 1,
    "name": "example.org",
    "display": "example.org",
    "view": {"id": 1, "name": "_default_", "default_view": True},
    "status": "active",
    "nameservers": [{"id": 2, "name": "ns2.example.org"}, {"id": 1, "name": "ns1.example.org"}],
    "default_ttl": 3600,
    "soa_mname": {"id": 1, "name": "ns1.example.org"},
    "soa_rname": "hostmaster.example.org",
    "soa_refresh": 43200,
    "soa_retry": 7200,
    "soa_expire": 2419200,
    "soa_minimum": 3600,
    "tenant": None,
    "custom_fields": {},
}


def record(number: int, name: str, of: str, value: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "type": of, "value": value, "ttl": None, "status": "active", **more}


def test_a_zone_of_the_plugin_with_its_records() -> None:
    records = [
        record(1, "@", "SOA", "(ns1.example.org. hostmaster.example.org. 1 2 3 4 5)", managed=True),
        record(2, "@", "NS", "ns1.example.org.", managed=True),
        record(3, "ns1", "A", "192.0.2.53", ttl=300),
        record(4, "ns2", "A", "192.0.2.54"),
        record(5, "www", "A", "192.0.2.10"),
        record(6, "www", "A", "192.0.2.11"),
        record(7, "@", "TXT", 'v=spf1 mx -all "x"'),
        record(8, "old", "A", "192.0.2.99", status="inactive"),
        record(9, "sub", "NS", "ns9.example.net."),
    ]
    found = compiled(sheets({"netbox_dns.zone/1": {**ZONE, "records": records}}))
    assert not found.problems
    one = found.resources[Key("default", "DnsZone", "example.org")]
    assert one.policy.deletion is Deletion.ORPHAN
    assert one.spec == {
        "ttl": 3600,
        "nameservers": ["ns1.example.org.", "ns2.example.org."],
        "soa": {
            "primary": "ns1.example.org.",
            "contact": "hostmaster@example.org",
            "refresh": 43200,
            "retry": 7200,
            "expire": 2419200,
            "minimum": 3600,
        },
        "records": {
            "ns1": {"A": {"values": ["192.0.2.53"], "ttl": 300}},
            "ns2": {"A": {"values": ["192.0.2.54"]}},
            "www": {"A": {"values": ["192.0.2.10", "192.0.2.11"]}},
            "@": {"TXT": {"values": ['v=spf1 mx -all "x"']}},
            "sub": {"NS": {"values": ["ns9.example.net."]}},
        },
    }


def test_a_zone_of_another_view_is_that_view_of_the_zone() -> None:
    view = {**ZONE, "view": {"id": 2, "name": "Internal", "default_view": False}, "nameservers": []}
    found = sheets({"netbox_dns.zone/1": view})
    assert b'name: "example.org!internal"' in found.files["netbox_dns.zone/1.yaml"]
    assert not compiled(found).problems


def test_records_of_one_set_with_different_ttls_are_told() -> None:
    records = [record(1, "www", "A", "192.0.2.10", ttl=60), record(2, "www", "A", "192.0.2.11", ttl=90)]
    text = (
        sheets({"netbox_dns.zone/1": {**ZONE, "records": records}}).files["netbox_dns.zone/1.yaml"].decode()
    )
    assert "say different things of www.A.ttl; make them equal in NetBox" in text


def test_a_prefix_hands_out_addresses_only_when_it_names_a_pool() -> None:
    prefix: dict[str, Any] = {
        "id": 3,
        "prefix": "192.0.2.0/24",
        "status": choice("active"),
        "description": "lan",
    }
    fields = {
        "setpoint_pool": "lan",
        "setpoint_gateway": "192.0.2.1/24",
        "setpoint_ranges": "192.0.2.100-192.0.2.199",
    }
    assert sheets({"ipam.prefix/3": {**prefix, "custom_fields": {}}}).files == {}
    found = compiled(sheets({"ipam.prefix/3": {**prefix, "custom_fields": fields}}))
    assert not found.problems
    assert found.resources[Key("default", "AddressPool", "lan")].spec == {
        "cidr": "192.0.2.0/24",
        "gateway": "192.0.2.1",
        "ranges": ["192.0.2.100-192.0.2.199"],
        "comment": "lan",
    }


def test_a_vlan_with_a_bridge_is_a_network_that_guests_can_name() -> None:
    vlan: dict[str, Any] = {
        "id": 4,
        "vid": 11,
        "name": "servers",
        "status": choice("active"),
        "site": named(1, "DC1"),
    }
    found = compiled(sheets({"ipam.vlan/4": {**vlan, "custom_fields": {"setpoint_bridge": "vmbr1"}}}))
    assert not found.problems
    assert found.resources[Key("default", "Network", "vlan11")].spec == {
        "type": "vlan",
        "bridge": "vmbr1",
        "vnets": {"vlan11": {"tag": 11, "alias": "servers"}},
    }
