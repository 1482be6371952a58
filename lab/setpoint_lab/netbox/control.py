"""The control plane: what tests and the rehearsal do to the emulator from outside its API, below /lab/."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.events import EVENTS
from setpoint_lab.netbox.request import Answer
from setpoint_lab.netbox.state import token_values, write_state
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.lab import Lab
    from setpoint_lab.netbox.request import Request

Document = dict[str, Any]
Command = Callable[["Lab", Document], Awaitable[Document]]

BAD_REQUEST = 400
NOT_IMPLEMENTED = 501


class UnknownEventError(LookupError):
    """No such event can be let happen here."""


async def control(lab: Lab, request: Request) -> Answer:
    """Carry out a command; `{"error": text}` with 400 for one that cannot be, with 501 for an unknown event."""
    command = COMMANDS.get((request.method, request.path))
    if command is None:
        return Answer(BAD_REQUEST, {"error": f"{request.method} {request.path} is no command"})
    try:
        document = json.loads(request.body or b"{}")
        if not is_object(document):
            return Answer(BAD_REQUEST, {"error": "the body must be a JSON object"})
        return Answer(200, await command(lab, document))
    except UnknownEventError as error:
        return Answer(NOT_IMPLEMENTED, {"error": str(error)})
    except (KeyError, TypeError, ValueError) as error:
        return Answer(BAD_REQUEST, {"error": f"{type(error).__name__}: {error}"})


async def _put_state(lab: Lab, document: Document) -> Document:
    return {"tokens": token_values(lab.replace(document))}


async def _get_state(lab: Lab, _document: Document) -> Document:
    return write_state(lab.world)


async def _advance(lab: Lab, document: Document) -> Document:
    world = lab.world
    seconds = float(document["to"]) - world.seconds() if "to" in document else float(document["advance"])
    if seconds > 0 or "advance" in document:
        await world.clock.advance(seconds)
    return await _get_clock(lab, document)


async def _get_clock(lab: Lab, _document: Document) -> Document:
    clock = lab.world.clock
    return {"now": lab.world.seconds(), "virtual": clock.virtual, "next_due": clock.next_due()}


async def _happen(lab: Lab, document: Document) -> Document:
    unknown = [kind for kind in document if kind not in EVENTS]
    if unknown:
        raise UnknownEventError(f"{unknown[0]} is no kind of event; there are {', '.join(sorted(EVENTS))}")
    for kind, spec in document.items():
        await EVENTS[kind](lab.world, spec if is_object(spec) else {"value": spec})
    return {}


COMMANDS: dict[tuple[str, str], Command] = {
    ("POST", "/lab/state"): _put_state,
    ("GET", "/lab/state"): _get_state,
    ("POST", "/lab/clock"): _advance,
    ("GET", "/lab/clock"): _get_clock,
    ("POST", "/lab/events"): _happen,
}
"""Commands by method and path; other modules add theirs."""
