"""`setpoint resync`: have the daemon look at resources now; with --wait, until exactly these requests were answered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import click

from setpoint.cli.client import Client
from setpoint.cli.duration import Duration
from setpoint.cli.output import (
    Ending,
    Form,
    end,
    examples,
    namespace_option,
    output_option,
    print_json,
    selector_option,
)
from setpoint.cli.pick import given_namespace
from setpoint.cli.settings import Daemon, daemon_option
from setpoint.cli.tables import paint
from setpoint.cli.verdict import row_verdict, worst
from setpoint.model.errors import SetpointError
from setpoint.model.quantity import format_duration

_SLICE = 20.0
"""Seconds of one long poll; the daemon allows up to a minute."""
_NEEDS = "name what to look at: KIND/NAME, KIND, -l SELECTOR or --all"


@click.command(
    short_help="Look at resources now.",
    epilog=examples(
        "setpoint resync KIND/NAME --wait",
        "setpoint resync -l env=prod",
        "setpoint resync -l 'web and not canary' --wait",
        "setpoint resync --all --wait",
    ),
)
@click.argument("what", metavar="[KIND/NAME...|KIND]", nargs=-1)
@selector_option
@click.option(
    "--all", "everything", is_flag=True, help="Every resource; what is declared is read afresh, too."
)
@click.option("--wait", is_flag=True, help="Wait for the answer to this very request.")
@click.option("--timeout", type=Duration(), default="5m", show_default=True, help="How long to wait.")
@namespace_option
@output_option
@daemon_option
@click.pass_context
def resync(
    context: click.Context,
    what: Sequence[str],
    selector: str | None,
    namespace: str,
    form: str,
    *,
    everything: bool,
    wait: bool,
    timeout: timedelta,
    daemon: Daemon,
) -> None:
    """Have the daemon look at resources now, and correct what it may.

    With --wait, each answer comes from a look that began after this request.

    Exit codes with --wait: 0 in sync, 2 still different or not answered in time, 3 held, 1 failed.
    """
    body = _body(what, selector, namespace, everything=everything)
    body["namespaced"] = given_namespace(context, namespace) is not None
    client = daemon.client
    requests: dict[str, int] = client.post("/v1/resync", body)["requests"]
    if not wait:
        _tell_asked(requests, form)
        return
    deadline = time.monotonic() + timeout.total_seconds()
    answers = [_answer(client, key, number, deadline, form) for key, number in requests.items()]
    if form == Form.JSON:
        print_json({"requests": requests, "answers": answers})
    late = [answer["key"] for answer in answers if not answer["handled"]]
    if late:
        click.echo(f"setpoint: no answer for {', '.join(late)} within {format_duration(timeout)}", err=True)
    end(worst(_ending(answer) for answer in answers))


def _body(what: Sequence[str], selector: str | None, namespace: str, *, everything: bool) -> dict[str, Any]:
    """What the daemon is asked.

    Raises:
        SetpointError: nothing, or more than one thing, was named.
    """
    if sum((bool(what), selector is not None, everything)) != 1 or "" in (*what, selector):
        raise SetpointError(_NEEDS)
    if everything:
        return {"all": True, "namespace": namespace}
    if selector is not None:
        return {"selector": selector, "namespace": namespace}
    kinds = [text for text in what if "/" not in text]
    if kinds and len(what) > 1:
        raise SetpointError(_NEEDS, remedy="one kind at a time, not mixed with keys")
    return (
        {"kind": kinds[0], "namespace": namespace} if kinds else {"keys": list(what), "namespace": namespace}
    )


def _tell_asked(requests: dict[str, int], form: str) -> None:
    if form == Form.JSON:
        print_json({"requests": requests})
        return
    for key, number in requests.items():
        click.echo(f"{key}: asked to look again (request {number})")


def _answer(client: Client, key: str, number: int, deadline: float, form: str) -> dict[str, Any]:
    """The answer to one request, told as soon as it is there."""
    while True:
        left = max(min(deadline - time.monotonic(), _SLICE), 0.0)
        answer = client.get("/v1/resync", key=key, number=number, wait=left, seconds=left + _SLICE)
        if answer["handled"] or time.monotonic() >= deadline:
            break
    if form == Form.TEXT:
        row = answer["resource"]
        said = f"{row['outcome']}: {row['sentence']}" if answer["handled"] else "not answered yet"
        click.echo(f"{key}: {paint(said, _colour(answer))}")
    return answer


def _ending(answer: dict[str, Any]) -> Ending:
    return row_verdict(answer["resource"]) if answer["handled"] else Ending.DIFFERENT


def _colour(answer: dict[str, Any]) -> str:
    from setpoint.cli.overview import COLOURS  # noqa: PLC0415  # only for people

    return COLOURS[_ending(answer)]
