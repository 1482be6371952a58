"""From what happened to deliveries: the event rules that it meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.delivery import LISTENERS
from setpoint_lab.netbox.webhooks.conditions import meets
from setpoint_lab.netbox.webhooks.payload import EVENTS, context_of
from setpoint_lab.netbox.webhooks.queue import Job
from setpoint_lab.netbox.webhooks.way import pass_on

if TYPE_CHECKING:
    from setpoint_lab.netbox.delivery import Happening
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

ENDPOINT = "extras/event-rules"
WEBHOOK = "extras.webhook"


def deliver(world: World, happened: list[Happening]) -> None:
    """Queue a delivery for every rule that an event meets."""
    rules = sorted(world.table(ENDPOINT).rows.values(), key=lambda row: int(row["id"]))
    for each in happened:
        for rule in rules:
            if _concerns(rule, each) and meets(rule.get("conditions"), each.data):
                pass_on(world, Job(int(rule["action_object_id"]), context_of(world, each)))


def _concerns(rule: Row, happened: Happening) -> bool:
    return (
        bool(rule.get("enabled", True))
        and rule.get("action_object_type") == WEBHOOK
        and rule.get("action_object_id") is not None
        and happened.type in rule["object_types"]
        and f"object_{EVENTS[happened.action]}" in rule["event_types"]
    )


LISTENERS.append(deliver)
