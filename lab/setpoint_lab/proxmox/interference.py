"""Answers that do not arrive as they should: late, lost on the way or replaced, with or without the request's effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.envelope import DROPPED, Answer, failure
from setpoint_lab.proxmox.errors import PARAMETERS, ApiError
from setpoint_lab.proxmox.events import lab_event
from setpoint_lab.proxmox.which import Requests, requests

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

TIMED_OUT = 596
TIMEOUT_SECONDS = 30.0
ALL = "GET|POST|PUT|DELETE"


@dataclass(slots=True)
class Interference:
    """What happens instead of some requests' answers; `later`: they are executed so many seconds afterwards."""

    requests: Requests
    executed: bool
    answer: Answer
    seconds: float = 0.0
    later: float | None = None


@dataclass(slots=True)
class Delay:
    """How much longer some requests take: `seconds`, and up to `jitter` more."""

    requests: Requests
    seconds: float
    jitter: float = 0.0


def interfere(world: World, method: str, path: str) -> Interference | None:
    """What shall happen to a request's answer; None when nothing does."""
    return next((found for found in world.interferences if found.requests.hits(world, method, path)), None)


def delay(world: World, method: str, path: str) -> float:
    """The seconds that a request is held up before it is looked at."""
    hits = [found for found in world.delays if found.requests.hits(world, method, path)]
    return sum(found.seconds + found.jitter * world.luck.random() for found in hits)


@lab_event("latency")
async def slow_down(world: World, spec: Mapping[str, Any]) -> None:
    """Let requests take longer.

    `{"seconds": s, "jitter"?: s, "method"?: "GET|POST" (all), "path"?: glob, "count"?, "for_s"?, "share"?}`; one request
    unless a limit is said.
    """
    world.delays.append(
        Delay(requests(world, spec, ALL), float(spec["seconds"]), float(spec.get("jitter", 0.0)))
    )


@lab_event("reply_lost")
async def lose_reply(world: World, spec: Mapping[str, Any]) -> None:
    """Let an answer get lost.

    `{"method"?: "POST|PUT", "path"?: glob, "status": 0 | 595 | 596, "executed"?: bool, "later"?: s, "count"?: n,
    "for_s"?: s, "share"?: 0..1}`: 0 drops the connection, 596 takes 30 s; `executed` (true unless the status is 595)
    says whether the request had its effect; `later` lets it have it only so many seconds after the answer.
    """
    status = int(spec["status"])
    answer = Answer(status, "Connection timed out" if status == TIMED_OUT else "Connection refused")
    world.interferences.append(
        Interference(
            requests(world, spec),
            "later" not in spec and bool(spec.get("executed", status in {0, TIMED_OUT})),
            answer if status else DROPPED,
            TIMEOUT_SECONDS if status == TIMED_OUT else 0.0,
            float(spec["later"]) if "later" in spec else None,
        )
    )


@lab_event("reply_fails")
async def fail_reply(world: World, spec: Mapping[str, Any]) -> None:
    """Let a request fail without effect.

    `{"method"?, "path"?, "status": n, "reason"?: text, "errors"?: {parameter: text}, "count"?, "for_s"?, "share"?}`.
    """
    status, errors = int(spec["status"]), spec.get("errors")
    reason = str(spec["reason"]) if "reason" in spec else PARAMETERS if errors else HTTPStatus(status).phrase
    world.interferences.append(
        Interference(requests(world, spec), executed=False, answer=failure(ApiError(status, reason, errors)))
    )
