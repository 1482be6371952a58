"""A commit goes over a group of real hosts: canary first, so many at once, and no further than what is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from setpoint.model.hold import Rule
from setpoint.model.key import Key
from tests.systems.nixos.farm import Deploy, Farm
from tests.systems.nixos.living import Life, alive
from tests.systems.nixos.simhost import RUNNING

pytestmark = pytest.mark.timeout(400)

NAMES = ("web01", "web02", "web03", "web04", "web05")
CANARY, *OTHERS = NAMES
AWAY = "web05"
LIMIT = 2
DEFAULTS = f"""\
kind: NixosHost
labels: {{tier: web}}
policy:
  rollout: {{group: web, maxUnavailable: {LIMIT}}}
---
kind: NixosHost
labels: {{tier: web, canary: "true"}}
policy:
  rollout: {{canary: true}}
"""


@pytest.fixture(scope="module")
def farm(farm_of: Callable[..., Farm]) -> Farm:
    """Five hosts, of which tests that follow each other find what the one before left."""
    return farm_of(*NAMES)


def key(name: str) -> str:
    return f"NixosHost/{name}"


def files(farm: Farm) -> dict[str, str]:
    web = {"tier": "web"}
    members = {name: {"labels": web} for name in OTHERS}
    return {"defaults": DEFAULTS, **farm.files(**members, **{CANARY: {"labels": {**web, "canary": "true"}}})}


async def look(life: Life) -> None:
    await life.supervisor.resync([life.key(key(name)) for name in NAMES], "test")


async def all_come_to(life: Life, outcome: str, names: Iterable[str]) -> None:
    await life.until(lambda: all(life.looked_at(key(n)) and life.outcome(key(n)) == outcome for n in names))


def held_by(life: Life, name: str) -> list[Rule]:
    return [hold.rule for hold in life.status(key(name)).holds] if life.looked_at(key(name)) else []


def running(farm: Farm, names: Iterable[str]) -> dict[str, str]:
    return {name: farm.hosts[name].points(RUNNING) for name in names}


class Watch:
    """Looks, after each pass, how many of the group are under change."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._task = asyncio.create_task(self._look())
        self.most: set[Key] = set()

    async def _look(self) -> None:
        async for _ in self._life.supervisor.updates():
            changing = {item.key for item in self._life.estate.store.items() if item.changing}
            self.most = max(self.most, changing, key=len)

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def most_at_once(deploys: list[Deploy]) -> int:
    """How many hosts were between the begin and the end of their deploy at one moment, by what they recorded."""
    return max(sum(one.began <= each.began < one.ended for one in deploys) for each in deploys)


async def test_a_canary_that_goes_back_stops_the_wave_and_a_mended_one_lets_it_go_on(
    farm: Farm, state: Path
) -> None:
    before = running(farm, list(NAMES))
    there = [name for name in OTHERS if name != AWAY]
    farm.commit(payload="bad", failUnits=["nginx.service"])
    farm.hosts[AWAY].kill()
    async with alive(state, **files(farm)) as life:
        await life.until(lambda: Rule.CONSENT in held_by(life, CANARY))
        await life.until(lambda: all(held_by(life, name) == [Rule.ROLLOUT] for name in there))
        assert "units failed (exit code 4)" in life.sentence(key(CANARY))
        for name in there:
            assert f"the canary {key(CANARY)} of the group web is not in sync" in life.sentence(key(name))
            assert farm.hosts[name].log()[1:] == []
        assert running(farm, [CANARY, *there]) == {name: before[name] for name in (CANARY, *there)}

        wanted = farm.commit(payload="good")
        watch = Watch(life)
        await look(life)
        await all_come_to(life, "Done", [CANARY, *there])
        await watch.end()
        assert running(farm, [CANARY, *there]) == {name: wanted[name] for name in (CANARY, *there)}
        assert life.outcome(key(AWAY)) not in {"Done", "Failed"}
        assert len(watch.most) <= LIMIT
        deploys = [farm.deploy(name) for name in there]
        assert most_at_once(deploys) == LIMIT
        assert farm.deploy(CANARY).ended <= min(deploy.began for deploy in deploys)

        farm.hosts[AWAY].start()
        await life.supervisor.resync([life.key(f"Host/{AWAY}")], "test")
        await life.until(lambda: life.outcome(f"Host/{AWAY}") == "Done")
        await look(life)
        await all_come_to(life, "Done", [AWAY])
        assert farm.hosts[AWAY].points(RUNNING) == wanted[AWAY]


async def test_a_member_that_goes_back_keeps_its_place_until_it_is_mended(farm: Farm, state: Path) -> None:
    before = running(farm, OTHERS)
    wanted = farm.commit({name: {"failActivate": True} for name in OTHERS}, payload="next")
    async with alive(state, **files(farm)) as life:

        def held(rule: Rule) -> list[str]:
            return [name for name in OTHERS if held_by(life, name) == [rule]]

        await life.until(lambda: len(held(Rule.CONSENT)) == LIMIT)
        await life.until(lambda: len(held(Rule.ROLLOUT)) == len(OTHERS) - LIMIT)
        bad, waiting = held(Rule.CONSENT), held(Rule.ROLLOUT)
        assert running(farm, [CANARY]) == {CANARY: wanted[CANARY]}
        assert running(farm, OTHERS) == before
        said = life.sentence(key(waiting[0]))
        assert f"{LIMIT} of the {len(NAMES)} of the group web" in said
        assert all(key(name) in said for name in bad)
        assert len(bad) == LIMIT, "nobody took a place meanwhile"
        mended = farm.commit(payload="next")
        await look(life)
        await all_come_to(life, "Done", list(NAMES))
        assert running(farm, list(NAMES)) == mended
