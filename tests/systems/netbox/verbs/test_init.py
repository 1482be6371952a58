"""`setpoint netbox init` against the emulated NetBox, and against one that fails in the middle."""

from __future__ import annotations

import stat
from collections import Counter

import pytest

from setpoint_netbox.verbs import client
from tests.systems.netbox.ground import following
from tests.systems.netbox.verbs.desk import Desk, Fault

pytestmark = pytest.mark.integration

HOOK = ("--hook-url", "http://127.0.0.1:9/hook")
ENDPOINTS = (
    "extras/tags", "extras/custom-field-choice-sets", "extras/custom-fields", "extras/webhooks", "extras/event-rules",
    "users/users", "users/permissions",
)  # fmt: skip


def everything(desk: Desk) -> Counter[str]:
    return Counter(
        f"{endpoint} {row.get('name') or row.get('username')}"
        for endpoint in ENDPOINTS
        for row in desk.rows(endpoint)
    )


def writes(calls: list[str]) -> list[str]:
    return [call for call in calls if not call.startswith("GET ")]


async def test_all_is_made_once_and_the_second_run_writes_nothing(desk: Desk) -> None:
    first = desk.type("init", *HOOK)
    assert first.code == 0, first
    made = everything(desk)
    assert {
        "extras/tags setpoint",
        "extras/custom-fields setpoint_vmid",
        "extras/webhooks Setpoint",
    } <= made.keys()
    second, calls = await desk.type_through(None, "init", *HOOK)
    assert second.code == 0, second
    assert writes(calls) == []
    assert everything(desk) == made
    assert f"{sum(made.values()) - 1} objects: {sum(made.values()) - 1} there" in second.out


def test_custom_fields_are_those_that_maps_read_in_their_group(desk: Desk) -> None:
    assert desk.type("init").code == 0
    fields = {row["name"]: row for row in desk.rows("extras/custom-fields")}
    vmid = fields["setpoint_vmid"]
    assert (vmid["type"]["value"], vmid["group_name"], vmid["is_cloneable"]) == ("integer", "setpoint", False)
    assert vmid["object_types"] == ["virtualization.virtualmachine"]
    assert fields["setpoint_storage"]["object_types"] == [
        "virtualization.virtualdisk",
        "virtualization.virtualmachine",
    ]
    assert fields["setpoint_bridge"]["object_types"] == ["virtualization.vminterface"]
    assert not [name for name in fields if name.startswith("proxmox")]


async def test_a_dry_run_shows_all_and_writes_nothing(desk: Desk) -> None:
    said, calls = await desk.type_through(None, "init", "--dry-run", *HOOK)
    assert said.code == 2
    assert "to make   webhook Setpoint: Calls Setpoint at every change" in said.out
    assert "type integer" in said.out
    assert "hush-hush" not in said.out
    assert writes(calls) == []


def test_what_differs_is_told_and_changed_only_with_update(desk: Desk) -> None:
    assert desk.type("init", *HOOK).code == 0
    (field,) = desk.rows("extras/custom-fields", name="setpoint_vmid")
    desk.netbox.edit("extras/custom-fields", field["id"], ui_editable="hidden", description="ours")
    told = desk.type("init", *HOOK)
    assert told.code == 2
    assert "ui_editable is hidden, and should be yes" in told.out
    assert desk.rows("extras/custom-fields", name="setpoint_vmid")[0]["ui_editable"]["value"] == "hidden"
    assert desk.type("init", *HOOK, "--update").code == 0
    (after,) = desk.rows("extras/custom-fields", name="setpoint_vmid")
    assert (after["ui_editable"]["value"], after["description"]) == ("yes", "ours")
    assert desk.type("init", *HOOK).code == 0


def test_a_type_that_people_added_to_a_field_stays(desk: Desk) -> None:
    assert desk.type("init").code == 0
    (field,) = desk.rows("extras/custom-fields", name="setpoint_vmid")
    desk.netbox.edit(
        "extras/custom-fields", field["id"], object_types=[*field["object_types"], "dcim.device"]
    )
    assert desk.type("init", "--update").code == 0
    assert "dcim.device" in desk.rows("extras/custom-fields", name="setpoint_vmid")[0]["object_types"]


