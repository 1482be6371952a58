"""Changes go out over a group through a storm: bad ones, lost answers, members that are away, a daemon that is killed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from setpoint.model.errors import OutcomeUnknownError, RefusalError
from setpoint.run.wake import wake
from setpoint.store.store import Store
from setpoint.testing.clock import virtual_loop
from tests.toy import World
from tests.unit.run.shelves import Shelves, box, declared, in_virtual_time, serving, shelf, worlds
from tests.unit.run.test_blast_radius import Hopping

SIZE = 7
SEEDS = range(25)
NAMES = tuple(f"s{number}" for number in range(SIZE))


@dataclass
class Storm:
    """A group, what is truly so of it, and what must never be.

    Attributes:
        canaries: the numbers of the members that go first.
        limit: how many may be under change at once.
        wave: the number of the colour that is declared.
        declared: when each colour was, seconds since the epoch.
        bad: members that a colour makes ill.
        taken: by member, the colours that did it no harm.
        ill: members that a change made ill and that were not mended since.
        broken: what was and must not be.
    """

    dice: random.Random
    canaries: frozenset[int]
    limit: int
    store: Store
    wave: int = 0
    declared: dict[str, float] = field(default_factory=dict[str, float])
    bad: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])
    taken: dict[int, set[str]] = field(default_factory=dict[int, set[str]])
    ill: set[int] = field(default_factory=set[int])
    broken: list[str] = field(default_factory=list[str])
    changed: int = 0

    @property
    def colour(self) -> str:
        return f"colour {self.wave}"

    def resources(self) -> list[Any]:
        """What is declared."""
        group = {"group": "web", "maxUnavailable": self.limit}
        shelves = [declared(shelf(name), None, {"world": name}) for name in NAMES]
        members = [
            declared(
                box(f"b{n}"),
                shelf(f"s{n}"),
                {"colour": self.colour},
                rollout={**group, "canary": n in self.canaries},
            )
            for n in range(SIZE)
        ]
        return [*shelves, *members]

    def commit(self, *, bad: bool) -> None:
        """Another colour for all, which makes some of them ill."""
        self.wave += 1
        self.declared[self.colour] = virtual_loop().wall()
        if bad:
            self.bad |= {(n, self.colour) for n in self.dice.sample(range(SIZE), self.dice.randint(1, 3))}

    def watch(self, number: int, world: World) -> Any:
        """Judges each change of a member when it arrives, and lets it do its harm."""

        def fault(moment: str, verb: str) -> None:
            if verb != "set":
                return
            if moment == "before":
                self._refuse()
                return
            (thing,) = world.things.values()
            self._judge(number, str(thing.fields["colour"]))
            thing.fields["dented"] = number in self.ill
            if self.dice.random() < 0.1:
                raise OutcomeUnknownError("the answer was lost")

        return fault

    def _begun_before(self, number: int, colour: str) -> bool:
        """Whether the member was under change when the colour was declared: then it is mended by it at once."""
        item = self.store.item(box(f"b{number}"))
        return item is not None and 0 < item.changing < self.declared[colour]

    def _refuse(self) -> None:
        if self.dice.random() < 0.05:
            raise RefusalError("not today")

    def _judge(self, number: int, colour: str) -> None:
        self.changed += 1
        others = self.ill - {number}
        if len(others) >= self.limit:
            self.broken.append(f"b{number} takes {colour} while {sorted(others)} are ill of a change")
        behind = [n for n in self.canaries if colour not in self.taken.setdefault(n, set())]
        if number not in self.canaries and behind and not self._begun_before(number, colour):
            self.broken.append(f"b{number} takes {colour} before the canaries {behind}")
        if (number, colour) in self.bad:
            self.ill.add(number)
        else:
            self.ill.discard(number)
            self.taken.setdefault(number, set()).add(colour)


def declare(shelves: Shelves, storm: Storm) -> None:
    shelves.estate.resources = {one.key: one for one in storm.resources()}
    for key in shelves.estate.resources:
        wake(shelves.estate, key)


async def rage(storm: Storm, shelves: Shelves, world: dict[str, World]) -> None:
    """Some things that happen in one life of the daemon."""
    for _ in range(storm.dice.randint(1, 4)):
        match storm.dice.randrange(4):
            case 0:
                storm.commit(bad=True)
                declare(shelves, storm)
            case 1:
                storm.commit(bad=False)
                declare(shelves, storm)
            case 2:
                name = storm.dice.choice(NAMES)
                world[name].down = not world[name].down
            case _:
                world[storm.dice.choice(NAMES)].delay = storm.dice.uniform(0.0, 30.0)
        await asyncio.sleep(storm.dice.expovariate(1 / 40))


@pytest.fixture
def world() -> Iterator[dict[str, World]]:
    found = worlds(*NAMES)
    yield found
    found.clear()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_storm_lets_more_be_ill_than_may_be_nor_anybody_follow_a_canary_that_is(
    seed: int, world: dict[str, World]
) -> None:
    dice = random.Random(f"rollouts {seed}")  # noqa: S311  # the same in every run
    store = Store.in_memory()
    storm = Storm(dice, frozenset(dice.sample(range(SIZE), dice.randint(0, 2))), dice.randint(1, 3), store)

    async def body() -> None:
        async with serving(store, storm.resources(), seed, calls=Hopping()) as shelves:
            await shelves.until(lambda: all(shelves.estate.ready(box(f"b{n}")) for n in range(SIZE)))
            for number, name in enumerate(NAMES):
                world[name].fault = storm.watch(number, world[name])
                storm.taken[number] = {storm.colour}
        for life in range(dice.randint(2, 5)):
            async with serving(store, storm.resources(), seed * 100 + life, calls=Hopping()) as shelves:
                await rage(storm, shelves, world)
        for one in world.values():
            one.down, one.delay = False, 0.0
        storm.commit(bad=False)
        async with serving(store, storm.resources(), seed, calls=Hopping()) as shelves:
            await shelves.until(lambda: rests(storm, shelves, world), patience=4 * 3600.0)

    in_virtual_time(body)
    assert storm.broken == []
    assert storm.changed >= SIZE


def rests(storm: Storm, shelves: Shelves, world: dict[str, World]) -> bool:
    """Whether all took the last colour, and nobody is under change."""
    colours = {str(thing.fields["colour"]) for one in world.values() for thing in one.things.values()}
    return colours == {storm.colour} and not any(item.changing for item in shelves.estate.store.items())
