"""Whatever is deleted or written: it goes without a trace, or nothing changes, and no value is too odd to be refused."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint_lab.netbox.app import PARTS
from setpoint_lab.netbox.model import MODELS, TYPES
from setpoint_lab.netbox.relations import AnyObject, Ref, RefMany
from tests.systems.netbox.emulator.api import CHANGES, ESTATE, Client

VM = {"assigned_object_type": "virtualization.vminterface", "assigned_object_id": 1}
ZONE = {"view": 1, "soa_mname": 1, "soa_rname": "a.example", "nameservers": [1], "soa_serial": 1}
RICH: dict[str, Any] = ESTATE["objects"] | {
    "dcim/manufacturers": [{"id": 1, "name": "Acme", "slug": "acme"}],
    "dcim/device-types": [{"id": 1, "model": "Box", "slug": "box", "manufacturer": 1}],
    "dcim/device-roles": [{"id": 1, "name": "Host", "slug": "host"}],
    "dcim/platforms": [{"id": 1, "name": "Linux", "slug": "linux"}],
    "dcim/devices": [{"id": 1, "name": "box1", "device_type": 1, "role": 1, "site": 1, "cluster": 1}],
    "dcim/interfaces": [{"id": 1, "name": "eth0", "device": 1, "type": "virtual"}],
    "dcim/mac-addresses": [{"id": 1, "mac_address": "BC:24:11:00:00:01", **VM}],
    "tenancy/tenants": [{"id": 1, "name": "Ann", "slug": "ann"}],
    "ipam/vrfs": [{"id": 1, "name": "inner"}],
    "ipam/vlan-groups": [{"id": 1, "name": "all", "slug": "all"}],
    "ipam/vlans": [{"id": 1, "vid": 10, "name": "servers", "group": 1, "site": 1}],
    "ipam/services": [
        {"id": 1, "name": "ssh", "protocol": "tcp", "ports": [22], "ipaddresses": [1]}
        | {"parent_object_type": "virtualization.virtualmachine", "parent_object_id": 1}
    ],
    "extras/webhooks": [{"id": 1, "name": "hook", "payload_url": "http://127.0.0.1:9/"}],
    "extras/event-rules": [
        {"id": 1, "name": "rule", "event_types": ["object_deleted"], "object_types": ["dcim.site"]}
        | {"action_object_type": "extras.webhook", "action_object_id": 1, "enabled": False}
    ],
    "extras/journal-entries": [
        {"id": 1, "comments": "hello", "created": "2026-11-21T02:00:00Z", "kind": "info", "created_by": 1}
        | {"assigned_object_type": "virtualization.virtualmachine", "assigned_object_id": 1}
    ],
    "virtualization/virtual-disks": [{"id": 1, "name": "scsi0", "size": 10, "virtual_machine": 1}],
    "virtualization/virtual-machines": [
        each
        | ({"primary_ip4": 1, "platform": 1, "tenant": 1, "device": 1, "disk": 10} if each["id"] == 1 else {})
        for each in ESTATE["objects"]["virtualization/virtual-machines"]
    ],
    "virtualization/interfaces": [
        each | ({"primary_mac_address": 1, "tagged_vlans": [1], "vrf": 1} if each["id"] == 1 else {})
        for each in ESTATE["objects"]["virtualization/interfaces"]
    ],
    "plugins/netbox-dns/views": [{"id": 1, "name": "_default_", "default_view": True, "prefixes": [1]}],
    "plugins/netbox-dns/nameservers": [{"id": 1, "name": "ns1.example"}, {"id": 2, "name": "ns2.example"}],
    "plugins/netbox-dns/zones": [{"id": 1, "name": "example", "status": "active", **ZONE}],
    "plugins/netbox-dns/records": [
        {"id": 1, "zone": 1, "type": "NS", "name": "@", "fqdn": "example.", "value": "ns1.example."}
        | {"status": "active", "managed": True},
        {"id": 2, "zone": 1, "type": "A", "name": "web2", "fqdn": "web2.example.", "value": "192.0.2.10"}
        | {"status": "active", "ipam_ip_address": 1, "managed": True},
        {"id": 3, "zone": 1, "type": "TXT", "name": "t", "fqdn": "t.example.", "value": "x"}
        | {"status": "active"},
    ],
}
DELETED = [
    (endpoint, row["id"])
    for endpoint, rows in RICH.items()
    if not endpoint.startswith("users/")
    for row in rows
]


def dangling(objects: dict[str, list[dict[str, Any]]]) -> list[tuple[str, int, str]]:
    """The references of objects to what is not there: endpoint, id and field."""
    ids = {endpoint: {row["id"] for row in rows} for endpoint, rows in objects.items()}
    slugs = {row["slug"] for row in objects.get("extras/tags", ())}
    found: list[tuple[str, int, str]] = []
    for endpoint, rows in objects.items():
        model = MODELS.get(endpoint)
        for row in rows if model is not None and model.logged else ():
            for field in model.fields if model is not None else ():
                if isinstance(field, AnyObject):
                    kind, number = row[field.by_type], row[field.by_id]
                    gone = number is not None and number not in ids.get(TYPES[kind].endpoint, set())
                elif isinstance(field, RefMany):
                    gone = not set(row[field.name]) <= (
                        slugs if field.name == "tags" else ids.get(field.to, set())
                    )
                else:
                    gone = (
                        isinstance(field, Ref)
                        and row[field.name] is not None
                        and row[field.name] not in ids.get(field.to, set())
                    )
                if gone:
                    found.append((endpoint, row["id"], field.name))
    return found


def held(state: Any) -> dict[str, list[dict[str, Any]]]:
    """The objects of a state without the change log."""
    return {key: rows for key, rows in state["objects"].items() if not key.startswith("core/")}


def test_the_estate_has_no_reference_to_nothing(client: Client) -> None:
    assert set(RICH) <= set(MODELS), PARTS
    client.lab("POST", "state", ESTATE | {"objects": RICH})
    state = client.lab("GET", "state")
    assert dangling(held(state)) == []
    broken = held(state) | {"dcim/sites": []}
    assert ("virtualization/virtual-machines", 1, "site") in dangling(broken)


@pytest.mark.parametrize(("endpoint", "number"), DELETED, ids=lambda value: str(value).rpartition("/")[2])
def test_a_deletion_leaves_nothing_behind_or_everything_as_it_was(
    client: Client, endpoint: str, number: int
) -> None:
    client.lab("POST", "state", ESTATE | {"objects": RICH})
    before = held(client.lab("GET", "state"))
    got = client.ask("DELETE", f"/api/{endpoint}/{number}/")
    after = held(client.lab("GET", "state"))
    if got.status != 204:
        assert got.status in {400, 409}
        assert after == before
        return
    assert dangling(after) == []
    rows = client.get(f"{CHANGES}?action=delete&limit=0")["results"]
    told = {(row["changed_object_type"], row["changed_object_id"]) for row in rows}
    left = {(key, row["id"]) for key, rows in after.items() for row in rows}
    gone = {(key, row["id"]) for key, rows in before.items() for row in rows} - left
    assert {(MODELS[key].type, each) for key, each in gone if MODELS[key].logged} == told


ODD: tuple[Any, ...] = (-1, [[1]], {"a": [{"b": 1}]})
PATCHED = [endpoint for endpoint in RICH if not endpoint.startswith("users/")]


@pytest.mark.parametrize("endpoint", PATCHED, ids=lambda value: str(value).rpartition("/")[2])
def test_no_value_of_a_field_is_more_than_refused(client: Client, endpoint: str) -> None:
    client.lab("POST", "state", ESTATE | {"objects": RICH})
    target = f"/api/{endpoint}/{RICH[endpoint][0]['id']}/"
    asked = [{field.name: value} for field in MODELS[endpoint].fields for value in ODD]
    statuses = {client.ask("PATCH", target, body).status for body in asked}
    assert 400 in statuses
    assert statuses <= {200, 400}
    assert client.ask("GET", f"/api/{endpoint}/").status == 200
