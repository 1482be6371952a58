"""The troubles that the emulator makes itself: late commits, lost rights, restored backups, other versions, and all at random."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from setpoint.model.errors import SourceError
from setpoint.model.inventory import DoubtError
from setpoint_netbox.api.failures import DeniedError, TokenError
from setpoint_netbox.content import released, views
from setpoint_netbox.watch.holes import TTL
from tests.systems.netbox.ground import MACHINES, Follower, NetBox, following
from tests.systems.netbox.test_random_life import Life

CLUSTER = 1
VM = "virtualization.virtualmachine"
TAGGED: dict[str, Any] = {"select": {"tags": ["setpoint"]}}
pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def calmed(netbox: NetBox) -> Iterator[None]:
    """A trouble of one test is none of the next."""
    yield
    happen(netbox, calm={})


def happen(netbox: NetBox, **events: Any) -> None:
    netbox.lab("POST", "events", events)


def bulk(netbox: NetBox, ids: list[int], **fields: Any) -> None:
    netbox.call("PATCH", f"{MACHINES}/", [{"id": number, **fields} for number in ids])


async def test_a_bulk_that_is_committed_late_is_seen_whole(netbox: NetBox) -> None:
    """The trap of every reader by the highest id: of 416 changes it missed 385 on a real NetBox."""
    ids = [netbox.machine(CLUSTER, f"vm{one}") for one in range(20)]
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        happen(netbox, commits_held={"method": "PATCH"})
        bulk(netbox, ids[1:], memory=4096)
        for memory in range(1, 5):
            netbox.edit(MACHINES, ids[0], memory=memory)
            await one.fetch()
        happen(netbox, calm={})
        await one.fetch()
        assert [one.view(number)["memory"] for number in ids] == [4, *[4096] * 19]


async def test_a_bulk_that_is_undone_leaves_gaps_that_are_forgotten(netbox: NetBox) -> None:
    ids = [netbox.machine(CLUSTER, f"vm{one}") for one in range(20)]
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        happen(netbox, commits_held={"method": "PATCH", "count": 1})
        bulk(netbox, ids[1:], memory=4096)
        happen(netbox, commits_undone={})
        netbox.edit(MACHINES, ids[0], memory=5)
        content = await one.fetch()
        assert one.view(ids[0])["memory"] == 5
        before = one.line.traffic.received
        assert await one.fetch() is content
        assert one.line.traffic.received - before > 60, "the gaps are looked at again"
        await one.fetch(TTL)
        before = one.line.traffic.received
        await one.fetch()
        assert one.line.traffic.received - before <= 60, "and then no more"


TAKEN: list[tuple[dict[str, Any], type[SourceError]]] = [
    ({"token_refused": {"why": "disabled"}}, TokenError),
    ({"token_refused": {"why": "unknown"}}, TokenError),
    ({"token_refused": {"why": "foreign"}}, TokenError),
    ({"rights_lost": {"types": [VM], "actions": ["view"]}}, DeniedError),
    ({"rights_lost": {"types": ["core.objectchange"], "actions": ["view"]}}, DeniedError),
    ({"rights_limited": {"types": [VM], "actions": ["view"], "constraints": {"id": 0}}}, DoubtError),
    (
        {"rights_limited": {"types": ["ipam.ipaddress"], "actions": ["view"], "constraints": {"id": 0}}},
        DoubtError,
    ),
]


@pytest.mark.parametrize(("trouble", "error"), TAKEN, ids=str)
async def test_rights_that_are_lost_keep_what_was_read(
    netbox: NetBox, trouble: dict[str, Any], error: type[SourceError]
) -> None:
    ids = [netbox.machine(CLUSTER, f"vm{one}") for one in range(3)]
    nic = netbox.make("virtualization/interfaces", virtual_machine=ids[0], name="net0")
    netbox.make(
        "ipam/ip-addresses",
        address="10.0.0.7/24",
        assigned_object_type="virtualization.vminterface",
        assigned_object_id=nic,
    )
    async with following(netbox.url, **TAGGED) as one:
        before = await one.fetch()
        happen(netbox, **trouble)
        with pytest.raises(error):
            await one.fetch(900.0)
        happen(netbox, calm={})
        netbox.edit(MACHINES, ids[0], memory=5)
        assert one.kept is before
        await one.fetch(301.0)
        assert one.view(ids[0])["memory"] == 5


@pytest.mark.parametrize("shape", ["list", "object", "null", "text", "html"])
async def test_an_answer_of_another_shape_changes_nothing(netbox: NetBox, shape: str) -> None:
    ids = [netbox.machine(CLUSTER, f"vm{one}") for one in range(3)]
    async with following(netbox.url, **TAGGED) as one:
        before = await one.fetch()
        happen(netbox, reply_shape={"shape": shape, "count": None})
        with pytest.raises(SourceError):
            await one.fetch(900.0)
        assert one.kept is before
        happen(netbox, calm={})
        await one.fetch(301.0)
        assert one.names().keys() == set(ids)


async def test_a_page_that_lacks_its_last_rows_takes_nobody_away(netbox: NetBox) -> None:
    ids = [netbox.machine(CLUSTER, f"vm{one:02}") for one in range(9)]
    async with following(netbox.url, **TAGGED) as one:
        before = await one.fetch()
        happen(netbox, reply_shape={"shape": "short", "count": None})
        with pytest.raises(DoubtError):
            await one.fetch(900.0)
        assert one.kept is before
        happen(netbox, calm={})
        await one.fetch(301.0)
        assert one.names().keys() == set(ids)


@pytest.mark.parametrize("version", ["4.5", "4.7"])
async def test_the_versions_before_and_behind_are_followed(netbox: NetBox, version: str) -> None:
    choices = netbox.make(
        "extras/custom-field-choice-sets", name="tiers", extra_choices=[["gold", "Gold"], ["tin", "Tin"]]
    )
    netbox.make("extras/custom-fields", name="tier", type="select", choice_set=choices, object_types=[VM])
    happen(netbox, version={"value": version})
    gold = netbox.machine(CLUSTER, "gold", custom_fields={"tier": "gold"})
    tin = netbox.machine(CLUSTER, "tin", custom_fields={"tier": "tin"})
    async with following(netbox.url, select={"customFields": {"tier": "gold"}}) as one:
        await one.fetch()
        assert one.names() == {gold: "gold"}
        netbox.edit(MACHINES, tin, custom_fields={"tier": "gold"})
        nic = netbox.make("virtualization/interfaces", virtual_machine=gold, name="net0")
        await one.fetch()
        assert one.names() == {gold: "gold", tin: "tin"}
        assert [one["id"] for one in one.view(gold)["interfaces"]] == [nic]
        netbox.remove(MACHINES, tin)
        await one.fetch()
        assert (one.names(), one.released()) == ({gold: "gold"}, {})


TROUBLES: list[dict[str, Any]] = [
    {"commits_held": {"count": 1}},
    {"commits_held": {"count": 3}},
    {"commits_released": {}},
    {"reply_fails": {"status": 502, "count": 2}},
    {"reply_cut": {"count": 1}},
    {"reply_shape": {"shape": "short", "method": "GET", "count": 2}},
    {"reply_shape": {"shape": "null", "count": 1}},
    {"rights_limited": {"types": [VM], "actions": ["view"], "constraints": {"id__lt": 3}}},
    {
        "rights_limited": {
            "types": ["virtualization.vminterface"],
            "actions": ["view"],
            "constraints": {"id": 0},
        }
    },
    {"rights_lost": {"types": [VM], "actions": ["view"]}},
    {"token_refused": {"why": "expired"}},
]


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_comes_nothing_is_gone_that_nobody_deleted_and_nothing_is_lost(
    netbox: NetBox, seed: int
) -> None:
    life, dice = Life(netbox, seed), random.Random(seed)  # noqa: S311  # a test's
    for _ in range(6):
        life.make()
    everybody = set(life.tagged)
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        for _ in range(25):
            for _ in range(dice.randrange(3)):
                life.step()
            everybody |= set(life.tagged)
            happen(netbox, **dice.choice(TROUBLES))
            for later in dice.choices([15.0, 301.0, 901.0], k=2):
                await judged(one, later, everybody - set(life.tagged))
            happen(netbox, calm={})
        for _ in range(4):
            await judged(one, 301.0, everybody - set(life.tagged))
        async with following(netbox.url, **TAGGED) as fresh:
            content = await fresh.fetch()
        assert one.kept is not None
        assert dict(views(one.kept)) == dict(views(content))


async def judged(one: Follower, later: float, deleted: set[int]) -> None:
    """Fetch; what is gone by that is released, or was deleted by somebody."""
    assert one.kept is not None
    before = dict(views(one.kept))
    one.watcher.poke()
    try:
        await one.fetch(later)
    except SourceError:
        return
    gone = before.keys() - dict(views(one.kept)).keys() - released(one.kept)
    assert gone <= {f"{VM}/{number}" for number in deleted}