@pytest.mark.parametrize("kind", ["lost", "html", "cut"])
async def test_whatever_breaks_at_a_write_the_next_run_ends_it_without_a_second_one(
    desk: Desk, kind: str
) -> None:
    clean = desk.type("init", *HOOK)
    assert clean.code == 0
    wished = everything(desk)
    for nth in (1, 2, 9, 17, 18, 19, 20):
        desk.netbox.lab("POST", "state", Desk.EMPTY)
        broken, _ = await desk.type_through(Fault(nth, kind), "init", *HOOK)
        assert broken.code == 1
        assert "then run this again: it goes on from here" in broken.err
        again = desk.type("init", *HOOK)
        assert again.code == 0, again
        assert everything(desk) == wished


async def test_a_netbox_that_is_silent_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.5)
    said, _ = await desk.type_through(Fault(1, "silent"), "init")
    assert said.code == 1
    assert "gave no whole answer" in said.err
    assert desk.ADMIN not in said.err


async def test_the_token_may_read_what_the_watcher_reads_and_nobody_else_may_read_the_token(
    desk: Desk,
) -> None:
    said = desk.type("init", "--token-to", "token")
    assert said.code == 0, said
    place = desk.folder / "token"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    token = place.read_text().strip()
    assert token.startswith("nbt_")
    assert token not in said.out
    kind = desk.netbox.make("virtualization/cluster-types", name="Proxmox", slug="proxmox")
    desk.netbox.machine(desk.netbox.make("virtualization/clusters", name="homelab", type=kind), "web01")
    async with following(desk.netbox.url, token=token, select={"tags": ["setpoint"]}) as follower:
        await follower.fetch()
        assert [*follower.names().values()] == ["web01"]
    again = desk.type("init", "--token-to", "token")
    assert (again.code, place.read_text().strip()) == (0, token)


def test_a_token_for_a_user_of_before_takes_update_and_never_the_admin(desk: Desk) -> None:
    assert desk.type("init").code == 0
    refused = desk.type("init", "--token-to", "token")
    assert refused.code == 1
    assert "run it with --update" in refused.err
    assert desk.type("init", "--token-to", "token", "--update").code == 0
    assert (desk.folder / "token").read_text().startswith("nbt_")
    admin = desk.type("init", "--token-to", "other", "--user", "admin", "--update")
    assert admin.code == 1
    assert "name another --user" in admin.err
    assert not (desk.folder / "other").exists()


async def test_a_token_that_does_not_come_leaves_no_file(desk: Desk) -> None:
    assert desk.type("init").code == 0
    said, calls = await desk.type_through(Fault(2, "html"), "init", "--token-to", "token", "--update")
    assert (said.code, len(writes(calls))) == (1, 2)
    assert not (desk.folder / "token").exists()
    assert desk.type("init", "--token-to", "token", "--update").code == 0


def test_a_webhook_is_signed_with_the_secret_which_is_never_shown(desk: Desk) -> None:
    said = desk.type("init", *HOOK, "-o", "json")
    assert "hush-hush" not in said.out
    (hook,) = desk.rows("extras/webhooks")
    assert (hook["secret"], hook["payload_url"]) == ("hush-hush", HOOK[1])
    (rule,) = desk.rows("extras/event-rules")
    assert (rule["action_object_id"], rule["enabled"]) == (hook["id"], True)
    assert {row["state"] for row in said.told["objects"]} == {"made"}


def test_without_a_token_the_remedy_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETBOX_ADMIN_TOKEN")
    said = desk.type("init")
    assert said.code == 1
    assert "--token-file" in said.err


@pytest.mark.parametrize(
    ("path", "token", "told"),
    [
        pytest.param("", "1" * 40, "Invalid v1 token", id="bad-token"),
        pytest.param("/below", None, "was not answered by NetBox's API", id="wrong-address"),
    ],
)
def test_who_is_not_let_in_or_is_elsewhere_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, path: str, token: str | None, told: str
) -> None:
    desk.settle(f"{desk.netbox.url}{path}")
    monkeypatch.setenv("NETBOX_ADMIN_TOKEN", token or Desk.ADMIN)
    said = desk.type("init")
    assert said.code == 1
    assert told in said.err
    assert (token or Desk.ADMIN) not in said.err
