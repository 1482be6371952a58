"""Whatever happens at a NetBox, we write nothing but our fields, repeat nothing, and in the end it shows how things stand."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from setpoint.model.errors import SourceError
from setpoint.model.standing import NotToldError, Stand, Standing
from setpoint_netbox.report.report import Report
from tests.systems.netbox.ground import MACHINES, NetBox
from tests.systems.netbox.report.telling import (
    TYPES,
    failed,
    fields,
    journal,
    make_fields,
    reporting,
    standing,
    updates,
)
from tests.systems.netbox.test_inventory import opened

pytestmark = pytest.mark.integration


@pytest.fixture
def machine(netbox: NetBox) -> int:
    make_fields(netbox)
    make_fields(netbox, owner="text")
    return netbox.machine(1, "web1", memory=1)


def happen(netbox: NetBox, **events: Any) -> None:
    netbox.lab("POST", "events", events)


def trouble(netbox: NetBox, dice: random.Random, number: int, machine: int) -> None:
    """One of what may happen, at our next look or write."""
    path = f"/api/{MACHINES}/{machine}/"
    edit = {
        "method": "PATCH",
        "path": path,
        "body": {"memory": number, "custom_fields": {"owner": f"p{number}"}},
    }
    ours: Mapping[str, Any] = dice.choice(
        [{"method": "PATCH"}, {"method": "POST"}, {"method": "GET", "path": "*/journal*"}]
    )
    kinds: list[dict[str, Any]] = [
        {"request": edit},
        {"after_request": {"method": "GET", "path": path, "then": {"request": edit}}},
        {"reply_lost": {**ours, "executed": True}},
        {"reply_lost": {**ours, "executed": False}},
        {"reply_fails": {**ours, "status": 502}},
        {"reply_cut": ours},
        {"reply_shape": {**ours, "shape": "html"}},
        {
            "row_written": {
                "endpoint": MACHINES,
                "id": machine,
                "fields": {"comments": f"c{number}"},
                "touch": True,
            }
        },
    ]
    happen(netbox, **dice.choice(kinds))


async def told(report: Report, one: Standing) -> bool:
    try:
        await report.tell([one])
    except SourceError:
        return False
    return True


def of_the_changes(row: Mapping[str, Any]) -> set[str]:
    """The fields that a change changed, custom ones by their names."""
    before, after = dict(row["prechange_data"]), dict(row["postchange_data"])
    old, new = before.pop("custom_fields"), after.pop("custom_fields")
    changed = {name for name in after if before.get(name) != after[name]}
    return changed | {name for name in {*old, *new} if old.get(name) != new.get(name)}


@pytest.mark.parametrize("seed", range(12))
async def test_a_storm_costs_nobody_a_write_and_ends_in_what_is(
    netbox: NetBox, machine: int, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311  # to be repeated
    last = standing(machine)
    for life in range(3):
        async with reporting(netbox.url) as report:
            for number in range(8):
                trouble(netbox, dice, 100 * life + number + 2, machine)
                phase = dice.choice([Stand.IN_SYNC, Stand.HELD, Stand.STALLED])
                last = dice.choice([failed(machine), standing(machine, phase, f"so it {phase}")])
                await told(report, last)
    happen(netbox, calm={})
    async with reporting(netbox.url) as report:
        assert await told(report, last)
    held = fields(netbox, machine)
    assert (held["setpoint_phase"], held["setpoint_message"]) == (last.phase, last.sentence)
    for row in updates(netbox, machine):
        if row["message"].startswith("Setpoint"):
            assert of_the_changes(row) - {"last_updated"} <= TYPES.keys()
    theirs = [row for row in updates(netbox, machine) if not row["message"].startswith("Setpoint")]
    if theirs:
        newest = max(theirs, key=lambda row: int(row["id"]))["postchange_data"]["custom_fields"]["owner"]
        assert held["owner"] == newest
    marks = Counter(
        one["comments"].splitlines()[-1] for one in journal(netbox) if one["kind"]["value"] == "danger"
    )
    assert set(marks.values()) <= {1}


async def test_a_netbox_without_states_of_objects_is_written_by_field(netbox: NetBox, machine: int) -> None:
    happen(netbox, version={"value": "4.5"})
    async with reporting(netbox.url) as report:
        await report.tell([standing(machine)])
        await report.tell([standing(machine)])
    assert fields(netbox, machine)["setpoint_phase"] == "inSync"
    assert len(updates(netbox, machine)) == 1
    happen(netbox, version={"value": "4.6"})


async def test_a_selection_is_written_by_its_value_and_read_in_both_shapes(
    netbox: NetBox, machine: int
) -> None:
    choices = netbox.make(
        "extras/custom-field-choice-sets",
        name="phases",
        extra_choices=[[str(one), str(one)] for one in Stand],
    )
    netbox.make(
        "extras/custom-fields", name="state", type="select", choice_set=choices,
        object_types=["virtualization.virtualmachine"],
    )  # fmt: skip
    for version in ("4.7", "4.6"):
        happen(netbox, version={"value": version})
        for _ in range(2):
            async with reporting(netbox.url, fields={"phase": "state"}) as report:
                await report.tell([standing(machine)])
    assert fields(netbox, machine)["state"] == "inSync"
    assert len(updates(netbox, machine)) == 1


async def test_a_choice_that_is_missing_is_told_and_the_object_left_for_a_while(
    netbox: NetBox, machine: int
) -> None:
    choices = netbox.make("extras/custom-field-choice-sets", name="phases", extra_choices=[["x", "x"]])
    netbox.make(
        "extras/custom-fields", name="state", type="select", choice_set=choices,
        object_types=["virtualization.virtualmachine"],
    )  # fmt: skip
    async with reporting(netbox.url, fields={"phase": "state"}) as report:
        for _ in range(3):
            with pytest.raises(NotToldError, match="Invalid value for custom field 'state'"):
                await report.tell([standing(machine)])


@pytest.mark.parametrize(
    "event",
    [{"token_refused": {"why": "read_only"}}, {"rights_lost": {"actions": ["change"]}}],
    ids=["a-token-that-may-not-write", "rights-that-are-lost"],
)
async def test_what_may_not_be_written_is_told_with_the_way_out(
    netbox: NetBox, machine: int, event: dict[str, Any]
) -> None:
    happen(netbox, **event)
    async with reporting(netbox.url) as report:
        with pytest.raises(NotToldError, match="setpoint netbox init"):
            await report.tell([standing(machine)])
    happen(netbox, calm={})
    async with reporting(netbox.url) as report:
        await report.tell([standing(machine)])
    assert fields(netbox, machine)["setpoint_phase"] == "inSync"


async def test_an_object_that_is_hidden_is_let_be(netbox: NetBox, machine: int) -> None:
    happen(
        netbox, rights_limited={"types": ["virtualization.virtualmachine"], "constraints": {"name": "other"}}
    )
    async with reporting(netbox.url) as report:
        await report.tell([standing(machine)])
    happen(netbox, calm={})
    assert updates(netbox, machine) == []


async def test_a_silent_netbox_holds_nothing_up_for_ever(netbox: NetBox, machine: int) -> None:
    happen(netbox, silence={"method": "PATCH"})
    async with reporting(netbox.url, read=0.5) as report:
        assert not await told(report, standing(machine))
    happen(netbox, calm={})
    async with reporting(netbox.url) as report:
        assert await told(report, standing(machine))
    assert fields(netbox, machine)["setpoint_phase"] == "inSync"


async def test_what_a_restored_database_took_back_is_written_again(netbox: NetBox, machine: int) -> None:
    happen(netbox, backup_made={})
    async with opened(netbox.url, writeBack={}) as inventory:
        kept = await inventory.fetch(None)
        await inventory.tell([standing(machine)])
        happen(netbox, backup_restored={})
        assert fields(netbox, machine) == {}
        inventory.poke()
        await inventory.fetch(kept)
        await inventory.tell([standing(machine)])
    assert fields(netbox, machine)["setpoint_phase"] == "inSync"
