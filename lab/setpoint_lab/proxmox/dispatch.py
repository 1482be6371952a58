"""The way of one request: who, what, may they, where, are the parameters right, and then its handler."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from setpoint_lab.clock import Background, in_background
from setpoint_lab.proxmox.auth import Identity, identify
from setpoint_lab.proxmox.call import Call
from setpoint_lab.proxmox.check import verify
from setpoint_lab.proxmox.envelope import Answer, failure, success
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.form import decode_body, decode_form, unescape
from setpoint_lab.proxmox.frozen import queue
from setpoint_lab.proxmox.interference import delay, interfere
from setpoint_lab.proxmox.ledger import Effect
from setpoint_lab.proxmox.permission import require_permission
from setpoint_lab.proxmox.routes import ROUTES
from setpoint_lab.proxmox.schema import MODES, Method, load

if TYPE_CHECKING:
    from setpoint_lab.proxmox.uploads import Upload
    from setpoint_lab.proxmox.world import World

UNAUTHORIZED = 401
UNAUTHORIZED_SECONDS = 3.0
"""How long a 401 is held back."""

UNREACHABLE_SECONDS = 3.0
"""How long it takes to learn that there is no route to a host."""


SILENT_SECONDS = 30.0
"""How long a connection is waited for that nothing answers."""

UPLOAD = "/upload"
"""Ends the one path that takes files."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came; `target` is path and query, still escaped; an `upload` stands in the place of a body."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    upload: Upload | None = None


async def answer(world: World, request: Request) -> Answer:
    """The answer to a request below /api2."""
    path, _, query = request.target.partition("?")
    form, relative = _split(path)
    if world.delays:
        await world.clock.sleep(delay(world, request.method, relative))
    hit = interfere(world, request.method, relative)
    if hit is None:
        return await _answer(world, request, form, relative, query)
    if hit.executed:
        await _answer(world, request, form, relative, query)
    if hit.later is not None:
        wait = hit.seconds + hit.later
        world.late.append(
            asyncio.create_task(_late(world, wait, lambda: _answer(world, request, form, relative, query)))
        )
        await asyncio.sleep(0)
    await world.clock.sleep(hit.seconds)
    return hit.answer


async def _late(world: World, seconds: float, execute: Callable[[], Awaitable[Answer]]) -> None:
    """Execute a request long after its answer was given up."""
    with in_background(Background()):
        await world.clock.sleep(seconds)
    await execute()


async def _answer(world: World, request: Request, form: str, path: str, query: str) -> Answer:
    extjs = form == "extjs"
    try:
        result = await _serve(world, request, path, query)
    except ApiError as error:
        if error.status == UNAUTHORIZED:
            await world.clock.sleep(UNAUTHORIZED_SECONDS)
            extjs = False
        return failure(error, extjs=extjs)
    return success(result, extjs=extjs)


def _split(path: str) -> tuple[str, str]:
    """The form of answer (`json`, `extjs`) and the path below it; slashes may be doubled or trail."""
    parts = [part for part in unescape(path).split("/") if part]
    return "".join(parts[1:2]), "/" + "/".join(parts[2:])


async def _serve(world: World, request: Request, path: str, query: str) -> object:
    if request.method not in MODES:
        raise ApiError(501, f"method '{request.method}' not available", body=False)
    who = identify(world, request.method, path, request.headers)
    sent: dict[str, Any] = dict(request.upload.fields) if request.upload else _decoded(request)
    sent |= decode_form(query)
    found = load().find(request.method, path)
    if found is None:
        raise ApiError.not_implemented(request.method, path)
    method, params = found
    _merge(params, sent)
    if who.is_token and not method.allowtoken:
        raise ApiError.forbidden(f"URI '{path}' not available with API token, need proper ticket.\n")
    require_permission(world.access, method, who.user, params)
    daemons = await _reach(world, method, params)
    frozen = next((key for key in daemons if key in world.frozen), None)
    if frozen is not None:
        return await queue(world, frozen, lambda: _handle(world, method, path, params, who, request.upload))
    return await _handle(world, method, path, params, who, request.upload)


def _decoded(request: Request) -> dict[str, Any]:
    return decode_body(request.method, request.headers.get("Content-Type", ""), request.body)


def _merge(params: dict[str, Any], sent: Mapping[str, Any]) -> None:
    for name in sorted(sent):
        if name in params and params[name] != sent[name]:
            text = "duplicate parameter (already defined in URI) with conflicting values!"
            raise ApiError.parameters({name: text})
        params[name] = sent[name]


async def _reach(world: World, method: Method, params: dict[str, Any]) -> list[tuple[str, str]]:
    """Go to the node that serves the request; gives its daemons that the request goes through.

    Raises:
        ApiError: 500 when the node is unknown, 595 when it or its daemon cannot be reached.
    """
    name = str(params.get("node", "")) if method.proxyto == "node" else ""
    if name == "localhost":
        name = params["node"] = world.local
    node = world.nodes.get(name or world.local)
    if node is None:
        detail = f"failed to get address info for: {name}: Temporary failure in name resolution"
        raise ApiError.internal(f"hostname lookup '{name}' failed - {detail}")
    remote = node.name != world.local
    if remote and not node.online:
        await world.clock.sleep(UNREACHABLE_SECONDS)
        raise ApiError(595, "No route to host", body=False)
    if remote and node.silent:
        await world.clock.sleep(SILENT_SECONDS)
        raise ApiError(595, "Connection timed out", body=False)
    daemons = [name for name, needed in (("pveproxy", remote), ("pvedaemon", method.protected)) if needed]
    if not node.stopped.isdisjoint(daemons):
        raise ApiError(595, "Connection refused", body=False)
    return [(node.name, daemon) for daemon in daemons]


async def _handle(
    world: World,
    method: Method,
    path: str,
    params: Mapping[str, Any],
    who: Identity,
    upload: Upload | None,
) -> object:
    handler = ROUTES.get((method.name, method.path))
    if handler is None:
        raise ApiError.not_implemented(method.name, path)
    typed, errors = verify(method, params)
    if errors:
        raise ApiError.parameters(errors)
    call = Call(world, method.name, path, typed, who.user, who.is_token, params, upload)
    effect = Effect(method.name, path, dict(params), who.user, world.clock.now())
    world.ledger.begin(effect)
    status = 500
    try:
        result = await handler(call)
        status = 200
    except ApiError as error:
        status = error.status
        raise
    finally:
        world.ledger.close(effect, status)
    return result
