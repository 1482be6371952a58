"""Daemons that are stopped by a signal: what is sent to them waits, and is carried out when they go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.events import lab_event

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

TIMEOUT_SECONDS = 30.0
STEP_SECONDS = 1.0


@dataclass(slots=True)
class Waiting:
    """A request in the queue of a daemon."""

    serve: Callable[[], Awaitable[object]]
    done: bool = False
    result: object = None
    error: ApiError | None = None

    async def run(self) -> None:
        """Carry it out, whether or not somebody still waits for the answer."""
        try:
            self.result = await self.serve()
        except ApiError as error:
            self.error = error
        self.done = True


async def queue(world: World, key: tuple[str, str], serve: Callable[[], Awaitable[object]]) -> object:
    """Wait for a frozen daemon, 30 s at most.

    Raises:
        ApiError: 596 when the time is over, though the request is carried out later; what it fails with else.
    """
    waiting = Waiting(serve)
    world.frozen[key].append(waiting)
    end = world.clock.now() + TIMEOUT_SECONDS
    while not waiting.done and world.clock.now() < end:
        await world.clock.sleep(min(STEP_SECONDS, end - world.clock.now()))
    if not waiting.done:
        raise ApiError(596, "Connection timed out", body=False)
    if waiting.error is not None:
        raise waiting.error
    return waiting.result


async def resume(world: World, key: tuple[str, str]) -> None:
    """Let a daemon carry out what waits, in order."""
    for waiting in world.frozen.pop(key, []):
        await waiting.run()


def _key(world: World, spec: Mapping[str, Any]) -> tuple[str, str]:
    daemon = str(spec["value"]).split()[0]
    return str(spec.get("node", world.local)), daemon


@lab_event("service_freeze")
async def freeze(world: World, spec: Mapping[str, Any]) -> None:
    """`{"value": "pvedaemon" | "pveproxy", "node": node}`: the daemon takes requests and does nothing."""
    world.frozen.setdefault(_key(world, spec), [])


@lab_event("service_unfreeze")
async def unfreeze(world: World, spec: Mapping[str, Any]) -> None:
    """`{"value": daemon, "node": node}`: the daemon carries out what waits, in order."""
    await resume(world, _key(world, spec))


@lab_event("packets_dropped")
async def drop_packets(world: World, spec: Mapping[str, Any]) -> None:
    """`{"node": node}`: connections to the node get no answer at all."""
    world.nodes[str(spec["node"])].silent = True


@lab_event("packets_pass")
async def pass_packets(world: World, spec: Mapping[str, Any]) -> None:
    """`{"node": node}`: connections to the node work again."""
    world.nodes[str(spec["node"])].silent = False
