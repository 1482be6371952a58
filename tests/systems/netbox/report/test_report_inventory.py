"""What is written back, as part of the inventory: off unless asked for, and not taken for what somebody declares."""

from __future__ import annotations

import asyncio
import json

import pytest

from setpoint.model.standing import Stand
from tests.systems.netbox.ground import MACHINES, NetBox, between
from tests.systems.netbox.report.telling import fields, make_fields, standing
from tests.systems.netbox.test_inventory import opened

pytestmark = pytest.mark.integration


@pytest.fixture
def machine(netbox: NetBox) -> int:
    make_fields(netbox)
    return netbox.machine(1, "web1", memory=2048)


async def test_nothing_is_written_unless_that_was_asked_for(netbox: NetBox, machine: int) -> None:
    async with between(netbox.url) as middle, opened(middle.url) as inventory:
        await inventory.tell([standing(machine)])
        assert middle.calls == []


async def test_what_we_wrote_is_no_news_and_what_somebody_writes_is(netbox: NetBox, machine: int) -> None:
    async with opened(netbox.url, writeBack={}) as inventory:
        before = await inventory.fetch(None)
        await inventory.tell([standing(machine)])
        assert fields(netbox, machine)["setpoint_phase"] == "inSync"
        assert (await inventory.fetch(before)).version == before.version
        netbox.edit(MACHINES, machine, memory=4096)
        await inventory.tell([standing(machine, Stand.HELD, "it waits")])
        after = await inventory.fetch(before)
    view = json.loads(after.files[f"virtualization.virtualmachine/{machine}"])
    assert view["memory"] == 4096
    assert fields(netbox, machine)["setpoint_phase"] == "held"


async def test_a_start_at_which_everything_is_shown_already_asks_for_nothing(
    netbox: NetBox, machine: int
) -> None:
    for written in (1, 0):
        async with between(netbox.url) as middle, opened(middle.url, writeBack={}) as inventory:
            await inventory.fetch(None)
            before = len(middle.calls)
            await inventory.tell([standing(machine)])
            assert sum(call.startswith("PATCH") for call in middle.calls[before:]) == written
            assert (len(middle.calls) > before) == bool(written)


async def test_what_is_told_again_puts_right_what_was_lost_and_else_asks_for_nothing(
    netbox: NetBox, machine: int
) -> None:
    async with between(netbox.url) as middle, opened(middle.url, writeBack={}) as inventory:
        kept = await inventory.fetch(None)
        await inventory.tell([standing(machine, Stand.HELD, "it waits")])
        await inventory.tell([standing(machine)])
        kept = await inventory.fetch(kept)
        before = len(middle.calls)
        await inventory.tell([standing(machine)])
        assert len(middle.calls) == before
        # As a write of somebody who read the object before ours takes it back.
        await asyncio.to_thread(netbox.edit, MACHINES, machine, custom_fields={"setpoint_phase": "held"})
        kept = await inventory.fetch(kept)
        await inventory.tell([standing(machine)])
    assert fields(netbox, machine)["setpoint_phase"] == "inSync"


async def test_a_field_that_maps_read_is_told_with_the_notes(netbox: NetBox, machine: int) -> None:
    settings = {"fields": {"node": "proxmox_node", "vmid": "mine"}}
    own = b"inventory: netbox\nmaps: {virtual-machines: {fields: {vmid: custom_fields.mine}}}\n"
    async with opened(netbox.url, writeBack=settings) as inventory:
        content = await inventory.fetch(None)
        sheets = await asyncio.to_thread(inventory.sheets, content, {"netbox.yaml": own})
    assert [note.split()[0] for note in sheets.notes[:2]] == [
        "writeBack.fields.vmid",
        "writeBack.fields.node",
    ]
