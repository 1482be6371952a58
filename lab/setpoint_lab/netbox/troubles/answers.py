"""Answers that do not arrive as they should: late, never, lost on the way, cut, or of another shape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.events import lab_event
from setpoint_lab.netbox.interference import AFTER, BEFORE, DROPPED, DROPS, SILENT
from setpoint_lab.netbox.request import Answer
from setpoint_lab.netbox.troubles.standing import standing
from setpoint_lab.netbox.troubles.which import Requests, requests
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.world import World

FIRST_OF_PROXY = 500
ELSEWHERE = "http://netbox.invalid"
_ORIGIN = re.compile(r"^https?://[^/]+")
LOGIN = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>\n"


@dataclass(slots=True)
class Delay:
    """Some requests take `seconds` longer, and up to `jitter` more."""

    requests: Requests
    seconds: float
    jitter: float


@dataclass(slots=True)
class Instead:
    """Some requests are answered so, and have no effect."""

    requests: Requests
    answer: Answer


@dataclass(slots=True)
class Afterwards:
    """The answers to some requests become others, after the requests have had their effect."""

    requests: Requests
    shape: str
    part: float = 0.5
    seconds: float = 0.0


@lab_event("latency")
async def slow_down(world: World, spec: Mapping[str, Any]) -> None:
    """Requests take longer."""
    found = Delay(requests(world, spec), float(spec["seconds"]), float(spec.get("jitter", 0.0)))
    standing(world, Delay).append(found)


@lab_event("silence")
async def fall_silent(world: World, spec: Mapping[str, Any]) -> None:
    """Requests are taken, have no effect, and are never answered."""
    standing(world, Instead).append(Instead(requests(world, spec), SILENT))


@lab_event("reply_lost")
async def lose_reply(world: World, spec: Mapping[str, Any]) -> None:
    """Connections are reset, after the effect (`executed`, which is so unless said) or before it."""
    if spec.get("executed", True):
        standing(world, Afterwards).append(Afterwards(requests(world, spec), "lost"))
    else:
        standing(world, Instead).append(Instead(requests(world, spec), DROPPED))


@lab_event("reply_fails")
async def fail_reply(world: World, spec: Mapping[str, Any]) -> None:
    """Requests are answered so, without effect; a proxy's page where nothing else is said."""
    status = int(spec["status"])
    headers: dict[str, str] = dict(spec.get("headers") or {})
    if "body" in spec or status < FIRST_OF_PROXY:
        body = spec.get("body", {"detail": HTTPStatus(status).phrase})
        found = Answer(status, body, {"API-Version": world.api_version} | headers)
    else:
        found = Answer(status, None, headers, str(spec.get("html", _proxy_page(status))))
    standing(world, Instead).append(Instead(requests(world, spec), found))


def _proxy_page(status: int) -> str:
    title = f"{status} {HTTPStatus(status).phrase}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx/1.26.3</center>\r\n</body>\r\n</html>\r\n"
    )


@lab_event("reply_cut")
async def cut_reply(world: World, spec: Mapping[str, Any]) -> None:
    """Answers end in the middle; with `closed` the length was promised in full and the connection ends."""
    shape = "closed" if spec.get("closed") else "cut"
    standing(world, Afterwards).append(Afterwards(requests(world, spec), shape, float(spec.get("part", 0.5))))


@lab_event("reply_drips")
async def drip_reply(world: World, spec: Mapping[str, Any]) -> None:
    """Answers come in pieces and take so many real seconds from the first to the last."""
    found = Afterwards(requests(world, spec), "drips", seconds=float(spec["seconds"]))
    standing(world, Afterwards).append(found)


@lab_event("reply_shape")
async def shape_reply(world: World, spec: Mapping[str, Any]) -> None:
    """Answers are of another shape than anyone expects.

    Raises:
        ValueError: there is no such shape.
    """
    shape = str(spec["shape"])
    if shape not in SHAPES:
        raise ValueError(f"{shape} is no shape; there are {', '.join(sorted(SHAPES))}")
    standing(world, Afterwards).append(Afterwards(requests(world, spec), shape))


def _shortened(body: Any) -> Any:
    """A page that lacks its last rows, and says nothing of them."""
    if is_object(body) and is_list(body.get("results")):
        rows = body["results"]
        return body | {"results": rows[: len(rows) // 2]}
    return body


def _page_in_list(body: Any) -> Any:
    return body["results"] if is_object(body) and is_list(body.get("results")) else [body]


def _object_for_list(body: Any) -> Any:
    if is_object(body) and is_list(body.get("results")):
        return body | {"results": {str(at): row for at, row in enumerate(body["results"])}}
    return {"data": body}


def _next_elsewhere(body: Any) -> Any:
    """A page whose neighbours are on a host that only a proxy knows."""
    if not is_object(body):
        return body
    links = {name: body[name] for name in ("next", "previous") if body.get(name)}
    return body | {name: _ORIGIN.sub(ELSEWHERE, link) for name, link in links.items()}


def _nothing(_body: Any) -> Any:
    return None


def _words(_body: Any) -> Any:
    return "maintenance"


SHAPES: dict[str, Callable[[Any], Any]] = {
    "list": _page_in_list,
    "object": _object_for_list,
    "elsewhere": _next_elsewhere,
    "short": _shortened,
    "null": _nothing,
    "text": _words,
    "html": _nothing,
}


def _changed(answer: Answer, trouble: Afterwards) -> Answer:
    if trouble.shape == "lost":
        return DROPPED
    if trouble.shape == "html":
        return Answer(200, html=LOGIN)
    if answer.body is None:
        return answer
    whole = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    if trouble.shape == "drips":
        return replace(answer, raw=whole, drip=trouble.seconds / DROPS, promised=len(whole))
    if trouble.shape in {"cut", "closed"}:
        kept = whole[: int(len(whole) * trouble.part)]
        return replace(answer, raw=kept, promised=len(whole) if trouble.shape == "closed" else len(kept))
    body = SHAPES[trouble.shape](answer.body)
    return replace(answer, raw=json.dumps(body).encode())


async def _before(world: World, request: Request) -> Answer | None:
    for trouble in standing(world, Delay):
        if trouble.requests.hit(world, request):
            await world.clock.sleep(trouble.seconds + trouble.jitter * world.random.random())
    return next((each.answer for each in standing(world, Instead) if each.requests.hit(world, request)), None)


async def _after(world: World, request: Request, answer: Answer) -> Answer:
    for trouble in standing(world, Afterwards):
        if trouble.requests.hit(world, request):
            return _changed(answer, trouble)
    return answer


BEFORE.append(_before)
AFTER.append(_after)
