from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

VM = "/nodes/pve1/qemu/100"


def happened(client: Client, *kinds: str) -> list[tuple[str, int | None]]:
    """The kinds and guests of what came about, of these kinds when some are named."""
    rows = client.lab("GET", "effects")
    return [(row["kind"], row["vmid"]) for row in rows if not kinds or row["kind"] in kinds]


def create(client: Client, **options: object) -> None:
    assert client.ask("POST", "/nodes/pve1/qemu", vmid=100, **options).status == 200
    client.finish()


def test_the_life_of_a_vm_is_told_in_order(client: Client) -> None:
    create(client, scsi0="local-zfs:1", net0="virtio,bridge=vmbr0")
    for verb in ("start", "start", "reboot", "stop", "stop"):
        client.ask("POST", f"{VM}/status/{verb}")
        client.finish()
    client.ask("DELETE", VM)
    client.finish()
    assert happened(client) == [
        ("guest_made", 100),
        ("volume_made", 100),
        ("mac_made", 100),
        ("started", 100),
        ("stopped", 100),
        ("started", 100),
        ("stopped", 100),
        ("volume_gone", 100),
        ("guest_gone", 100),
    ]


def test_what_is_told_names_volume_and_address(client: Client) -> None:
    create(
        client, scsi0="local-zfs:1", net0="virtio,bridge=vmbr0", net1="virtio=BC:24:11:00:00:01,bridge=vmbr0"
    )
    told = {row["kind"]: row for row in client.lab("GET", "effects")}
    net = client.ask("GET", f"{VM}/config").data["net0"]
    mac = net.partition("=")[2].partition(",")[0]
    assert told["volume_made"]["what"] == "local-zfs:vm-100-disk-0"
    assert told["mac_made"]["what"] == f"net0={mac}"
    assert [kind for kind, _ in happened(client, "mac_made")] == ["mac_made"]
    assert told["guest_made"]["time"] <= told["volume_made"]["time"] <= client.now()


def test_a_card_sent_without_address_makes_one_each_time_and_a_failed_request_none(client: Client) -> None:
    create(client, net0="virtio,bridge=vmbr0")
    assert client.ask("PUT", f"{VM}/config", net0="virtio,bridge=vmbr0").status == 200
    assert client.ask("POST", "/nodes/pve1/qemu", vmid=100, net0="virtio,bridge=vmbr0").status == 500
    assert happened(client, "mac_made") == [("mac_made", 100)] * 2


def test_a_guest_that_dies_and_one_that_failed_to_come_about_are_told(client: Client) -> None:
    create(client)
    client.ask("POST", f"{VM}/status/start")
    client.finish()
    client.lab("POST", "events", {"guest_dies": {"vmid": 100}})
    client.ask("POST", "/nodes/pve1/qemu", vmid=101, scsi0="local-zfs:vm-100-disk-9")
    client.lab("POST", "clock", {"advance": 400})
    assert happened(client) == [
        ("guest_made", 100),
        ("started", 100),
        ("stopped", 100),
        ("guest_made", 101),
        ("guest_gone", 101),
    ]


def test_a_linked_clone_is_told_by_its_final_name_and_a_template_renames(client: Client) -> None:
    create(client, scsi0="local-zfs:1")
    client.ask("POST", f"{VM}/template")
    client.finish()
    client.ask("POST", f"{VM}/clone", newid=101)
    client.finish()
    whats = [row["what"] for row in client.lab("GET", "effects") if row["kind"].startswith("volume_")]
    assert whats == [
        "local-zfs:vm-100-disk-0",
        "local-zfs:vm-100-disk-0 -> local-zfs:base-100-disk-0",
        "local-zfs:base-100-disk-0/vm-101-disk-0",
    ]


def test_a_new_state_begins_without_anything_having_happened(client: Client) -> None:
    create(client)
    client.reset(guests=[{"vmid": 100, "type": "qemu", "node": "pve1", "status": "running", "config": {}}])
    assert happened(client) == []
