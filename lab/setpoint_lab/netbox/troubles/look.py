"""What of the troubles can be seen from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.control import COMMANDS
from setpoint_lab.netbox.troubles.commits import Held
from setpoint_lab.netbox.troubles.standing import standing
from setpoint_lab.netbox.webhooks.queue import Queue

if TYPE_CHECKING:
    from setpoint_lab.netbox.lab import Lab


async def _look(lab: Lab, _document: dict[str, Any]) -> dict[str, Any]:
    queue = lab.world.part(Queue)
    return {
        "held_commits": len(standing(lab.world, Held)),
        "waiting_webhooks": len(queue.jobs),
        "sending_webhooks": queue.working,
    }


COMMANDS["GET", "/lab/troubles"] = _look
