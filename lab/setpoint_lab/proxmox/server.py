"""The emulator on a port: aiohttp carries the bytes, `dispatch` gives the answers, `/lab/` is the control plane."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from aiohttp import web

from setpoint_lab.proxmox.control import control
from setpoint_lab.proxmox.dispatch import UPLOAD, Request, answer
from setpoint_lab.proxmox.envelope import DROPPED, Answer
from setpoint_lab.proxmox.form import LARGEST_BODY
from setpoint_lab.proxmox.uploads import read_upload

if TYPE_CHECKING:
    import asyncio
    import ssl

    from setpoint_lab.proxmox.lab import Lab
    from setpoint_lab.proxmox.uploads import Upload

IDLE_SECONDS = 5.0
REQUESTS_PER_CONNECTION = 100
LONGEST_LINE = 64 * 1024
TOO_LARGE = Answer(501, "for data too large")


class _Front:
    """Turns aiohttp's requests into ours and back."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._served: weakref.WeakKeyDictionary[asyncio.BaseTransport, int] = weakref.WeakKeyDictionary()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            upload, body = await _read_body(request)
        except web.HTTPRequestEntityTooLarge:
            return self._response(request, TOO_LARGE)
        incoming = Request(request.method, request.raw_path, request.headers, body, upload)
        if request.raw_path.startswith("/lab/"):
            return self._response(request, await control(self._lab, incoming))
        return self._response(request, await answer(self._lab.world, incoming))

    def _response(self, request: web.Request, found: Answer) -> web.Response:
        if found is DROPPED and request.transport is not None:
            request.transport.abort()
        headers = found.headers(self._lab.world.clock.now())
        response = web.Response(status=found.status, reason=found.reason, body=found.body, headers=headers)
        if found.closes or self._is_last(request):
            response.headers["Connection"] = "close"
            response.force_close()
        return response

    def _is_last(self, request: web.Request) -> bool:
        transport = request.transport
        if transport is None:
            return True
        count = self._served.get(transport, 0) + 1
        self._served[transport] = count
        return count >= REQUESTS_PER_CONNECTION


async def _read_body(request: web.Request) -> tuple[Upload | None, bytes]:
    """The body, or what is known of the file in it where files are taken, which may be of any size."""
    parts = request.content_type == "multipart/form-data"
    if parts and request.method == "POST" and request.path.rstrip("/").endswith(UPLOAD):
        return await read_upload(await request.multipart()), b""
    return None, await request.read()


async def _drop_made_up_type(_request: web.Request, response: web.StreamResponse) -> None:
    """An answer without body has no content type; aiohttp would say that it is a stream of bytes."""
    if isinstance(response, web.Response) and not response.body:
        response.headers.popall("Content-Type", None)


async def listen(
    lab: Lab, host: str, port: int, tls: ssl.SSLContext | None = None
) -> tuple[web.AppRunner, int]:
    """Serve until the runner is cleaned up; gives the port, which the system chose when 0 was asked for."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{tail:.*}", _Front(lab).handle)
    app.on_response_prepare.append(_drop_made_up_type)
    runner = web.AppRunner(
        app, keepalive_timeout=IDLE_SECONDS, access_log=None, max_line_size=LONGEST_LINE, handle_signals=False
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    await site.start()
    return runner, int(runner.addresses[0][1])
