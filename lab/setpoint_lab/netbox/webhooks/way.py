"""Troubles of deliveries: lost, late, doubled, in another order, or with nobody to send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from setpoint_lab.netbox.events import lab_event
from setpoint_lab.netbox.troubles.standing import CALMING, standing
from setpoint_lab.netbox.troubles.which import Limits, limits
from setpoint_lab.netbox.webhooks.queue import Job, Queue, put, wake
from setpoint_lab.untyped import as_list

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

Fate = Literal["lost", "late", "doubled"]


@dataclass(slots=True)
class Way:
    """What becomes of some deliveries; no types are all of them."""

    fate: Fate
    types: tuple[str, ...]
    limits: Limits
    seconds: float

    def hits(self, world: World, job: Job) -> bool:
        """Whether it is about this one; a stroke is counted."""
        return (not self.types or job.context["object_type"] in self.types) and self.limits.strike(world)


def _add(world: World, spec: Mapping[str, Any], fate: Fate) -> None:
    types = tuple(as_list(spec.get("types", [])))
    standing(world, Way).append(Way(fate, types, limits(world, spec), float(spec.get("seconds", 0.0))))


@lab_event("webhooks_lost")
async def lose(world: World, spec: Mapping[str, Any]) -> None:
    """Deliveries vanish from the queue."""
    _add(world, spec, "lost")


@lab_event("webhooks_late")
async def delay(world: World, spec: Mapping[str, Any]) -> None:
    """Deliveries come into the queue later; others overtake them."""
    _add(world, spec, "late")


@lab_event("webhooks_doubled")
async def double(world: World, spec: Mapping[str, Any]) -> None:
    """Deliveries are sent twice."""
    _add(world, spec, "doubled")


@lab_event("webhook_workers")
async def employ(world: World, spec: Mapping[str, Any]) -> None:
    """So many workers run from now on; with `reversed` they find what waits in the contrary order."""
    queue = world.part(Queue)
    if spec.get("reversed"):
        queue.jobs.reverse()
    queue.workers = int(spec["value"])
    wake(world)


def pass_on(world: World, job: Job) -> None:
    """Bring a delivery to the queue, if nothing comes between."""
    fate = next((each for each in standing(world, Way) if each.hits(world, job)), None)
    if fate is None:
        put(world, job)
    elif fate.fate == "late":
        world.start(_later(world, job, fate.seconds))
    elif fate.fate == "doubled":
        put(world, job)
        put(world, job)


async def _later(world: World, job: Job, seconds: float) -> None:
    await world.clock.sleep(seconds)
    put(world, job)


def _employ_again(world: World) -> None:
    queue = world.part(Queue)
    queue.workers = max(queue.workers, 1)
    wake(world)


CALMING.append(_employ_again)
