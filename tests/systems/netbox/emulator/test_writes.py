"""Writes: what is refused, what is merged, what the change log says, and what happens to several at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.netbox.emulator.api import CHANGES, VMS, Client

NO_REFERENCE = (
    "Related objects must be referenced by numeric ID or by dictionary of attributes. "
    "Received an unrecognized value: {}"
)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"cluster": 1}, {"name": ["This field is required."]}),
        ({"name": " ", "cluster": 1}, {"name": ["This field may not be blank."]}),
        ({"name": None, "cluster": 1}, {"name": ["This field may not be null."]}),
        ({"name": "x"}, {"__all__": ["A virtual machine must be assigned to a site, cluster, or device."]}),
        (
            {"name": "x", "cluster": 99},
            {"cluster": ["Related object not found using the provided numeric ID: 99"]},
        ),
        (
            {"name": "x", "cluster": {"name": "no"}},
            {"cluster": ["Related object not found using the provided attributes: {'name': 'no'}"]},
        ),
        (
            {"name": "x", "cluster": 1, "tags": ["managed"]},
            {
                "tags": [
                    NO_REFERENCE.format("managed"),
                ]
            },
        ),
        ({"name": "x", "cluster": 1, "status": "on"}, {"status": ["on is not a valid choice."]}),
        ({"name": "x", "cluster": 1, "memory": 1.5}, {"memory": ["A valid integer is required."]}),
        (
            {"name": "x", "cluster": 1, "memory": -1},
            {"memory": ["Ensure this value is greater than or equal to 0."]},
        ),
        ({"name": "x", "cluster": 1, "vcpus": "two"}, {"vcpus": ["A valid number is required."]}),
        (
            {"name": "x", "cluster": 1, "local_context_data": "text"},
            {"local_context_data": ['JSON data must be in object form. Example: {"foo": 123}']},
        ),
        (
            {"name": "WEB2", "cluster": 1},
            {"__all__": ["Virtual machine name must be unique per cluster and tenant."]},
        ),
        (
            {"name": "x", "cluster": 1, "custom_fields": {"no": 1}},
            {"custom_fields": {"no": "Custom field 'no' does not exist for this object type."}},
        ),
        (
            {"name": "x", "cluster": 1, "custom_fields": {"number": "102"}},
            {"__all__": ["Invalid value for custom field 'number': Value must be an integer."]},
        ),
        (
            {"name": "x", "cluster": 1, "custom_fields": {"number": 5}},
            {"__all__": ["Invalid value for custom field 'number': Value must be at least 100.0000"]},
        ),
        (
            {"name": "x", "cluster": 1, "custom_fields": {"number": 101}},
            {"__all__": ["Custom field 'number' must have a unique value."]},
        ),
        (
            {"name": "x", "cluster": 1, "custom_fields": {"phase": "old"}},
            {
                "__all__": [
                    "Invalid value for custom field 'phase': Invalid choice (old) for choice set phases."
                ]
            },
        ),
    ],
)
def test_what_cannot_be_is_refused_and_uses_up_nothing(
    client: Client, body: dict[str, Any], errors: dict[str, Any]
) -> None:
    before = client.lab("GET", "state")
    got = client.ask("POST", VMS, body)
    assert (got.status, got.document) == (400, errors)
    after = client.lab("GET", "state")
    assert after | {"clock": 0} == before | {"clock": 0}


def test_what_is_made_is_answered_in_full(client: Client) -> None:
    body = {"name": " new ", "cluster": {"name": "east"}, "tags": [{"slug": "web"}, 1], "nonsense": 1}
    got = client.ask("POST", VMS, body | {"vcpus": 2, "changelog_message": "because"})
    vm = got.document
    assert got.status == 201
    assert got.headers["Location"] == vm["url"] == f"{client.url}{VMS}10/"
    assert got.headers["ETag"] == f'W/"{vm["last_updated"].replace("Z", "+00:00")}"'
    assert (vm["name"], vm["vcpus"], vm["site"]["slug"]) == ("new", 2.0, "home")
    assert [tag["name"] for tag in vm["tags"]] == ["Managed", "Web"]
    assert vm["status"] == {"value": "active", "label": "Active"}
    assert vm["custom_fields"] == {"number": None, "phase": "new"}
    [row] = client.get(CHANGES)["results"]
    assert (row["action"]["value"], row["object_repr"], row["message"]) == ("create", "new", "because")
    assert row["request_id"] == got.headers["X-Request-ID"]
    assert row["prechange_data"] == {}
    assert row["postchange_data"]["vcpus"] == "2.00"
    assert row["postchange_data"]["tags"] == ["Managed", "Web"]


def test_a_change_keeps_what_it_does_not_name(client: Client) -> None:
    vm = client.ask("PATCH", VMS + "1/", {"custom_fields": {"phase": "new"}, "memory": 4096}).document
    assert vm["custom_fields"] == {"number": 101, "phase": "new"}
    assert (vm["memory"], vm["name"]) == (4096, "web2")
    [row] = client.get(CHANGES)["results"]
    assert (row["prechange_data"]["memory"], row["postchange_data"]["memory"]) == (2048, 4096)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"tags": [2]}, ["Web"]),
        ({"remove_tags": [{"slug": "web"}]}, ["Managed"]),
        ({"remove_tags": [1, 2], "add_tags": [{"name": "Web"}]}, []),
        ({"tags": [], "add_tags": [2]}, []),
    ],
    ids=["replaced", "removed", "both", "given tags win over added ones"],
)
def test_tags_are_replaced_or_merged(client: Client, body: dict[str, Any], names: list[str]) -> None:
    vm = client.ask("PATCH", VMS + "1/", body).document
    assert [tag["name"] for tag in vm["tags"]] == names


def test_tagged_objects_come_and_go_with_tags(client: Client) -> None:
    client.ask("PATCH", VMS + "3/", {"tags": [2]})
    [row] = client.get("/api/extras/tagged-objects/?object_id=3")["results"]
    assert (row["display"], row["object"]["name"], row["tag"]["slug"]) == (
        "db1 tagged with Web",
        "db1",
        "web",
    )
    client.ask("PATCH", VMS + "3/", {"tags": [1]})
    [row] = client.get("/api/extras/tagged-objects/?object_id=3")["results"]
    assert row["tag"]["slug"] == "managed"
    client.ask("DELETE", VMS + "3/")
    assert client.get("/api/extras/tagged-objects/?object_id=3")["count"] == 0


def test_a_change_of_nothing_moves_the_etag_and_leaves_no_row(client: Client) -> None:
    before = client.ask("GET", VMS + "1/").headers["ETag"]
    after = client.ask("PATCH", VMS + "1/", {"memory": 2048}).headers["ETag"]
    assert before != after
    assert client.get(CHANGES)["count"] == 0


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_an_old_etag_stops_a_write(client: Client, method: str) -> None:
    old = client.ask("GET", VMS + "1/").headers["ETag"]
    now = client.ask("PATCH", VMS + "1/", {"memory": 1}).headers["ETag"]
    body = {"name": "web2", "cluster": 1}
    got = client.ask(method, VMS + "1/", body, If_Match=old)
    assert (got.status, got.document) == (412, {"detail": "Precondition failed."})
    assert got.headers["ETag"] == now
    assert client.ask(method, VMS + "1/", body, If_Match=now).status in {200, 204}


def test_if_none_match_is_not_heard(client: Client) -> None:
    tag = client.ask("GET", VMS + "1/").headers["ETag"]
    assert client.ask("GET", VMS + "1/", If_None_Match=tag).status == 200


def test_a_put_wants_what_is_required_and_keeps_the_rest(client: Client) -> None:
    got = client.ask("PUT", VMS + "1/", {"status": "staged"})
    assert (got.status, got.document) == (400, {"name": ["This field is required."]})
    assert client.ask("PUT", VMS + "1/", {"name": "other"}).document["memory"] == 2048


def test_a_list_is_made_as_a_whole_or_not_at_all(client: Client) -> None:
    got = client.ask("POST", VMS, [{"name": "a", "cluster": 1}, {"cluster": 1}])
    assert (got.status, got.document) == (400, [{}, {"name": ["This field is required."]}])
    made = client.ask("POST", VMS, [{"name": "a", "cluster": 1}, {"name": "b", "cluster": 1}])
    assert (made.status, [vm["id"] for vm in made.document]) == (201, [10, 11])
    assert "ETag" not in made.headers
    assert "Location" not in made.headers


def test_a_list_is_changed_as_a_whole_or_not_at_all_and_unknown_ids_are_skipped(client: Client) -> None:
    bad = client.ask("PATCH", VMS, [{"id": 1, "status": "offline"}, {"id": 2, "status": "zzz"}])
    assert (bad.status, bad.document) == (400, {"status": ["zzz is not a valid choice."]})
    assert client.get(VMS + "1/")["status"]["value"] == "active"
    got = client.ask("PATCH", VMS, [{"id": 1, "memory": 5}, {"id": 77, "memory": 5}, {"id": 3, "memory": 5}])
    assert [vm["name"] for vm in got.document] == ["db1", "web2"]
    rows = client.get(CHANGES)["results"]
    assert {row["request_id"] for row in rows} == {got.headers["X-Request-ID"]}
    assert client.ask("PATCH", VMS, [{"memory": 1}]).document == [{"id": ["This field is required."]}]


def test_a_bulk_change_that_fails_leaves_a_hole_in_the_ids_of_changes(client: Client) -> None:
    client.ask("PATCH", VMS, [{"id": 3, "memory": 1}, {"id": 1, "status": "zzz"}])
    client.ask("PATCH", VMS + "2/", {"memory": 1})
    assert client.ask("GET", CHANGES).ids == [2]


def test_what_is_deleted_is_gone_and_its_id_is_never_used_again(client: Client) -> None:
    made = client.ask("POST", VMS, {"name": "a", "cluster": 1}).document["id"]
    got = client.ask("DELETE", f"{VMS}{made}/", {"changelog_message": "bye"})
    assert (got.status, got.body) == (204, b"")
    assert client.ask("GET", f"{VMS}{made}/").status == 404
    assert client.ask("POST", VMS, {"name": "a", "cluster": 1}).document["id"] == made + 1
    [row] = client.get(CHANGES + "?action=delete")["results"]
    assert (row["changed_object"], row["message"], row["postchange_data"]) == (None, "bye", {})
    assert row["prechange_data"]["name"] == "a"
    assert client.ask("DELETE", VMS, [{"id": made + 1}, {"id": 777}]).status == 204


def test_changes_are_found_by_what_they_changed(client: Client) -> None:
    done = client.ask("PATCH", VMS + "1/", {"memory": 1}).headers["X-Request-ID"]
    client.ask("PATCH", "/api/virtualization/interfaces/1/", {"mtu": 1400})
    kind = "virtualization.virtualmachine"
    for query, ids in (
        (f"changed_object_type={kind}&changed_object_id=1", [1]),
        (f"related_object_type={kind}&related_object_id=1", [2]),
        (f"request_id={done}", [1]),
        ("user=admin&user_name=admin&action=update", [2, 1]),
        ("user_name__n=admin", []),
        ("time_after=2026-11-21T00:00:00Z", [2, 1]),
        ("start=2", [2]),
        ("id__gt=1&ordering=id", [2]),
    ):
        assert client.ask("GET", f"{CHANGES}?{query}").ids == ids, query
    assert client.ask("GET", f"{VMS}?modified_by_request={done}").ids == [1]


def test_a_reference_by_type_and_id_must_lead_somewhere(client: Client) -> None:
    body = {"mac_address": "bc2411000001", "assigned_object_type": "virtualization.vminterface"}
    got = client.ask("POST", "/api/dcim/mac-addresses/", body | {"assigned_object_id": 77})
    assert got.document == {"assigned_object_id": ["Related object not found using the provided value: 77."]}
    made = client.ask("POST", "/api/dcim/mac-addresses/", body | {"assigned_object_id": 1}).document
    assert made["mac_address"] == "BC:24:11:00:00:01"
    assert made["assigned_object"]["virtual_machine"]["name"] == "web2"


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("192.0.2.77", "192.0.2.77/32"),
        ("192.0.2.300/24", {"address": ["Invalid IP address format: 192.0.2.300/24"]}),
        ("192.0.2.10/24", {"address": ["Duplicate IP address found in global table: 192.0.2.10/24"]}),
    ],
)
def test_an_address_is_checked(client: Client, address: str, answer: object) -> None:
    got = client.ask("POST", "/api/ipam/ip-addresses/", {"address": address}).document
    assert got.get("address") == answer if isinstance(answer, str) else got == answer


def test_a_state_that_was_read_is_written_again(client: Client) -> None:
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    state = client.lab("GET", "state")
    client.lab("POST", "state", state)
    again = client.lab("GET", "state")
    assert again["objects"] == state["objects"]
    assert again["next_id"] == state["next_id"]


def test_what_happens_outside_leaves_no_change(client: Client) -> None:
    written = {"endpoint": "virtualization/virtual-machines", "id": 1, "fields": {"memory": 7}}
    client.lab("POST", "events", {"row_written": written})
    client.lab("POST", "events", {"row_lost": {"endpoint": "virtualization/virtual-machines", "id": 2}})
    client.lab("POST", "events", {"set_next_id": {"core/object-changes": 500}})
    assert client.get(VMS + "1/")["memory"] == 7
    assert client.ask("GET", VMS + "2/").status == 404
    assert client.get(CHANGES)["count"] == 0
    client.ask("PATCH", VMS + "1/", {"memory": 8})
    assert client.ask("GET", CHANGES).ids == [500]
    assert client.ask("POST", "/lab/events", {"no_such": {}}).status == 501
