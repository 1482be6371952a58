"""The emulator on a port: aiohttp carries the bytes, `dispatch` gives the answers, `/lab/` is the control plane."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from aiohttp import web

from setpoint_lab.netbox.control import control
from setpoint_lab.netbox.dispatch import answer
from setpoint_lab.netbox.interference import AFTER, BEFORE, DROPPED, DROPS, SILENT
from setpoint_lab.netbox.request import Answer, Request

if TYPE_CHECKING:
    import ssl

    from setpoint_lab.netbox.lab import Lab

LARGEST_BODY = 64 * 1024 * 1024
LONGEST_LINE = 64 * 1024
LOOK_SECONDS = 0.1
"""How often a connection that is not answered is looked at, for the end of the client's patience."""

SHUTDOWN_SECONDS = 1.0
JSON = "application/json"


def _request(request: web.Request, body: bytes) -> Request:
    path, _, query = request.raw_path.partition("?")
    headers = request.headers
    host = headers.get("X-Forwarded-Host") or headers.get("Host") or request.host
    scheme = headers.get("X-Forwarded-Proto") or request.scheme
    return Request(
        request.method, path, query, headers, body, f"{scheme}://{host}", request.remote or "127.0.0.1"
    )


def _response(found: Answer) -> web.Response:
    headers = {"Server": "gunicorn", "Content-Language": "en"} | found.headers
    if found.html is not None:
        return web.Response(status=found.status, text=found.html, content_type="text/html", headers=headers)
    if found.body is None and found.raw is None:
        return web.Response(status=found.status, headers=headers)
    body = found.raw
    if body is None:
        body = json.dumps(found.body, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(status=found.status, body=body, headers=headers | {"Content-Type": JSON})


async def _send(request: web.Request, found: Answer) -> web.StreamResponse:
    """The response, or what comes of it when it does not arrive."""
    transport = request.transport
    if found is SILENT:
        while transport is not None and not transport.is_closing():  # noqa: ASYNC110  # a transport tells nobody when it closes
            await asyncio.sleep(LOOK_SECONDS)
    elif found is DROPPED and transport is not None:
        transport.abort()
    elif found.raw is not None and len(found.raw) < found.promised:
        return await _break_off(request, found, found.raw)
    elif found.raw is not None and found.drip:
        return await _drip(request, found, found.raw)
    return _response(found)


async def _break_off(request: web.Request, found: Answer, raw: bytes) -> web.StreamResponse:
    headers = found.headers | {"Content-Type": JSON, "Content-Length": str(found.promised)}
    response = web.StreamResponse(status=found.status, headers=headers)
    await response.prepare(request)
    await response.write(raw)
    if request.transport is not None:
        request.transport.close()
    return response


async def _drip(request: web.Request, found: Answer, raw: bytes) -> web.StreamResponse:
    headers = found.headers | {"Content-Type": JSON, "Content-Length": str(len(raw))}
    response = web.StreamResponse(status=found.status, headers=headers)
    await response.prepare(request)
    size = -(-len(raw) // DROPS)
    with contextlib.suppress(ConnectionError):  # the client may have had enough
        for start in range(0, len(raw), size):
            await response.write(raw[start : start + size])
            await asyncio.sleep(found.drip)
    return response


async def _drop_made_up_type(_request: web.Request, response: web.StreamResponse) -> None:
    """An answer without body has no content type; aiohttp would say that it is a stream of bytes."""
    if isinstance(response, web.Response) and response.body is None:
        response.headers.popall("Content-Type", None)


async def listen(
    lab: Lab, host: str, port: int, tls: ssl.SSLContext | None = None
) -> tuple[web.AppRunner, int]:
    """Serve until the runner is cleaned up; gives the port, which the system chose when 0 was asked for."""

    async def handle(request: web.Request) -> web.StreamResponse:
        incoming = _request(request, await request.read())
        if incoming.path.startswith("/lab/"):
            return _response(await control(lab, incoming))
        world = lab.world
        for trouble in BEFORE:
            met = await trouble(world, incoming)
            if met is not None:
                return await _send(request, met)
        found = answer(world, incoming)
        for interfere in AFTER:
            found = await interfere(world, incoming, found)
        return await _send(request, found)

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{tail:.*}", handle)
    app.on_response_prepare.append(_drop_made_up_type)
    runner = web.AppRunner(
        app,
        access_log=None,
        max_line_size=LONGEST_LINE,
        shutdown_timeout=SHUTDOWN_SECONDS,
        handle_signals=False,
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    await site.start()
    return runner, int(runner.addresses[0][1])
