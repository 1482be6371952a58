"""What models allow beside the forms of their fields, and what one write does to others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.netbox.emulator.api import CHANGES, VMS, Client

INTERFACES = "/api/virtualization/interfaces/"
DISKS = "/api/virtualization/virtual-disks/"
ADDRESSES = "/api/ipam/ip-addresses/"
PREFIXES = "/api/ipam/prefixes/"
MACS = "/api/dcim/mac-addresses/"
FIELDS = "/api/extras/custom-fields/"
SERVICES = "/api/ipam/services/"
RULES = "/api/extras/event-rules/"
MACHINE = "virtualization.virtualmachine"
INTERFACE = "virtualization.vminterface"
ON_FIRST = {"assigned_object_type": INTERFACE, "assigned_object_id": 1}
ON_SECOND = {"assigned_object_type": INTERFACE, "assigned_object_id": 2}


def made(client: Client, target: str, **body: Any) -> int:
    """The id of an object that is made."""
    got = client.ask("POST", target, body)
    assert got.status == 201, got.body
    return int(got.document["id"])


def changed(client: Client, target: str, **body: Any) -> Any:
    """An object after a change."""
    got = client.ask("PATCH", target, body)
    assert got.status == 200, got.body
    return got.document


def written(client: Client, method: str, target: str, body: Any = None) -> list[str]:
    """What the change log says of a write, in the order in which it was written."""
    got = client.ask(method, target, body)
    assert got.status < 300, got.body
    rows = client.get(f"{CHANGES}?request_id={got.headers['X-Request-ID']}&ordering=id")["results"]
    return [
        f"{row['changed_object_type']}#{row['changed_object_id']} {row['action']['value']}" for row in rows
    ]


def moved(client: Client, method: str, target: str, body: Any = None) -> bool:
    """Whether a write moves the `last_updated` of the first machine."""
    before = client.get(f"{VMS}1/")["last_updated"]
    assert client.ask(method, target, body).status < 300
    return bool(client.get(f"{VMS}1/")["last_updated"] != before)


def test_an_interface_takes_its_addresses_along_and_its_machine_is_saved_without_them(client: Client) -> None:
    mac = made(client, MACS, mac_address="bc:24:11:00:00:01", **ON_FIRST)
    changed(client, f"{INTERFACES}1/", primary_mac_address=mac)
    before = changed(client, f"{VMS}1/", primary_ip4=1)
    assert written(client, "DELETE", f"{INTERFACES}1/") == [
        "ipam.ipaddress#1 delete",
        f"{MACHINE}#1 update",
        f"dcim.macaddress#{mac} delete",
        f"{INTERFACE}#1 delete",
    ]
    after = client.get(f"{VMS}1/")
    assert (after["primary_ip4"], after["interface_count"]) == (None, 0)
    assert after["last_updated"] > before["last_updated"]
    assert [client.ask("GET", each).status for each in (f"{ADDRESSES}1/", f"{MACS}{mac}/")] == [404, 404]


def test_a_machine_takes_its_parts_along(client: Client) -> None:
    disk = made(client, DISKS, virtual_machine=1, name="scsi0", size=10)
    service = made(
        client,
        SERVICES,
        name="ssh",
        ports=[22],
        protocol="tcp",
        parent_object_type=MACHINE,
        parent_object_id=1,
    )
    log = written(client, "DELETE", f"{VMS}1/")
    assert log[-1] == f"{MACHINE}#1 delete"
    assert set(log[:-1]) == {
        "ipam.ipaddress#1 delete",
        f"{INTERFACE}#1 delete",
        f"virtualization.virtualdisk#{disk} delete",
        f"ipam.service#{service} delete",
    }


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/api/virtualization/clusters/1/", "3 dependent objects were found: web2 (1), web10 (2), db1 (3)"),
        ("/api/virtualization/cluster-types/1/", "1 dependent objects were found: east (1)"),
    ],
    ids=["of-machines", "of-a-cluster"],
)
def test_what_others_depend_on_stays(client: Client, target: str, text: str) -> None:
    got = client.ask("DELETE", target)
    assert (got.status, got.document) == (409, {"detail": f"Unable to delete object. {text}"})
    assert client.ask("GET", target).status == 200


def test_a_platform_that_goes_is_taken_out_of_machines_which_are_saved(client: Client) -> None:
    platform = made(client, "/api/dcim/platforms/", name="Linux", slug="linux")
    before = changed(client, f"{VMS}1/", platform=platform)["last_updated"]
    log = written(client, "DELETE", f"/api/dcim/platforms/{platform}/")
    assert log == [f"dcim.platform#{platform} delete", f"{MACHINE}#1 update"]
    after = client.get(f"{VMS}1/")
    assert after["platform"] is None
    assert after["last_updated"] > before


def test_a_tag_that_goes_changes_machines_without_saving_them(client: Client) -> None:
    before = client.get(f"{VMS}1/")["last_updated"]
    assert written(client, "DELETE", "/api/extras/tags/2/") == ["extras.tag#2 delete", f"{MACHINE}#1 update"]
    after = client.get(f"{VMS}1/")
    assert [tag["slug"] for tag in after["tags"]] == ["managed"]
    assert after["last_updated"] == before


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", INTERFACES, {"virtual_machine": 1, "name": "net1"}),
        ("PATCH", f"{INTERFACES}1/", {"name": "net9"}),
        ("PATCH", f"{ADDRESSES}1/", {"dns_name": "other.example"}),
        ("POST", DISKS, {"virtual_machine": 1, "name": "scsi0", "size": 10}),
        ("PATCH", "/api/virtualization/clusters/1/", {"name": "west"}),
        ("PATCH", "/api/extras/tags/1/", {"name": "Other"}),
        ("POST", FIELDS, {"name": "new", "type": "text", "object_types": [MACHINE], "default": "x"}),
        ("PATCH", f"{FIELDS}2/", {"name": "stage"}),
        ("DELETE", f"{FIELDS}2/", None),
        ("POST", "/api/extras/config-contexts/", {"name": "all", "data": {"a": 1}}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_belongs_to_a_machine_does_not_move_its_time(
    client: Client, method: str, target: str, body: Any
) -> None:
    assert not moved(client, method, target, body)


def test_a_save_that_changes_nothing_moves_the_time(client: Client) -> None:
    assert moved(client, "PATCH", f"{VMS}1/", {"status": "active"})


def test_the_disk_of_a_machine_is_the_sum_of_its_disks(client: Client) -> None:
    first = made(client, DISKS, virtual_machine=1, name="scsi0", size=100)
    second = made(client, DISKS, virtual_machine=1, name="scsi1", size=50)
    assert client.get(f"{VMS}1/")["disk"] == 150
    refused = client.ask("PATCH", f"{VMS}1/", {"disk": 7})
    text = "The specified disk size (7) must match the aggregate size of assigned virtual disks (150)."
    assert (refused.status, refused.document) == (400, {"disk": [text]})
    changed(client, f"{DISKS}{first}/", size=200)
    assert changed(client, f"{VMS}1/", disk=250)["disk"] == 250
    assert written(client, "DELETE", f"{DISKS}{second}/") == [f"virtualization.virtualdisk#{second} delete"]
    assert client.get(f"{VMS}1/")["disk"] == 200


PRIMARY = "while it is designated as the primary IP for the parent object"


@pytest.mark.parametrize(
    ("target", "body", "errors"),
    [
        (f"{ADDRESSES}1/", {"assigned_object_type": None, "assigned_object_id": None}, "__all__"),
        (f"{ADDRESSES}1/", ON_SECOND, "__all__"),
        (f"{VMS}2/", {"primary_ip4": 1}, "primary_ip4"),
        (f"{VMS}1/", {"primary_ip6": 1}, "primary_ip6"),
        (f"{VMS}1/", {"primary_ip6": 2}, "primary_ip6"),
    ],
    ids=["unassigned", "moved", "of-another-machine", "of-the-other-family", "of-nobody"],
)
def test_primary_addresses_are_of_their_machine_and_stay(
    client: Client, target: str, body: Any, errors: str
) -> None:
    changed(client, f"{VMS}1/", primary_ip4=1)
    texts = {
        "__all__": f"Cannot reassign IP address {PRIMARY}",
        "primary_ip4": "The specified IP address (192.0.2.10/24) is not assigned to this VM.",
        "primary_ip6": "Must be an IPv6 address. (192.0.2.10/24 is an IPv4 address.)"
        if body.get("primary_ip6") == 1
        else "The specified IP address (2001:db8::10/64) is not assigned to this VM.",
    }
    got = client.ask("PATCH", target, body)
    assert (got.status, got.document) == (400, {errors: [texts[errors]]})


def test_an_address_that_is_not_primary_moves(client: Client) -> None:
    assert changed(client, f"{ADDRESSES}1/", **ON_SECOND)["assigned_object_id"] == 2
    changed(client, f"{VMS}2/", primary_ip4=1)
    assert written(client, "DELETE", f"{ADDRESSES}1/") == ["ipam.ipaddress#1 delete", f"{MACHINE}#2 update"]


def test_a_primary_mac_address_stays_on_its_interface(client: Client) -> None:
    mac = made(client, MACS, mac_address="BC2411000001", **ON_FIRST)
    got = client.ask("PATCH", f"{INTERFACES}2/", {"primary_mac_address": mac})
    text = "MAC address BC:24:11:00:00:01 is assigned to a different interface (net0)."
    assert (got.status, got.document) == (400, {"primary_mac_address": [text]})
    shown = changed(client, f"{INTERFACES}1/", primary_mac_address=mac)
    assert shown["mac_address"] == "BC:24:11:00:00:01"
    assert client.ask("PATCH", f"{MACS}{mac}/", ON_SECOND).status == 400
    assert written(client, "DELETE", f"{MACS}{mac}/") == [f"dcim.macaddress#{mac} delete"]
    assert client.get(f"{INTERFACES}1/")["primary_mac_address"] is None


def test_free_addresses_of_a_prefix_are_shown_and_taken_until_none_is_left(client: Client) -> None:
    prefix = made(client, PREFIXES, prefix="198.51.100.0/29")
    target = f"{PREFIXES}{prefix}/available-ips/"
    one = client.ask("POST", target, {"dns_name": "one.example"})
    assert (one.status, one.document["address"]) == (201, "198.51.100.1/29")
    several = client.ask("POST", target, [{}, {"description": "third"}])
    assert [row["address"] for row in several.document] == ["198.51.100.2/29", "198.51.100.3/29"]
    rest = [row["address"] for row in client.get(f"{target}?limit=2")]
    assert rest == ["198.51.100.4/29", "198.51.100.5/29"]
    full = client.ask("POST", target, [{}] * 4)
    text = "Insufficient resources are available to satisfy the request"
    assert (full.status, full.document) == (409, {"detail": text})
    assert client.get(f"{ADDRESSES}?parent=198.51.100.0/29")["count"] == 3


def test_a_service_has_a_parent_whatever_old_clients_send(client: Client) -> None:
    got = client.ask(
        "POST", SERVICES, {"virtual_machine": 1, "name": "ssh", "protocol": "tcp", "ports": [22]}
    )
    required = ["This field is required."]
    assert (got.status, got.document) == (
        400,
        {"parent_object_type": required, "parent_object_id": required},
    )


def test_a_custom_field_comes_to_all_machines_is_renamed_in_them_and_goes_from_them(client: Client) -> None:
    body = {"name": "owner_mail", "type": "text", "object_types": [MACHINE], "default": "nobody"}
    log = written(client, "POST", FIELDS, body)
    number = int(log[0].partition("#")[2].split()[0])
    assert len(log) == 1
    changed(client, f"{VMS}1/", custom_fields={"owner_mail": "ann"})
    changed(client, f"{FIELDS}{number}/", name="mail")
    held = [client.get(f"{VMS}{each}/")["custom_fields"] for each in (1, 2)]
    assert [each["mail"] for each in held] == ["ann", "nobody"]
    assert "owner_mail" not in held[0]
    assert client.ask("DELETE", f"{FIELDS}{number}/").status == 204
    made(client, FIELDS, **body | {"name": "mail", "default": None})
    assert client.get(f"{VMS}1/")["custom_fields"]["mail"] is None


@pytest.mark.parametrize(
    ("target", "body", "errors"),
    [
        (
            FIELDS,
            {"name": "a", "type": "select", "object_types": [MACHINE]},
            {"choice_set": ["Selection fields must specify a set of choices."]},
        ),
        (
            FIELDS,
            {"name": "a", "type": "object", "object_types": [MACHINE]},
            {"related_object_type": ["Object fields must define an object type."]},
        ),
        (
            "/api/extras/custom-field-choice-sets/",
            {"name": "none"},
            {"__all__": ["Must define base or extra choices."]},
        ),
        (
            RULES,
            {
                "name": "r",
                "object_types": [MACHINE],
                "event_types": ["object_updated"],
                "action_object_type": "extras.webhook",
                "conditions": {"foo": "bar"},
            },
            {"conditions": ["Invalid logic type: must be 'AND' or 'OR'. Please check documentation."]},
        ),
    ],
    ids=["select-without-choices", "object-without-type", "set-without-choices", "conditions"],
)
def test_what_extras_must_look_like(client: Client, target: str, body: Any, errors: Any) -> None:
    got = client.ask("POST", target, body)
    assert (got.status, got.document) == (400, errors)


def test_a_set_that_comes_with_netbox_takes_its_codes_beside_its_own_choices(client: Client) -> None:
    sets = "/api/extras/custom-field-choice-sets/"
    places = made(client, sets, name="places", base_choices="IATA", extra_choices=[["attic", "Attic"]])
    made(client, FIELDS, name="place", type="select", object_types=[MACHINE], choice_set=places)
    for value in ("attic", "ZRH"):
        changed(client, f"{VMS}1/", custom_fields={"place": value})
    assert client.ask("PATCH", f"{VMS}1/", {"custom_fields": {"place": "cellar"}}).status == 400
    gone = client.ask("PATCH", f"{sets}1/", {"extra_choices": [["new", "New"]]})
    assert gone.status == 400
    assert "Cannot remove choice done" in gone.document["__all__"][0]


def test_machines_move_with_their_cluster_and_their_time_does_not(client: Client) -> None:
    site = made(client, "/api/dcim/sites/", name="Attic", slug="attic")
    before = client.get(f"{VMS}1/")["last_updated"]
    log = written(client, "PATCH", "/api/virtualization/clusters/1/", {"scope_id": site})
    assert log == ["virtualization.cluster#1 update"]
    after = client.get(f"{VMS}1/")
    assert (after["site"]["id"], after["last_updated"]) == (site, before)
