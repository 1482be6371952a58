"""Answers that do not arrive as they should: lost on the way or replaced, with or without the request's effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.envelope import DROPPED, Answer, failure
from setpoint_lab.proxmox.errors import PARAMETERS, ApiError
from setpoint_lab.proxmox.events import lab_event

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

TIMED_OUT = 596
TIMEOUT_SECONDS = 30.0
LOGIN = "/access/ticket"
CHANGING = "POST|PUT|DELETE"


@dataclass(slots=True)
class Interference:
    """What happens to the next `count` requests by these methods (`A|B`) to paths like the pattern.

    `later`: they are executed so many seconds after their answer was given.
    """

    methods: str
    pattern: str
    executed: bool
    answer: Answer
    seconds: float = 0.0
    count: int = 1
    later: float | None = None

    def hits(self, method: str, path: str) -> bool:
        """Whether the request is one of them; logging in is only when it is named."""
        if path == LOGIN and self.pattern != LOGIN:
            return False
        return self.count > 0 and method in self.methods.split("|") and fnmatchcase(path, self.pattern)


def interfere(world: World, method: str, path: str) -> Interference | None:
    """What shall happen to a request's answer; None when nothing does."""
    for found in world.interferences:
        if found.hits(method, path):
            found.count -= 1
            return found
    return None


@lab_event("reply_lost")
async def lose_reply(world: World, spec: Mapping[str, Any]) -> None:
    """Let an answer get lost.

    `{"method"?: "POST|PUT", "path"?: glob, "status": 0 | 595 | 596, "executed"?: bool, "later"?: s, "count"?: n}`: 0
    drops the connection, 596 takes 30 s; `executed` (true unless the status is 595) says whether the request had its
    effect; `later` lets it have it only so many seconds after the answer.
    """
    status = int(spec["status"])
    answer = Answer(status, "Connection timed out" if status == TIMED_OUT else "Connection refused")
    world.interferences.append(
        Interference(
            str(spec.get("method", CHANGING)),
            str(spec.get("path", "*")),
            "later" not in spec and bool(spec.get("executed", status in {0, TIMED_OUT})),
            answer if status else DROPPED,
            TIMEOUT_SECONDS if status == TIMED_OUT else 0.0,
            int(spec.get("count", 1)),
            float(spec["later"]) if "later" in spec else None,
        )
    )


@lab_event("reply_fails")
async def fail_reply(world: World, spec: Mapping[str, Any]) -> None:
    """Let a request fail without effect.

    `{"method"?, "path"?, "status": n, "reason"?: text, "errors"?: {parameter: text}, "count"?: n}`.
    """
    status, errors = int(spec["status"]), spec.get("errors")
    reason = str(spec.get("reason", PARAMETERS if errors else HTTPStatus(status).phrase))
    world.interferences.append(
        Interference(
            str(spec.get("method", CHANGING)),
            str(spec.get("path", "*")),
            executed=False,
            answer=failure(ApiError(status, reason, errors)),
            count=int(spec.get("count", 1)),
        )
    )
