"""From a request to its answer: the routes, the order of refusals, the headers of every answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.netbox import meta
from setpoint_lab.netbox.access import SAFE, Who, identify, may, sees
from setpoint_lab.netbox.errors import NOT_FOUND, Refused, detail
from setpoint_lab.netbox.model import MODELS, Model
from setpoint_lab.netbox.options import describe
from setpoint_lab.netbox.reads import get_object, list_objects
from setpoint_lab.netbox.request import Answer, Request
from setpoint_lab.netbox.unit import Author, Unit
from setpoint_lab.netbox.versions import shown_as, understood
from setpoint_lab.netbox.world import see_everything
from setpoint_lab.netbox.writes import create, remove, remove_many, update, update_many

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

LONGEST_LINE = 4094
MOVED = 301
NOT_ALLOWED = 405
NOT_ACCEPTABLE = 406
VARY = "HX-Request, Accept-Language, Cookie, origin"
READ_METHODS = ("GET", "HEAD", "OPTIONS")
LIST_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
DETAIL_METHODS = ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

CABLED = "dcim/interfaces"
"""Its call that traces cables shows among its methods."""

Special = Callable[["World", "Who | None", Request], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """What a path leads to; `number` is the id of an object, `open` needs no token."""

    methods: tuple[str, ...]
    model: Model | None = None
    number: int | None = None
    special: Special | None = None
    call: Call | None = None
    open: bool = False


ROUTES: dict[str, Route] = {
    "/api/": Route(READ_METHODS, special=meta.root),
    "/api/status/": Route(READ_METHODS, special=meta.status),
    "/api/authentication-check/": Route(READ_METHODS, special=meta.authentication_check),
    "/api/users/tokens/provision/": Route(("POST", "OPTIONS"), special=meta.provision, open=True),
}
"""Paths that lead to something else than a model; other modules add theirs."""

Call = Callable[["Unit", "Who", "Model", int, Request], Answer]

ACTIONS: dict[tuple[str, str], tuple[tuple[str, ...], Call]] = {}
"""Calls below an object, by endpoint and name: `("ipam/prefixes", "available-ips")`; with their methods."""

_OBJECT = re.compile(r"/api/([a-z-]+/(?:[a-z-]+/)?[a-z-]+)/(?:(\d+)/(?:([a-z-]+)/)?)?")


def find_route(path: str) -> Route | None:
    """The route of a path, None for a path that leads nowhere."""
    if path in ROUTES:
        return ROUTES[path]
    app = path.removeprefix("/api/").removesuffix("/")
    if (
        path == f"/api/{app}/"
        and any(endpoint.startswith(app + "/") for endpoint in MODELS)
        and app in meta.APPS
    ):
        return Route(READ_METHODS, special=lambda world, _who, request: meta.app_root(world, request, app))
    match = _OBJECT.fullmatch(path)
    model = MODELS.get(match[1]) if match else None
    if match is None or model is None:
        return None
    number = int(match[2]) if match[2] else None
    if match[3]:
        methods, call = ACTIONS.get((model.endpoint, match[3]), ((), None))
        return Route(methods, model, number, call=call) if call is not None else None
    if model.read_only:
        return Route(READ_METHODS, model, number)
    methods = LIST_METHODS if number is None else DETAIL_METHODS
    return Route((*methods, "TRACE") if model.endpoint == CABLED else methods, model, number)


def answer(world: World, request: Request, who: Who | None = None) -> Answer:
    """Answer a request; all that it changes comes about at once, or not at all.

    Args:
        world: what it is about.
        request: what was asked for.
        who: who asks, when it is somebody inside the lab who needs no token.
    """
    return shown_as(world, request, _answer(world, understood(world, request), who))


def _answer(world: World, request: Request, known: Who | None) -> Answer:
    line = (
        len(request.method) + len(request.path) + len(request.query) + len("  HTTP/1.1") + bool(request.query)
    )
    if line > LONGEST_LINE:
        return _page(400, "Bad Request", f"Request Line is too large ({line} > {LONGEST_LINE})")
    request_id = world.uuid()
    common = {"X-Request-ID": request_id, "API-Version": world.api_version, "Vary": VARY}
    route = find_route(request.path)
    if route is None:
        return _nowhere(request, common)
    headers = common | {"Allow": ", ".join(route.methods)}
    try:
        found = _serve(world, request, route, request_id, known)
    except Refused as refused:
        found = Answer(refused.status, refused.body, refused.headers)
    return Answer(found.status, found.body, found.headers | headers, found.html)


def _nowhere(request: Request, headers: dict[str, str]) -> Answer:
    if request.method in SAFE and not request.path.endswith("/") and find_route(request.path + "/"):
        target = request.path + "/" + (f"?{request.query}" if request.query else "")
        return Answer(MOVED, None, headers | {"Location": target}, html="")
    found = _page(NOT_FOUND, "Page Not Found", "The requested page does not exist.")
    return Answer(found.status, None, headers, found.html)


def _page(status: int, title: str, text: str) -> Answer:
    html = f"<!DOCTYPE html>\n<html>\n  <head>\n    <title>{title}</title>\n  </head>\n  <body>\n    <h1><p>{title}</p></h1>\n    {text}\n  </body>\n</html>\n"
    return Answer(status, html=html)


def _serve(world: World, request: Request, route: Route, request_id: str, known: Who | None) -> Answer:
    if not _acceptable(request.headers.get("Accept", "*/*")):
        raise detail(NOT_ACCEPTABLE, "Could not satisfy the request Accept header.")
    who = None if route.open else known or identify(world, request)
    if request.method not in route.methods or request.method == "TRACE":
        raise detail(NOT_ALLOWED, f'Method "{request.method}" not allowed.')
    if request.method == "OPTIONS":
        return describe(route.model, lambda action: _is_allowed(world, who, route.model, action))
    if route.special is not None:
        return route.special(world, who, request)
    if route.model is None or who is None:
        raise detail(NOT_FOUND, "Not found.")
    if request.method in SAFE and route.call is None:
        if route.number is None:
            return list_objects(world, who, route.model, request)
        return get_object(world, who, route.model, route.number, request)
    return _change(world, who, route, request, request_id)


def _is_allowed(world: World, who: Who | None, model: Model | None, action: str) -> bool:
    return (
        who is not None
        and model is not None
        and bool(who.token.get("write_enabled", True))
        and may(world, who, model, action)
    )


def _acceptable(accept: str) -> bool:
    kinds = {each.partition(";")[0].strip().lower() for each in accept.split(",")}
    return bool(kinds & {"application/json", "application/*", "*/*", "text/html", "text/*", ""})


def _change(world: World, who: Who, route: Route, request: Request, request_id: str) -> Answer:
    author = Author(who.user["id"], who.user["username"], request_id, request.method, request.path)
    world.sees = sees(world, who)
    try:
        with Unit(world, author) as unit:
            if route.model is None:
                raise detail(NOT_FOUND, "Not found.")
            if route.call is not None and route.number is not None:
                return route.call(unit, who, route.model, route.number, request)
            return _write(unit, who, route.model, route.number, request)
    finally:
        world.sees = see_everything


def _write(unit: Unit, who: Who, model: Model, number: int | None, request: Request) -> Answer:
    if request.method == "POST":
        return create(unit, who, model, request)
    if request.method == "DELETE":
        if number is None:
            return remove_many(unit, who, model, request)
        return remove(unit, who, model, number, request)
    if number is None:
        return update_many(unit, who, model, request)
    return update(unit, who, model, number, request)
