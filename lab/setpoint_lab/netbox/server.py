"""The emulator on a port: aiohttp carries the bytes, `dispatch` gives the answers, `/lab/` is the control plane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

from setpoint_lab.netbox.control import control
from setpoint_lab.netbox.dispatch import answer
from setpoint_lab.netbox.interference import BEFORE, DROPPED
from setpoint_lab.netbox.request import Answer, Request

if TYPE_CHECKING:
    import ssl

    from setpoint_lab.netbox.lab import Lab

LARGEST_BODY = 64 * 1024 * 1024
LONGEST_LINE = 64 * 1024


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
    if found.body is None:
        return web.Response(status=found.status, headers=headers)
    body = json.dumps(found.body, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(
        status=found.status, body=body, headers=headers | {"Content-Type": "application/json"}
    )


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
            if met is DROPPED and request.transport is not None:
                request.transport.abort()
            if met is not None:
                return _response(met)
        return _response(answer(world, incoming))

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{tail:.*}", handle)
    app.on_response_prepare.append(_drop_made_up_type)
    runner = web.AppRunner(app, access_log=None, max_line_size=LONGEST_LINE, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    await site.start()
    return runner, int(runner.addresses[0][1])
