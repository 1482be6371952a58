"""What `setpoint netbox init` makes is all that writing back needs, and no more."""

from __future__ import annotations

import pytest

from setpoint.model.standing import Stand
from tests.systems.netbox.report.telling import failed, fields, journal, reporting, standing
from tests.systems.netbox.verbs.desk import Desk

pytestmark = pytest.mark.integration


async def test_the_fields_and_the_token_that_it_makes_take_every_phase(desk: Desk) -> None:
    desk.settle(desk.netbox.url, writeBack={})
    said = desk.type("init", "--token-to", "token")
    assert said.code == 0, said
    token = (desk.folder / "token").read_text().strip()
    kind = desk.netbox.make("virtualization/cluster-types", name="Proxmox", slug="proxmox")
    cluster = desk.netbox.make("virtualization/clusters", name="homelab", type=kind)
    number = desk.netbox.machine(cluster, "web01")
    async with reporting(desk.netbox.url, token=token) as report:
        for phase in Stand:
            await report.tell([standing(number, phase, drift=("/memory",))])
            assert fields(desk.netbox, number)["setpoint_phase"] == phase
        await report.tell([failed(number)])
    assert [one["kind"]["value"] for one in journal(desk.netbox)] == ["danger"]


async def test_an_object_outside_of_the_selection_stays_as_it_is(desk: Desk) -> None:
    desk.settle(desk.netbox.url, writeBack={})
    assert desk.type("init", "--token-to", "token").code == 0
    token = (desk.folder / "token").read_text().strip()
    kind = desk.netbox.make("virtualization/cluster-types", name="Proxmox", slug="proxmox")
    cluster = desk.netbox.make("virtualization/clusters", name="homelab", type=kind)
    other = desk.netbox.machine(cluster, "theirs", tagged=False)
    async with reporting(desk.netbox.url, token=token) as report:
        await report.tell([standing(other)])
    assert fields(desk.netbox, other) == {}
