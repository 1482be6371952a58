"""The arithmetic of relative sizes: within bounds, in steps, monotone, and at rest once it was followed."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from setpoint.desired.validate import judge
from setpoint.model.compute import Computing
from setpoint.model.errors import BusyError, RefusalError, TargetError, TransportError
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.plan import Obstacle
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.model.survey import Survey
from setpoint_proxmox.client import Client
from setpoint_proxmox.facts import Capacity, Facts, Guest, Unclear
from setpoint_proxmox.guest.load import Load, Loads, mean
from setpoint_proxmox.guest.size import CORES, MEMORY, Base, Bounds, fitted, told
from setpoint_proxmox.guest.size_base import (
    Name,
    Peer,
    Place,
    base,
    capacity_of,
    part_text,
    peers_on,
    unclear_on,
)
from setpoint_proxmox.guest.size_spec import CoresPart, MachineCores, MemoryOrPart, MemoryPart, Of
from setpoint_proxmox.sizes import GIB, MIB
from tests.systems.proxmox.made import facts

WANTED = st.fractions(0, 64 * GIB, max_denominator=1000)


@st.composite
def bounds(draw: st.DrawFn) -> Bounds:
    least = draw(st.integers(1, 1000)) * MIB
    most = draw(st.none() | st.integers(0, 40_000).map(lambda more: least + more * MIB))
    step = draw(st.sampled_from([MIB, 64 * MIB, 512 * MIB, GIB]))
    ceiling = draw(st.integers(1, 64_000)) * MIB
    return Bounds(least, most, step, Fraction(draw(st.integers(0, 99)), 100), ceiling)


BEFORE = st.none() | st.integers(1, 64_000).map(lambda number: number * MIB)


@given(WANTED, bounds(), BEFORE)
def test_a_size_keeps_to_its_bounds_whatever_was_before(
    wanted: Fraction, within: Bounds, before: int | None
) -> None:
    size = fitted(wanted, within, before)
    assert size >= within.least
    assert size <= max(within.least, within.ceiling)
    assert within.most is None or size <= max(within.most, within.least)
    assert size == before or size % within.step == 0 or size in (within.least, within.most, within.ceiling)


@given(WANTED, bounds(), BEFORE)
def test_a_size_that_was_followed_is_not_left_again(
    wanted: Fraction, within: Bounds, before: int | None
) -> None:
    once = fitted(wanted, within, before)
    assert fitted(wanted, within, once) == once


@given(WANTED, WANTED, bounds(), BEFORE)
def test_more_of_a_node_is_never_a_smaller_size(
    one: Fraction, other: Fraction, within: Bounds, before: int | None
) -> None:
    low, high = sorted((one, other))
    assert fitted(low, within, before) <= fitted(high, within, before)


@given(
    st.fractions(GIB, 60 * GIB, max_denominator=1000), st.lists(st.integers(-9, 9), min_size=2, max_size=20)
)
def test_what_trembles_by_less_than_the_hysteresis_changes_nothing(
    middle: Fraction, tremor: list[int]
) -> None:
    within = Bounds(16 * MIB, None, 64 * MIB, Fraction(10, 100), 64 * GIB)
    size = fitted(middle, within, None)
    for percent in tremor:
        assert fitted(middle * (100 + percent) / 100, within, size) == size


def test_a_number_of_cores_at_the_edge_between_two_does_not_flap() -> None:
    within = Bounds(1, None, 1, Fraction(10, 100), 16)
    for wanted in (Fraction("1.95"), Fraction("2.05"), Fraction("1.9")):
        assert (fitted(wanted, within, 2), fitted(wanted, within, 1)) == (2, 1)
    assert fitted(Fraction("1.7"), within, 2) == 1
    assert fitted(Fraction("2.3"), within, 1) == 2


@pytest.mark.parametrize(
    ("wanted", "least", "most", "before", "size", "sentence"),
    [
        pytest.param(16 * GIB, 1, None, None, 16 * GIB, "= 16GiB", id="even"),
        pytest.param(
            16 * GIB + 7, 1, None, None, 16 * GIB, "= 16.00GiB, in steps of 512MiB: 16GiB", id="rounded down"
        ),
        pytest.param(16 * GIB, 1, 8, None, 8 * GIB, "= 16GiB, at most 8GiB", id="too much"),
        pytest.param(GIB // 2, 2, None, None, 2 * GIB, "= 512MiB, at least 2GiB", id="too little"),
        pytest.param(
            80 * GIB,
            1,
            None,
            None,
            64 * GIB,
            "= 80GiB, no more than the node's 64GiB",
            id="more than there is",
        ),
        pytest.param(
            17 * GIB,
            1,
            None,
            16,
            16 * GIB,
            "= 17GiB; 16GiB stays, for that is not 10% away",
            id="near what was",
        ),
        pytest.param(17 * GIB, 1, 15, 16, 15 * GIB, "= 17GiB, at most 15GiB", id="bounds are never put off"),
    ],
)
def test_the_arithmetic_is_told(
    wanted: int, least: int, most: int | None, before: int | None, size: int, sentence: str
) -> None:
    within = Bounds(least * GIB, most and most * GIB, 512 * MIB, Fraction(10, 100), 64 * GIB)
    last = before and before * GIB
    pool = Base(Fraction(64 * GIB), "the 64GiB of pve1")
    assert fitted(Fraction(wanted), within, last) == size
    assert told("25%", pool, Fraction(wanted), within, last, MEMORY) == f"25% of the 64GiB of pve1 {sentence}"


def guest(vmid: int, memory: int | None = 8 * GIB, cpus: float | None = 4, node: str = "pve1") -> Guest:
    return Guest(
        vmid,
        "qemu",
        node,
        frozenset(),
        "",
        "",
        template=False,
        pool="",
        status="running",
        memory=memory,
        cpus=cpus,
    )


def place(*guests: Guest, vmid: int | None = None, peers: tuple[Peer, ...] = (), **other: Any) -> Place:
    given: dict[str, Any] = {"load": None, "unclear": "", "blind": "", **other}
    both = dict.fromkeys(Name, peers)
    return Place("pve1", Capacity(16, 64 * GIB), vmid, guests, peers=both, **given)


def memory(**part: Any) -> MemoryPart:
    return MemoryPart.model_validate({"percent": "25%"} | part)


def cores(**part: Any) -> CoresPart:
    return CoresPart.model_validate({"share": 2} | part)


def amount(found: Base | Obstacle) -> Fraction:
    assert isinstance(found, Base), found
    return found.amount


def test_capacity_is_all_that_the_node_has() -> None:
    assert base(memory(), Name.MEMORY, place(guest(100))) == Base(Fraction(64 * GIB), "the 64GiB of pve1")
    assert base(cores(), Name.CORES, place(guest(100))) == Base(Fraction(16), "the 16 processors of pve1")


def test_free_is_what_other_guests_leave_if_they_take_all_they_may() -> None:
    there = place(guest(100), guest(101), vmid=100)
    found = base(memory(of="free"), Name.MEMORY, there)
    assert found == Base(Fraction(56 * GIB), "the 56GiB that 1 other guest leaves free of the 64GiB of pve1")
    assert amount(base(memory(of="free"), Name.MEMORY, place(guest(1, 80 * GIB)))) == 0


def test_guests_that_take_a_part_of_what_is_free_do_not_follow_each_other() -> None:
    crowd = guest(100), guest(101, 30 * GIB), guest(102)
    beside = place(*crowd, vmid=100, peers=(Peer(101, 0, "free"),))
    assert amount(base(memory(of="free"), Name.MEMORY, beside)) == 56 * GIB
    counted = place(*crowd, vmid=100, peers=(Peer(101, 0, "capacity"),))
    assert amount(base(memory(of="free"), Name.MEMORY, counted)) == 26 * GIB
    sharing = place(*crowd, vmid=100, peers=(Peer(101, 3, "capacity"),))
    assert amount(base(cores(of="free"), Name.CORES, sharing)) == 12


@pytest.mark.parametrize(
    ("there", "why"),
    [
        pytest.param(
            place(guest(100, None)), "what guest 100 on pve1 may take is not reported yet", id="not reported"
        ),
        pytest.param(place(unclear="101 is not read"), "101 is not read", id="perhaps a peer"),
    ],
)
def test_what_is_free_is_not_guessed(there: Place, why: str) -> None:
    found = base(memory(of="free"), Name.MEMORY, there)
    assert isinstance(found, Obstacle)
    assert (found.why, found.passing) == (why, True)


def test_what_is_free_is_not_known_to_whom_guests_are_hidden() -> None:
    found = base(memory(of="free"), Name.MEMORY, place(blind="guests may be hidden"))
    assert isinstance(found, Obstacle)
    assert (found.why, found.passing) == ("guests may be hidden", False)
    assert isinstance(base(memory(), Name.MEMORY, place(blind="guests may be hidden")), Base)


def test_used_is_what_was_measured_or_why_that_is_not_known() -> None:
    load = Load(24 * GIB, Fraction("6.4"))
    assert base(memory(of="used"), Name.MEMORY, place(load=load)) == Base(
        Fraction(24 * GIB), "the 24GiB that pve1 used over the last day"
    )
    assert amount(base(cores(of="used"), Name.CORES, place(load=load))) == Fraction("6.4")
    silent = Obstacle("no data", "wait", passing=True)
    assert base(memory(of="used"), Name.MEMORY, place(load=silent)) == silent


def test_shares_are_weights_among_those_that_declare_one_on_the_node() -> None:
    others = Peer(101, 3, "capacity"), Peer(None, 1, "free"), Peer(102, 0, "capacity")
    assert part_text(cores(), Name.CORES, place(peers=others)) == (Fraction(1, 3), "2 of 6 shares")
    assert part_text(cores(), Name.CORES, place()) == (Fraction(1), "all 2 of 2 shares")
    assert part_text(memory(percent="12.5 %"), Name.MEMORY, place()) == (Fraction(1, 8), "12.5%")


def declared(name: str, kind: str = "VirtualMachine", **spec: Any) -> Resource:
    key = Key("default", kind, name)
    return Resource(key, spec, Policy(), Origin("x.yaml", 1, 1), "hash")


def test_peers_count_where_they_are_and_those_to_be_made_where_they_will_be() -> None:
    estate = [
        declared("me", cores={"share": 2}),
        declared("here", "Container", cores={"share": 3, "of": "free"}),
        declared("moved", node="pve1", cores="10%"),
        declared("to-come", node="pve1", cores={"share": 1}),
        declared("anywhere", cores={"share": 5}),
        declared("fixed", node="pve1", cores=4),
        declared("copied", node="pve2", cores={"share": 7}),
    ]
    keys = {one.key.name: one.key for one in estate}
    marks = [
        ("me", 100, 100),
        ("here", 101, 101),
        ("moved", 102, 102),
        ("fixed", 103, 103),
        ("copied", 103, 104),
    ]
    seen = {100: guest(100), 101: guest(101), 102: guest(102, node="pve2"), 103: guest(103), 104: guest(104)}
    survey: Survey[Facts] = Survey(
        facts("pve1", "pve2", guests=seen),
        "lab",
        0.0,
        tuple((Mark("home", keys[name], str(own)), {"vmid": vmid}) for name, own, vmid in marks),
    )
    owner = Owner("home", keys["me"])
    computing: Computing[Any, Any] = Computing(None, owner, None, None, survey, lambda: estate, asked=False)  # type: ignore[arg-type]
    assert peers_on("pve1", Name.CORES, computing) == (Peer(101, 3, "free"), Peer(None, 1, "capacity"))
    assert peers_on("pve1", Name.MEMORY, computing) == ()
    assert unclear_on("pve1", Name, computing) == ""
    doubt = Unclear(105, "pve1", "105 is not read", passing=True)
    doubtful = replace(survey, facts=replace(survey.facts, unclear=(doubt,)))
    computing = replace(computing, survey=doubtful)
    assert unclear_on("pve1", Name, computing) == "105 is not read"
    assert unclear_on("pve2", Name, computing) == ""
    assert unclear_on("pve1", [], computing) == ""
    made = [one for one in estate if one.key.name in ("me", "here", "moved", "fixed")]
    assert unclear_on("pve1", Name, replace(computing, peers=lambda: made)) == ""
    assert peers_on("pve2", Name.CORES, computing) == (Peer(102, 0, "capacity"), Peer(None, 7, "capacity"))


def test_a_node_that_is_offline_or_hidden_has_no_known_capacity() -> None:
    offline, hidden = capacity_of("pve9", facts("pve1")), capacity_of("pve1", facts("pve1"))
    assert isinstance(offline, Obstacle)
    assert isinstance(hidden, Obstacle)
    assert (offline.passing, hidden.passing) == (True, False)
    assert "pveum acl modify /nodes/pve1" in hidden.remedy


def rows(count: int, *, every: int = 1800, **figures: Any) -> list[dict[str, Any]]:
    return [{"time": 1000 + number * every, "maxcpu": 8, **figures} for number in range(count)]


def test_a_mean_leaves_out_when_nothing_was_measured() -> None:
    day = [*rows(4, memused=10 * GIB, cpu=0.25), *rows(4), *rows(4, memused=20 * GIB, cpu=0.5)]
    for number, row in enumerate(day):
        row["time"] = 1000 + number * 1800
    assert mean("pve1", day) == Load(15 * GIB, Fraction(3))


@pytest.mark.parametrize(
    "day", [[], rows(20), rows(1, memused=1, cpu=0.1), rows(50, every=60, memused=1, cpu=0.1)]
)
def test_less_than_an_hour_is_no_day(day: list[dict[str, Any]]) -> None:
    found = mean("pve1", day)
    assert isinstance(found, Obstacle)
    assert found.passing


ODD = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just([]) | st.just({})
)


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(("time", "memused", "cpu", "maxcpu"), ODD))))
def test_figures_that_are_none_are_refused_and_nothing_else_happens(day: list[dict[str, Any]]) -> None:
    with suppress(RefusalError):
        assert isinstance(mean("pve1", day), Load | Obstacle)


@dataclass
class Node:
    """A client of a node that tells of its load or fails."""

    answer: list[dict[str, Any]] | Exception
    asked: int = 0

    async def get(self, *_: object, **__: object) -> Any:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_many_that_ask_at_once_or_soon_again_cost_one_read() -> None:
    loads, node = Loads(), Node(rows(4, memused=8 * GIB, cpu=0.5))
    found = await asyncio.gather(
        *(loads.of(cast("Client", node), "pve1", now) for now in (100.0, 100.0, 1899.0))
    )
    assert found == [Load(8 * GIB, Fraction(4))] * 3
    assert node.asked == 1
    for now, asked in ((1900.0, 2), (50.0, 3)):
        await loads.of(cast("Client", node), "pve1", now)
        assert node.asked == asked


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (TransportError("no answer"), True),
        (BusyError("later"), True),
        (RefusalError("no", remedy="pveum acl modify"), False),
        (RefusalError("odd"), False),
    ],
)
async def test_a_node_that_tells_nothing_is_left_in_peace_for_a_while(
    error: TargetError, *, passing: bool
) -> None:
    loads, node = Loads(), Node(error)
    for now in (100.0, 399.0):
        found = await loads.of(cast("Client", node), "pve1", now)
        assert isinstance(found, Obstacle)
        assert found.passing is passing
        assert error.message in found.why
        assert found.remedy.startswith(error.remedy)
    assert node.asked == 1
    node.answer = rows(4, memused=8 * GIB, cpu=0.5)
    assert await loads.of(cast("Client", node), "pve1", 400.0) == Load(8 * GIB, Fraction(4))


class Sizes(BaseModel):
    memory: MemoryOrPart | None = None
    cores: MachineCores | None = None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param({"memory": "2GiB"}, 2 * GIB, id="absolute"),
        pytest.param({"memory": "25%"}, memory(), id="percentage"),
        pytest.param(
            {"memory": {"percent": "25%", "of": "free", "max": "8GiB"}},
            memory(of="free", max="8GiB"),
            id="part",
        ),
        pytest.param({"memory": {"percent": 25}}, memory(), id="number of percent"),
        pytest.param({"cores": 4}, 4, id="number"),
        pytest.param({"cores": "25%"}, cores(share=None, percent="25%"), id="percentage of the cores"),
        pytest.param({"cores": {"share": 2, "of": "used"}}, cores(of=Of.USED), id="share"),
    ],
)
def test_a_size_is_written_in_three_ways(written: dict[str, Any], read: Any) -> None:
    made = Sizes.model_validate(written)
    assert read in (made.memory, made.cores)
    again = made.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert Sizes.model_validate(again) == made


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"memory": "25%%"}, "is no percentage; write e.g. 25%"),
        ({"memory": "0%"}, "greater than 0"),
        ({"memory": {"percent": -1}}, "greater than 0"),
        ({"memory": {"percent": "5%", "hysteresis": -1}}, "greater than or equal to 0"),
        ({"memory": {"of": "free"}}, "a part is either a percent or a share"),
        ({"memory": {"percent": "5%", "share": 2}}, "a part is either a percent or a share"),
        ({"memory": {"percent": "5%", "min": "4GiB", "max": "2GiB"}}, "max is less than min"),
        ({"memory": {"percent": "5%", "step": "1KiB"}}, "step is a multiple of 1MiB"),
        ({"memory": {"percent": "5%", "min": "1MiB"}}, "min is at least 16MiB"),
        ({"memory": {"percent": "5%", "hysteresis": "100%"}}, "less than 100"),
        ({"memory": {"percent": "5%", "of": "all"}}, "'capacity', 'free' or 'used'"),
        ({"cores": {"share": 0}}, "greater than or equal to 1"),
        ({"cores": "4"}, "integer"),
        ({"cores": {"share": 1, "min": 4, "max": 2}}, "max is less than min"),
    ],
)
def test_a_mistake_in_a_size_is_told(written: dict[str, Any], why: str) -> None:
    value, errors = judge(Sizes, json.dumps(written))
    assert value is None
    assert [error for error in errors if why in error["msg"]], errors
    assert len({error["loc"][:2] for error in errors}) == 1


def test_units_round_for_people_only() -> None:
    assert CORES.about(Fraction(32, 5)) == "6.4"
    assert MEMORY.about(Fraction(100, 3)) == "0.00MiB"
