"""The verb `lab`: the rehearsal data centre; `lab serve SYSTEM` runs one emulator as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Literal

import click

from setpoint.cli.duration import Duration


@click.group(name="lab", invoke_without_command=True)
@click.option(
    "--dir",
    "root",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".lab"),
    show_default=True,
    help="The working folder; made when missing, gone on with when not.",
)
@click.option("--once", is_flag=True, help="End when everything is as declared, and print the table.")
@click.option("--timeout", type=Duration(), default="3m", show_default=True, help="How long --once may take.")
@click.pass_context
def lab(context: click.Context, root: Path, *, once: bool, timeout: timedelta) -> None:
    """A rehearsal data centre: an emulated cluster, a repository to push to, and a daemon that follows it.

    Exit codes of --once: 0 everything is as declared, 1 not in time.
    """
    from setpoint_lab.rehearsal import rehearse, rehearse_once  # noqa: PLC0415  # `serve` does without

    context.obj = root
    if context.invoked_subcommand is not None:
        return
    if once:
        raise click.exceptions.Exit(rehearse_once(root, timeout).code)
    rehearse(root)


@lab.command()
@click.argument("key", metavar="KIND/NAME")
@click.argument("changes", metavar="FIELD=VALUE...", nargs=-1, required=True)
@click.pass_obj
def poke(root: Path, key: str, changes: tuple[str, ...]) -> None:
    """Change a guest by hand, through the emulated API and as root: memory=1024, cores=4, onboot=0."""
    from setpoint_lab.poke import poke as change  # noqa: PLC0415  # `serve` does without

    change(root, key, changes)


@lab.command()
@click.argument("key", metavar="KIND/NAME")
@click.pass_obj
def lose(root: Path, key: str) -> None:
    """Destroy a guest by hand, through the emulated API and as root; one that runs is refused."""
    from setpoint_lab.poke import lose as destroy  # noqa: PLC0415  # `serve` does without

    destroy(root, key)


@lab.command()
@click.argument("what", type=click.Choice(["node", "network", "permissions", "quorum", "calm"]))
@click.argument("node", required=False)
@click.pass_obj
def trouble(root: Path, what: str, node: str | None) -> None:
    """Break something of the emulated cluster, or take all of it back.

    node: one is switched off. network: one is cut off, and does not even refuse. permissions: the token loses its role
    on the guests. quorum: nothing can be written. calm: all is well again. NODE is pve3 unless said.
    """
    from setpoint_lab.rehearsal_trouble import trouble as come  # noqa: PLC0415  # `serve` does without

    come(root, what, node)


@lab.group()
def serve() -> None:
    """Run one emulator in the foreground."""


@serve.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8006, show_default=True, help="Port to listen on; 0 lets the system choose.")
@click.option(
    "--state", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON file to begin with."
)
@click.option("--clock", type=click.Choice(["real", "virtual"]), default="real", show_default=True)
@click.option("--seed", default=0, show_default=True, help="Repeats everything that is random.")
@click.option(
    "--pace",
    type=click.Choice(["quick", "realistic"]),
    default="quick",
    show_default=True,
    help="How long things take, and whether storages are locked meanwhile.",
)
@click.option("--tls", nargs=2, type=click.Path(exists=True, dir_okay=False), help="CERT KEY: speak HTTPS.")
@click.option(
    "--lag",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, 10),
    help="Age of /cluster/resources, s.",
)
def proxmox(
    *,
    host: str,
    port: int,
    state: Path | None,
    clock: Literal["real", "virtual"],
    seed: int,
    tls: tuple[str, str] | None,
    lag: float,
    pace: str,
) -> None:
    """The Proxmox VE API; prints `ready URL` when it listens."""
    from setpoint_lab.proxmox.lab import Settings  # noqa: PLC0415  # other verbs do without the emulator
    from setpoint_lab.serve import serve_proxmox  # noqa: PLC0415

    begin = json.loads(state.read_text(encoding="utf-8")) if state else None
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve_proxmox(Settings(clock, seed, lag, pace), begin, host, port, tls))


@serve.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on; 0 lets the system choose.")
@click.option(
    "--state", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON file to begin with."
)
@click.option("--clock", type=click.Choice(["real", "virtual"]), default="real", show_default=True)
@click.option("--seed", default=0, show_default=True, help="Repeats everything that is random.")
@click.option("--tls", nargs=2, type=click.Path(exists=True, dir_okay=False), help="CERT KEY: speak HTTPS.")
def netbox(
    *,
    host: str,
    port: int,
    state: Path | None,
    clock: Literal["real", "virtual"],
    seed: int,
    tls: tuple[str, str] | None,
) -> None:
    """The NetBox REST API; prints `ready URL` when it listens."""
    from setpoint_lab.netbox.lab import Settings  # noqa: PLC0415  # other verbs do without the emulator
    from setpoint_lab.serve import serve_netbox  # noqa: PLC0415

    begin = json.loads(state.read_text(encoding="utf-8")) if state else None
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve_netbox(Settings(clock, seed), begin, host, port, tls))
