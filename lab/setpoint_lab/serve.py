"""Serves one emulator until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aiohttp import web

    from setpoint_lab.netbox.lab import Settings as NetBoxSettings
    from setpoint_lab.proxmox.lab import Settings

Listen = Callable[[ssl.SSLContext | None], Awaitable[tuple["web.AppRunner", int]]]


async def serve_proxmox(
    settings: Settings, state: dict[str, Any] | None, host: str, port: int, tls: tuple[str, str] | None
) -> None:
    """Print `ready URL` once it listens; port 0 lets the system choose one.

    Args:
        settings: how the world is made.
        state: what it begins with; an empty one without.
        host: address to listen on.
        port: port to listen on.
        tls: paths of certificate and key.
    """
    from setpoint_lab.proxmox.app import Lab, listen  # noqa: PLC0415  # the other emulator does without

    emulated = Lab(settings, state)
    await _serve(lambda context: listen(emulated, host, port, context), host, tls)
    emulated.close()


async def serve_netbox(
    settings: NetBoxSettings, state: dict[str, Any] | None, host: str, port: int, tls: tuple[str, str] | None
) -> None:
    """The same for the other emulator; without a state there is a superuser."""
    from setpoint_lab.netbox.app import Lab, listen  # noqa: PLC0415  # the other emulator does without

    emulated = Lab(settings, state)
    await _serve(lambda context: listen(emulated, host, port, context), host, tls)
    emulated.close()


async def _serve(listen: Listen, host: str, tls: tuple[str, str] | None) -> None:
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
    runner, bound = await listen(context)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    click.echo(f"ready {'https' if context else 'http'}://{host}:{bound}")
    await stop.wait()
    await runner.cleanup()
