"""The control plane: what tests and the rehearsal do to an emulator from outside its API, below /lab/ on its port.

The commands are described in the README of the lab.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.envelope import Answer, plain_json
from setpoint_lab.proxmox.events import EVENTS
from setpoint_lab.proxmox.snapshot import write_state
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from setpoint_lab.proxmox.dispatch import Request
    from setpoint_lab.proxmox.lab import Lab

Document = dict[str, Any]
Command = Callable[["Lab", Document], Awaitable[Document | list[object]]]

BAD_REQUEST = 400
NOT_IMPLEMENTED = 501


class UnknownEventError(LookupError):
    """No such event can be let happen here."""


async def control(lab: Lab, request: Request) -> Answer:
    """Carry out a command; `{"error": text}` with 400 for one that cannot be, with 501 for an unknown event."""
    command = COMMANDS.get((request.method, request.target.partition("?")[0]))
    if command is None:
        return _refuse(f"{request.method} {request.target} is no command")
    try:
        document = json.loads(request.body or b"{}")
    except ValueError as error:
        return _refuse(f"the body is no JSON: {error}")
    if not is_object(document):
        return _refuse("the body must be a JSON object")
    try:
        return plain_json(await command(lab, document))
    except UnknownEventError as error:
        return _refuse(str(error), NOT_IMPLEMENTED)
    except (KeyError, ValueError, StopIteration) as error:
        return _refuse(f"{type(error).__name__}: {error}")


def _refuse(text: str, status: int = BAD_REQUEST) -> Answer:
    return plain_json({"error": text}, status)


async def _put_state(lab: Lab, document: Document) -> Document:
    world = lab.replace(document)
    users = world.access.users.values()
    return {
        "tokens": {
            f"{user.userid}!{name}": token.secret for user in users for name, token in user.tokens.items()
        }
    }


async def _get_state(lab: Lab, _document: Document) -> Document:
    return write_state(lab.world)


async def _advance(lab: Lab, document: Document) -> Document:
    clock = lab.world.clock
    seconds = float(document["to"]) - clock.now() if "to" in document else float(document["advance"])
    if seconds > 0 or "advance" in document:
        await clock.advance(seconds)
    return await _get_clock(lab, document)


async def _get_clock(lab: Lab, _document: Document) -> Document:
    clock = lab.world.clock
    return {"now": clock.now(), "virtual": clock.virtual, "next_due": clock.next_due()}


async def _finish(lab: Lab, _document: Document) -> Document:
    return {"running": await lab.finish_tasks()}


async def _happen(lab: Lab, document: Document) -> Document:
    unknown = [kind for kind in document if kind not in EVENTS]
    if unknown:
        raise UnknownEventError(f"{unknown[0]} is no kind of event; there are {', '.join(sorted(EVENTS))}")
    for kind, spec in document.items():
        await EVENTS[kind](lab.world, spec if is_object(spec) else {"value": spec})
    return {}


async def _get_ledger(lab: Lab, _document: Document) -> list[object]:
    return [asdict(effect) for effect in lab.world.ledger.effects]


async def _get_effects(lab: Lab, _document: Document) -> list[object]:
    return [asdict(happened) for happened in lab.world.effects.all]


COMMANDS: dict[tuple[str, str], Command] = {
    ("POST", "/lab/state"): _put_state,
    ("GET", "/lab/state"): _get_state,
    ("POST", "/lab/clock"): _advance,
    ("GET", "/lab/clock"): _get_clock,
    ("POST", "/lab/tasks/finish"): _finish,
    ("POST", "/lab/events"): _happen,
    ("GET", "/lab/ledger"): _get_ledger,
    ("GET", "/lab/effects"): _get_effects,
}
