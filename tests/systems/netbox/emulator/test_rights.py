"""What users may: permissions with constraints, what is hidden and what is refused, and rights that are taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.systems.netbox.emulator.api import CHANGES, ESTATE, VMS, Client

if TYPE_CHECKING:
    from tests.systems.netbox.emulator.api import Got

NOT_ALLOWED = {"detail": "You do not have permission to perform this action."}
VM = "virtualization.virtualmachine"
EVE = "a" * 40
READER = "b" * 40
MANAGED = {"tags__slug": "managed"}


class Someone:
    """A user with permissions, beside the superuser."""

    def __init__(self, client: Client, *permissions: dict[str, Any], **user: Any) -> None:
        objects = dict(ESTATE["objects"])
        objects["users/users"] = [
            *objects["users/users"],
            {"id": 50, "username": "eve", "groups": [3]} | user,
        ]
        objects["users/groups"] = [{"id": 3, "name": "readers"}]
        objects["users/tokens"] = [
            *objects["users/tokens"],
            {"id": 50, "user": 50, "version": 1, "token": EVE},
            {"id": 51, "user": 50, "version": 1, "token": READER, "write_enabled": False},
        ]
        objects["users/permissions"] = [
            {"id": at, "name": f"p{at}", "users": [50]} | each for at, each in enumerate(permissions, 1)
        ]
        client.lab("POST", "state", ESTATE | {"objects": objects})
        self.client = client

    def ask(self, method: str, target: str, body: Any = None, token: str = EVE) -> Got:
        return self.client.ask(method, target, body, Authorization=f"Token {token}")

    def ids(self, query: str = "") -> list[int]:
        return self.ask("GET", f"{VMS}?ordering=id{query}").ids


def allow(*actions: str, types: tuple[str, ...] = (VM,), constraints: Any = None) -> dict[str, Any]:
    return {"object_types": list(types), "actions": list(actions), "constraints": constraints}


def happen(client: Client, kind: str, **spec: Any) -> None:
    client.lab("POST", "events", {kind: spec})


@pytest.mark.parametrize(
    ("constraints", "ids"),
    [
        (None, [1, 2, 3]),
        ({}, [1, 2, 3]),
        (MANAGED, [1, 2]),
        ({"tags__slug": "managed", "status": "active"}, [1]),
        ([{"name": "db1"}, {"status": "staged"}], [2, 3]),
        ({"cluster__name__istartswith": "EA"}, [1, 2, 3]),
        ({"cluster_id": 1, "name__in": ["db1", "web2"]}, [1, 3]),
        ({"site__slug": "away"}, []),
        ({"memory__gte": 2048}, [1]),
        ({"tenant__isnull": True, "memory": None}, [2, 3]),
        ({"custom_field_data__phase": "done"}, [1]),
        ({"name__regex": r"^web\d+$"}, [1, 2]),
        ({"nonsense": 1}, []),
    ],
    ids=str,
)
def test_constraints_hide_rows(client: Client, constraints: Any, ids: list[int]) -> None:
    eve = Someone(client, allow("view", constraints=constraints))
    assert eve.ids() == ids
    for number in (1, 2, 3):
        assert eve.ask("GET", f"{VMS}{number}/").status == (200 if number in ids else 404)


def test_constraints_follow_an_address_to_its_vm(client: Client) -> None:
    through = {"vminterface__virtual_machine__tags__slug": "managed"}
    eve = Someone(client, allow("view", types=("ipam.ipaddress",), constraints=through))
    assert eve.ask("GET", "/api/ipam/ip-addresses/").ids == [1]


def test_permissions_of_a_group_count_and_disabled_ones_do_not(client: Client) -> None:
    of_group = allow("view") | {"users": [], "groups": [3]}
    eve = Someone(client, of_group, allow("delete") | {"enabled": False})
    assert eve.ids() == [1, 2, 3]
    got = eve.ask("DELETE", VMS + "1/")
    assert (got.status, got.document) == (403, NOT_ALLOWED)


def test_without_permission_everything_is_refused(client: Client) -> None:
    eve = Someone(client)
    asked: list[tuple[str, str, dict[str, Any] | None]]
    asked = [("GET", VMS, None), ("GET", VMS + "1/", None), ("POST", VMS, {}), ("PATCH", VMS + "1/", {})]
    asked += [
        ("DELETE", VMS + "1/", None),
        ("GET", CHANGES, None),
        ("GET", "/api/core/background-queues/", None),
    ]
    for method, target, body in asked:
        got = eve.ask(method, target, body)
        assert (got.status, got.document) == (403, NOT_ALLOWED), (method, target)
    assert eve.ask("GET", "/api/status/").status == 200
    assert eve.ask("GET", "/api/authentication-check/").document["username"] == "eve"
    assert eve.ask("GET", "/api/users/tokens/").ids == [51, 50]


def test_a_write_stays_within_its_constraint(client: Client) -> None:
    eve = Someone(client, allow("view"), allow("change", "add", "delete", constraints=MANAGED))
    assert eve.ask("PATCH", VMS + "3/", {"memory": 1}).status == 404
    assert eve.ask("DELETE", VMS + "3/").status == 404
    assert eve.ask("PATCH", VMS + "1/", {"memory": 1}).status == 200
    out = eve.ask("PATCH", VMS + "1/", {"tags": []})
    assert (out.status, out.document) == (403, NOT_ALLOWED)
    assert len(client.get(VMS + "1/")["tags"]) == 2
    assert eve.ask("POST", VMS, {"name": "x", "cluster": 1}).status == 403
    assert eve.ask("POST", VMS, {"name": "x", "cluster": 1, "tags": [1]}).status == 201
    many = eve.ask("PATCH", VMS, [{"id": 1, "memory": 9}, {"id": 3, "memory": 9}])
    assert [vm["id"] for vm in many.document] == [1]
    eve.ask("DELETE", VMS, [{"id": 2}, {"id": 3}])
    assert [client.ask("GET", f"{VMS}{number}/").status for number in (2, 3)] == [404, 200]


def test_a_token_for_reading_does_not_write(client: Client) -> None:
    eve = Someone(client, allow("view", "change", "add", "delete"))
    assert eve.ask("GET", VMS, token=READER).status == 200
    for method, target in (("POST", VMS), ("PATCH", VMS + "1/"), ("DELETE", VMS + "1/")):
        got = eve.ask(method, target, {}, token=READER)
        assert (got.status, got.document) == (403, NOT_ALLOWED)


def test_a_target_is_named_by_number_without_being_seen(client: Client) -> None:
    eve = Someone(client, allow("add", "view"))
    by_name = eve.ask("POST", VMS, {"name": "x", "cluster": {"name": "east"}})
    assert by_name.document == {
        "cluster": ["Related object not found using the provided attributes: {'name': 'east'}"]
    }
    assert eve.ask("POST", VMS, {"name": "x", "cluster": 1}).status == 201
    assert eve.ask("GET", VMS + "?cluster=east").document["count"] == 4


def test_journal_entries_are_added_to_what_is_not_seen(client: Client) -> None:
    eve = Someone(client, allow("add", types=("extras.journalentry",)))
    entry = {"assigned_object_type": VM, "assigned_object_id": 3, "comments": "x"}
    assert eve.ask("POST", "/api/extras/journal-entries/", entry).document["created_by"] == 50
    assert eve.ask("GET", "/api/extras/journal-entries/").status == 403


def test_changes_show_what_the_user_may_not_view(client: Client) -> None:
    eve = Someone(client, allow("view", types=("core.objectchange",)))
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    [row] = eve.ask("GET", CHANGES).document["results"]
    assert row["postchange_data"]["memory"] == 1


def test_rights_are_given_through_the_api(client: Client) -> None:
    eve = Someone(client)
    body = {"name": "least", "object_types": [VM], "actions": ["view"], "users": [50], "constraints": MANAGED}
    made = client.ask("POST", "/api/users/permissions/", body).document
    assert eve.ids() == [1, 2]
    group = client.ask("POST", "/api/users/groups/", {"name": "ops"}).document["id"]
    client.ask("PATCH", f"/api/users/permissions/{made['id']}/", {"users": [], "groups": [group]})
    assert eve.ask("GET", VMS).status == 403
    user = client.ask("PATCH", "/api/users/users/50/", {"groups": [group]}).document
    assert [each["name"] for each in user["groups"]] == ["ops"]
    assert eve.ids() == [1, 2]


def test_nobody_becomes_a_superuser_through_the_api(client: Client) -> None:
    eve = Someone(client, allow("change", "view", types=("users.user",)))
    assert eve.ask("PATCH", "/api/users/users/50/", {"is_superuser": True, "first_name": "E"}).status == 200
    assert eve.ask("GET", VMS).status == 403


@pytest.mark.parametrize("version", [1, 2])
def test_a_token_is_made_and_shown_once(client: Client, version: int) -> None:
    made = client.ask("POST", "/api/users/tokens/", {"user": 1, "version": version}).document
    whole = made["token"] if version == 1 else f"nbt_{made['key']}.{made['token']}"
    assert client.ask("GET", VMS, Authorization=f"Token {whole}").status == 200
    shown = client.get(f"/api/users/tokens/{made['id']}/")
    assert shown.get("token") is None


def test_rights_are_lost_and_come_back(client: Client) -> None:
    happen(client, "rights_lost", types=[VM], actions=["change"])
    assert client.ask("GET", VMS).status == 200
    got = client.ask("PATCH", VMS + "1/", {"memory": 1})
    assert (got.status, got.document) == (403, NOT_ALLOWED)
    happen(client, "rights_lost", user="admin")
    assert client.ask("GET", CHANGES).status == 403
    happen(client, "request", method="PATCH", path=VMS + "1/", body={"memory": 3})
    happen(client, "calm")
    assert client.get(VMS + "1/")["memory"] == 3


def test_rights_shrink_and_rows_are_hidden(client: Client) -> None:
    happen(client, "rights_limited", types=[VM], actions=["view"], constraints={"name": "db1"})
    assert client.ask("GET", VMS).ids == [3]
    assert client.ask("GET", VMS + "1/").status == 404
    assert client.ask("GET", "/api/ipam/ip-addresses/").ids == [1, 2]
    happen(client, "calm")
    assert len(client.ask("GET", VMS).ids) == 3


@pytest.mark.parametrize(
    ("why", "text", "read"),
    [
        ("disabled", "Token disabled", 403),
        ("expired", "Token expired", 403),
        ("foreign", "Source IP 127.0.0.1 is not permitted to authenticate using this token.", 403),
        ("unknown", "Invalid v2 token", 403),
        ("read_only", NOT_ALLOWED["detail"], 200),
    ],
)
def test_a_token_is_refused_until_calm(client: Client, why: str, text: str, read: int) -> None:
    happen(client, "token_refused", why=why)
    assert client.ask("GET", VMS).status == read
    got = client.ask("PATCH", VMS + "1/", {"memory": 1})
    assert (got.status, got.document) == (403, {"detail": text})
    happen(client, "calm")
    assert client.ask("PATCH", VMS + "1/", {"memory": 1}).status == 200
