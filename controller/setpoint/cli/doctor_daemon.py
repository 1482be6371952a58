"""What `doctor` checks of the daemon: whether it answers, in which state it is, and where its figures are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from setpoint.cli.client import Client, DaemonDownError
from setpoint.cli.output import counted
from setpoint.model.errors import SetpointError
from setpoint.model.examine import Check, Verdict
from setpoint.settings import Settings
from setpoint.store.lock import holder


def daemon_checks(settings: Settings) -> Iterator[Check]:
    """The daemon. That it does not run is wrong only when something holds its state directory all the same."""
    try:
        told = Client(settings.socket_path).get("/v1/status")
    except DaemonDownError as error:
        verdict = Verdict.WRONG if _held(settings) else Verdict.WARNING
        yield Check("daemon", verdict, error.message, error.remedy)
        return
    except SetpointError as error:
        yield Check("daemon", Verdict.WRONG, error.message, error.remedy)
        return
    yield _phase(told)
    yield from _source(told)


def _held(settings: Settings) -> bool:
    try:
        return bool(holder(settings.state))
    except OSError:
        return False


def _phase(told: dict[str, Any]) -> Check:
    held = counted(len(told["resources"]), "resource")
    sentence = f"process {told['pid']} is {told['phase']} and holds {held}"
    if told["phase"] == "running":
        return Check("daemon", Verdict.OK, sentence)
    return Check("daemon", Verdict.WARNING, sentence, "wait a moment and look again")


def _source(told: dict[str, Any]) -> Iterator[Check]:
    source = told["source"]
    if not source["good"]:
        yield Check("daemon's source", Verdict.WRONG, source["sentence"], "see setpoint status")
