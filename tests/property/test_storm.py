"""Random troubles over one resource: afterwards it is as declared, and nothing was made twice or restarted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from setpoint.model.errors import TransportError
from setpoint.model.hold import Rule
from setpoint.model.outcome import Done, Failed, Held
from setpoint.run.desk import Report
from setpoint.run.lane import Lane
from setpoint.run.ports import Ports
from setpoint.store.store import Store
from setpoint.testing.clock import virtual_loop, virtual_run
from tests.toy import KINDS, WORLDS, Thing, World, lose_reply
from tests.unit.run.conftest import BOX, SHELF, Rig, resource

COLOURS = st.sampled_from(["red", "green", "blue"])
Event: TypeAlias = tuple[str, Any]
EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("declare"),
            st.fixed_dictionaries({"colour": COLOURS}, optional={"size": st.integers(1, 3)}),
        ),
        st.tuples(st.just("by hand"), COLOURS),
        st.tuples(st.sampled_from(["pass", "finish", "wait"]), st.none()),
        st.tuples(st.sampled_from(["down", "up", "lose replies", "refuse", "quiet"]), st.none()),
        st.tuples(st.sampled_from(["kill", "lose database", "slow", "fast", "stranger"]), st.none()),
    ),
    max_size=30,
)


class Killed(BaseException):
    """The process is gone: nothing after this moment happens."""


@dataclass
class Storm:
    rig: Rig
    spec: dict[str, Any] = field(default_factory=lambda: {"colour": "red"})

    async def happen(self, event: Event) -> None:
        match event:
            case ("declare", spec):
                self.spec = spec
            case ("by hand", colour):
                for thing in self.rig.world.things.values():
                    thing.fields["colour"] = colour
            case ("pass", _):
                await self.rig.once(resource(BOX, self.spec))
            case ("kill", _):
                await self.kill()
            case ("lose database", _) if self.rig.store.intent(BOX) is None:
                self.rig.store = Store.in_memory()
            case ("wait", _):
                await asyncio.sleep(20)
            case (name, _):
                self.trouble(name)

    def trouble(self, name: str) -> None:
        world = self.rig.world
        if name in ("slow", "fast"):
            world.slow = name == "slow"
        elif name == "finish":
            world.finish()
        elif name in ("down", "up"):
            world.down = name == "down"
        elif name == "stranger":
            world.things.setdefault(max(world.things, default=0) + 1, Thing({}, None))
        elif name == "lose replies":
            world.fault = lose_reply
        elif name == "refuse":
            world.fault = refuse
        elif name == "quiet":
            world.fault = quiet

    async def kill(self) -> None:
        """The daemon dies right after its next effect, and a new one starts on the same store."""
        former, self.rig.world.fault = self.rig.world.fault, die
        try:
            await self.rig.once(resource(BOX, self.spec))
        except Killed:
            self.rig.lane = await lane(self.rig.ports)
        self.rig.world.fault = former


def quiet(moment: str, verb: str) -> None:
    return None


def refuse(moment: str, verb: str) -> None:
    if moment == "before":
        raise TransportError("not now")


def die(moment: str, verb: str) -> None:
    if moment == "after":
        raise Killed


async def lane(ports: Ports) -> Lane:
    made = Lane(SHELF, KINDS["Shelf"], ports)
    await made.declare(resource(SHELF, {}))
    return made


async def calm(storm: Storm) -> Report:
    """Let it settle; what failed is tried again."""
    for _ in range(5):
        report = await storm.rig.settle(resource(BOX, storm.spec), passes=20)
        if not isinstance(report.outcome, Failed):
            return report
        await asyncio.sleep(60)
    raise AssertionError(report.outcome)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS)
@example([("slow", None), ("lose replies", None), ("pass", None), ("quiet", None), ("pass", None)])
def test_after_any_storm_it_is_as_declared_and_was_made_once(events: list[Event]) -> None:
    async def main() -> None:
        world = WORLDS["w"] = World()
        ports = Ports(now=virtual_loop().wall, chance=lambda: 0.5, new_id=lambda: "r")
        storm = Storm(Rig(world, Store.in_memory(), await lane(ports), ports))
        for event in events:
            await storm.happen(event)
        world.down, world.fault, world.slow = False, quiet, False
        await asyncio.sleep(60)
        report = await calm(storm)
        ours = [thing for thing in world.things.values() if thing.mark is not None]
        assert len(ours) == 1
        assert world.effects.count("create") == 1 + len(world.failures)
        assert not [text for text in world.failures.values() if "made twice" in text]
        assert "restart" not in world.effects
        assert ours[0].fields["colour"] == storm.spec["colour"]
        match report.outcome:
            case Done():
                assert "size" not in storm.spec or ours[0].fields.get("size") == storm.spec["size"]
            case Held(holds):
                assert [hold.rule for hold in holds] == [Rule.REBOOT_PENDING]
                assert ours[0].pending["size"] == storm.spec["size"]
            case other:
                raise AssertionError(other)

    virtual_run(main())
