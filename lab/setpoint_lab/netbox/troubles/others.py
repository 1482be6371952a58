"""Other people who use the server: what they send by themselves, and what they send between a client's requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.access import USERS, Who
from setpoint_lab.netbox.dispatch import answer
from setpoint_lab.netbox.events import EVENTS, lab_event
from setpoint_lab.netbox.interference import AFTER, BEFORE
from setpoint_lab.netbox.request import Answer, Request
from setpoint_lab.netbox.troubles.commits import Hold, hold
from setpoint_lab.netbox.troubles.standing import standing
from setpoint_lab.netbox.troubles.which import Requests, requests

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

REFUSED = 400
PEER = "127.0.0.1"


@dataclass(slots=True)
class Between:
    """Events that happen before some requests are looked at, or when they have been and their answers are on the way."""

    requests: Requests
    before: bool
    events: Mapping[str, Any]


@lab_event("request")
async def send(world: World, spec: Mapping[str, Any]) -> None:
    """Somebody else sends a request; with `held` it is committed late.

    Raises:
        ValueError: it was refused.
    """
    path, _, query = str(spec["path"]).partition("?")
    method = str(spec.get("method", "GET"))
    body = b"" if spec.get("body") is None else json.dumps(spec["body"]).encode()
    headers = {"Content-Type": "application/json"} | dict(spec.get("headers") or {})
    holding = _hold_first(world, spec, method, path) if spec.get("held") else None
    found = answer(
        world, Request(method, path, query, headers, body, "http://netbox", PEER), _somebody(world, spec)
    )
    if holding is not None and holding in standing(world, Hold):
        standing(world, Hold).remove(holding)
    if found.status >= REFUSED:
        raise ValueError(f"{method} {path} was refused with {found.status}: {found.body}")


def _hold_first(world: World, spec: Mapping[str, Any], method: str, path: str) -> Hold:
    found = hold(
        world, {name: spec[name] for name in ("after_s",) if name in spec} | {"method": method, "path": path}
    )
    holds = standing(world, Hold)
    holds.insert(0, holds.pop())
    return found


def _somebody(world: World, spec: Mapping[str, Any]) -> Who:
    """The user who is named, else the first superuser.

    Raises:
        ValueError: there is no such user.
    """
    users = sorted(world.table(USERS).rows.values(), key=lambda row: (not row.get("is_superuser"), row["id"]))
    for user in users:
        if spec.get("as") in {None, user["username"]}:
            return Who(user, {}, troubled=False)
    raise ValueError(f"there is no user {spec.get('as')}")


@lab_event("after_request")
async def happen_after(world: World, spec: Mapping[str, Any]) -> None:
    """Events happen once a request has been answered, before the client can send the next."""
    _stand(world, spec, before=False)


@lab_event("before_request")
async def happen_before(world: World, spec: Mapping[str, Any]) -> None:
    """Events happen just before a request is looked at."""
    _stand(world, spec, before=True)


def _stand(world: World, spec: Mapping[str, Any], *, before: bool) -> None:
    events: Mapping[str, Any] = spec["then"]
    unknown = [kind for kind in events if kind not in EVENTS]
    if unknown:
        raise ValueError(f"{unknown[0]} is no kind of event; there are {', '.join(sorted(EVENTS))}")
    standing(world, Between).append(Between(requests(world, spec), before, events))


async def _happen(world: World, request: Request, *, before: bool) -> None:
    for each in tuple(standing(world, Between)):
        if each.before == before and each.requests.hit(world, request):
            for kind, spec in each.events.items():
                await EVENTS[kind](world, spec)


async def _before(world: World, request: Request) -> Answer | None:
    await _happen(world, request, before=True)
    return None


async def _after(world: World, request: Request, found: Answer) -> Answer:
    await _happen(world, request, before=False)
    return found


BEFORE.append(_before)
AFTER.append(_after)
