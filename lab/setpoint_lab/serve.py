"""Serves one emulator until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
import ssl
from typing import Any

import click

from setpoint_lab.proxmox.app import Lab, Settings, listen

__all__ = ["Settings", "serve_proxmox"]


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
    emulated = Lab(settings, state)
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
    runner, bound = await listen(emulated, host, port, context)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    click.echo(f"ready {'https' if context else 'http'}://{host}:{bound}")
    await stop.wait()
    await runner.cleanup()
    emulated.close()
