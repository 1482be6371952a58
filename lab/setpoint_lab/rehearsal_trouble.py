"""What may go wrong in the rehearsal at a word, and all that went wrong taken back; `poke` changes single guests."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from setpoint.model.errors import SetpointError
from setpoint_lab.rehearsal_folder import Folder
from setpoint_lab.rehearsal_world import NODES, ROLES, TOKEN, USER

Event = Mapping[str, Any]


def _permissions_taken() -> Sequence[Event]:
    path, _ = ROLES["SetpointGuests"]
    return [{"acl_taken": {"path": path, "ugid": who}} for who in (USER, TOKEN)]


def _everything_back() -> Sequence[Event]:
    """Calm, and every permission of the beginning: an emulator that was ended knows no more what it took."""
    granted = [(path, role, who) for role, (path, _) in ROLES.items() for who in (USER, TOKEN)]
    return [{"calm": {}}, *({"acl_given": {"path": p, "ugid": who, "role": r}} for p, r, who in granted)]


TROUBLES: Final[Mapping[str, tuple[str, Callable[[str], Sequence[Event]]]]] = {
    "node": ("{node} is switched off", lambda node: [{"node_offline": node}]),
    "network": (
        "nothing on the way to {node} is answered",
        lambda node: [{"packets_dropped": {"node": node}}],
    ),
    "permissions": ("the token has lost its role on /vms", lambda _: _permissions_taken()),
    "quorum": ("the cluster has lost its quorum", lambda _: [{"quorum": False}]),
    "calm": ("all is well again", lambda _: _everything_back()),
}
"""Name -> what it is in words, and the events of the emulator that make it, for a node."""


def trouble(root: Path, name: str, node: str | None) -> None:
    """Let a trouble come, or all of them go.

    Raises:
        SetpointError: there is no such node, or no rehearsal runs.
    """
    url, _ = Folder(root.absolute()).reach()
    chosen = node or NODES[-1]
    if chosen not in NODES:
        raise SetpointError(f"there is no node {chosen}", remedy=f"write {', '.join(NODES)}")
    words, events = TROUBLES[name]
    for event in events(chosen):
        _let_happen(url, event)
    click.echo(f"{words.format(node=chosen)}; look with: setpoint resync --all --wait; setpoint status")


def _let_happen(url: str, event: Event) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("POST", "/lab/events", json.dumps(event))
        response = connection.getresponse()
        content = response.read().decode(errors="replace")
    except OSError as error:
        raise SetpointError(
            f"{url} does not answer: {error}", remedy="start the rehearsal with setpoint lab"
        ) from error
    finally:
        connection.close()
    if response.status != HTTPStatus.OK:
        raise SetpointError(f"the emulator refuses: {content}")
