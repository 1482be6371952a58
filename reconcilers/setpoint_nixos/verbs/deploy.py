"""`setpoint deploy`: hosts are deployed now, as declared or for this one time otherwise; by the daemon, or without one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from setpoint.cli.client import Client, DaemonDownError
from setpoint.cli.duration import Duration
from setpoint.cli.output import (
    Form,
    end,
    examples,
    namespace_option,
    output_option,
    print_json,
    selector_option,
)
from setpoint.cli.pick import given_namespace
from setpoint.cli.settings import Daemon, daemon_option, source_option
from setpoint.cli.verdict import worst
from setpoint.model.errors import SetpointError
from setpoint_nixos.guard.order import Mode
from setpoint_nixos.kinds.nixos_host.build import BuildOn
from setpoint_nixos.verbs.choose import chosen
from setpoint_nixos.verbs.follow import Following

KIND: Final = "NixosHost"
_NEEDS: Final = "say which hosts: NAME, a selector such as 'web and not canary', -l SELECTOR, or --all"


@click.command(
    short_help="Deploy NixOS hosts now.",
    epilog=examples(
        "setpoint deploy web01",
        "setpoint deploy 'web and not canary' --dry-run",
        "setpoint deploy web01 --build-on target --mode boot",
        "setpoint deploy --all --now",
        "setpoint deploy web01 --source .",
    ),
)
@click.argument("what", metavar="[NAME|NixosHost/NAME|SELECTOR]...", nargs=-1)
@selector_option
@click.option("--all", "everything", is_flag=True, help="Every host.")
@click.option(
    "--build-on",
    type=click.Choice([one.value for one in BuildOn]),
    help="Build there for this time, wherever it is declared.",
)
@click.option(
    "--mode",
    type=click.Choice([one.value for one in Mode]),
    help="Bring it into force in this way for this time, whatever is declared.",
)
@click.option(
    "--now",
    "at_once",
    is_flag=True,
    help="Wait for no window and no turn, and try again what was taken back.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--timeout", type=Duration(), default="1h", show_default=True, help="How long to wait.")
@source_option("Deploy what this folder declares, without a daemon.")
@namespace_option
@output_option
@daemon_option
@click.pass_context
def deploy(
    context: click.Context,
    /,
    what: Sequence[str],
    form: str,
    *,
    selector: str | None,
    everything: bool,
    dry_run: bool,
    folder: Path | None,
    namespace: str,
    daemon: Daemon,
    **order: Any,
) -> None:
    """Have hosts looked at and deployed now, and wait for the end; what is done is told on standard error.

    --build-on, --mode and --now hold for this one deploy and stand in the history; they take an admin of the daemon. What
    --mode boot staged waits for its reboot, and what --mode test brought waits for a person, until then.

    Exit codes: 0 in sync, 2 changes to make, under way or not in time, 3 held, 1 failed or away.
    """
    if sum((bool(what), selector is not None, everything)) != 1 or "" in what:
        raise SetpointError(_NEEDS)
    only = given_namespace(context, namespace)
    choose = partial(_choose, what, namespace=namespace, only=only, selector=selector)
    asked = _order(**order)
    if dry_run:
        _show_plan(daemon, folder, choose, asked, form)
    boots = order["mode"] == Mode.BOOT.value
    if folder is not None:
        members, following = _alone(daemon, folder, choose, asked, boots=boots)
    else:
        members, following = asyncio.run(_by_daemon(daemon, choose, asked, boots=boots))
    if form == Form.JSON:
        endings = {one["key"]: following.ending(one) for one in members}
        print_json({"hosts": [{**one, "exitCode": endings[one["key"]].code} for one in members]})
    else:
        click.echo("\n".join(following.lines(members)))
    end(worst(map(following.ending, members)))


def _choose(
    what: Sequence[str],
    rows: Sequence[dict[str, Any]],
    *,
    namespace: str,
    only: str | None,
    selector: str | None,
) -> list[str]:
    meant = chosen(rows, what, kind=KIND, namespace=namespace, only=only, selector=selector)
    return [row["key"] for row in meant]


def _order(*, build_on: str | None, mode: str | None, at_once: bool, timeout: timedelta) -> dict[str, Any]:
    """What is asked for, beside the hosts."""
    changes = {"/build/on": build_on, "/mode": mode}
    return {
        "changes": {place: value for place, value in changes.items() if value is not None},
        "atOnce": at_once,
        "seconds": timeout.total_seconds(),
    }


async def _by_daemon(
    daemon: Daemon, choose: Callable[..., list[str]], asked: dict[str, Any], *, boots: bool
) -> tuple[list[Any], Following]:
    client = daemon.client
    try:
        keys = choose(client.get("/v1/status")["resources"])
    except DaemonDownError as error:
        remedy = f"{error.remedy}; without a daemon: setpoint deploy ... --source DIR"
        raise DaemonDownError(error.message, remedy=remedy) from None
    placed = client.post("/v1/order", {"keys": keys, **asked})
    following = Following(partial(_look, client, placed["id"]), boots=boots)
    return await following.until(asyncio.get_running_loop().time() + asked["seconds"]), following


async def _look(client: Client, order: str) -> Mapping[str, Any]:
    return client.get("/v1/order", id=order)


def _alone(
    daemon: Daemon, folder: Path, choose: Callable[..., list[str]], asked: dict[str, Any], *, boots: bool
) -> tuple[list[Any], Following]:
    from setpoint_nixos.verbs.alone import deploy_alone  # noqa: PLC0415  # whoever asks the daemon need not wait for it

    _hush()
    return asyncio.run(deploy_alone(daemon.settings, folder, choose, asked, boots=boots))


def _show_plan(
    daemon: Daemon, folder: Path | None, choose: Callable[..., list[str]], asked: dict[str, Any], form: str
) -> None:
    """Tell what would be done, and end."""
    from setpoint.cli.plan_text import text_lines  # noqa: PLC0415  # only for a plan
    from setpoint.cli.plan_view import plan_ending  # noqa: PLC0415  # only for a plan
    from setpoint_nixos.verbs.dry import foresee_deploy  # noqa: PLC0415  # only for a plan

    _hush()
    told = asyncio.run(foresee_deploy(daemon.settings, folder, choose, asked))
    if form == Form.JSON:
        print_json({"order": asked, "plan": told})
    else:
        click.echo("\n".join([*_once(asked), *text_lines(told)]))
    end(plan_ending(told))


def _once(asked: Mapping[str, Any]) -> Iterator[str]:
    """What is otherwise for this time."""
    for place, value in asked["changes"].items():
        yield f"For this time: {place.strip('/').replace('/', '.')} {value}"
    if asked["atOnce"]:
        yield "For this time: no window and no turn is waited for"


def _hush() -> None:
    from setpoint.settings import LogLevel, LogSettings  # noqa: PLC0415  # whoever asks the daemon need not wait for it
    from setpoint.surface.log import set_up_log  # noqa: PLC0415  # likewise

    set_up_log(LogSettings(level=LogLevel.ERROR), sys.stderr)
