"""What `doctor` checks of the daemon: whether it answers, in which state it is, and where its figures are read."""

from __future__ import annotations

import http
import http.client
import socket
from collections.abc import Iterator
from typing import Any, Final

from setpoint.cli.client import Client, DaemonDownError
from setpoint.cli.output import counted
from setpoint.model.errors import SetpointError
from setpoint.model.examine import Check, Verdict
from setpoint.settings import Settings
from setpoint.store.lock import holder
from setpoint.surface.roles import unknown_names

_SECONDS: Final = 5.0
_LONGEST: Final = 500
"""Bytes of an answer that are told."""


def daemon_checks(settings: Settings) -> Iterator[Check]:
    """The daemon. That it does not run is wrong only when something holds its state directory all the same."""
    runs = False
    try:
        told = Client(settings.socket_path).get("/v1/status")
    except DaemonDownError as error:
        verdict = Verdict.WRONG if _held(settings) else Verdict.WARNING
        yield Check("daemon", verdict, error.message, error.remedy)
    except SetpointError as error:
        yield Check("daemon", Verdict.WRONG, error.message, error.remedy)
    else:
        runs = True
        yield _phase(told)
        yield from _source(told)
        yield from _role(settings)
    yield from _metrics(settings, runs=runs)


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


def _role(settings: Settings) -> Iterator[Check]:
    """What whoever runs this may do."""
    try:
        told = Client(settings.socket_path).get("/v1/whoami")
    except SetpointError as error:
        yield Check("role", Verdict.WARNING, error.message, error.remedy)
        return
    yield Check("role", Verdict.OK, f"{told['user']} has the role {told['role']}")
    unknown = ", ".join(unknown_names(settings.roles))
    if unknown:
        sentence = f"this host does not know {unknown}, so nobody has a role by that"
        yield Check("roles", Verdict.WARNING, sentence, "correct roles in the settings")


def _metrics(settings: Settings, *, runs: bool) -> Iterator[Check]:
    """Whether the address of the metrics answers; without a daemon, whether it is free for one."""
    address = settings.metrics.address
    if address is None or not address[1]:
        return  # Nothing listens, or the system chooses where.
    if runs:
        yield _ready(address)
        return
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            sentence = f"{settings.metrics.listen} cannot be listened on: {error.strerror}"
            yield Check("metrics", Verdict.WRONG, sentence, "set metrics.listen to a free address")
        else:
            yield Check("metrics", Verdict.OK, f"{settings.metrics.listen} is free for the daemon")


def _ready(address: tuple[str, int]) -> Check:
    connection = http.client.HTTPConnection(*address, timeout=_SECONDS)
    place = f"http://{connection.host}:{connection.port}"
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        text = response.read(_LONGEST).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        sentence = f"{place}/readyz does not answer: {error}"
        return Check("metrics", Verdict.WRONG, sentence, "see metrics_open in the daemon's log")
    finally:
        connection.close()
    if response.status == http.HTTPStatus.OK:
        return Check("metrics", Verdict.OK, f"{place}/metrics can be scraped, and the daemon is ready")
    return Check("metrics", Verdict.WARNING, f"the daemon is not ready: {text}", "see setpoint status")
