"""What the API shows of the queues; only superusers see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.access import refuse
from setpoint_lab.netbox.dispatch import READ_METHODS, ROUTES, Route
from setpoint_lab.netbox.request import Answer
from setpoint_lab.netbox.webhooks.queue import Queue

if TYPE_CHECKING:
    from setpoint_lab.netbox.access import Who
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.world import World

QUEUES = ("default", "high", "low")


def queues(world: World, who: Who | None, request: Request) -> Answer:
    """The queues of background jobs; webhooks are in the first.

    Raises:
        Refused: the user is no superuser.
    """
    if who is None or not who.user.get("is_superuser"):
        raise refuse()
    results = [_shown(world, request, index, name) for index, name in enumerate(QUEUES)]
    return Answer(200, {"count": len(results), "next": None, "previous": None, "results": results})


def _shown(world: World, request: Request, index: int, name: str) -> dict[str, Any]:
    workers = world.part(Queue).workers
    queue = world.part(Queue) if index == 0 else Queue()
    return {
        "name": name,
        "url": f"{request.base}/api/core/background-queues/{name}/",
        "jobs": len(queue.jobs),
        "oldest_job_timestamp": "-",
        "index": index,
        "scheduler_pid": "1",
        "workers": workers,
        "finished_jobs": queue.finished,
        "started_jobs": queue.working,
        "deferred_jobs": 0,
        "failed_jobs": queue.failed,
        "scheduled_jobs": 0,
    }


ROUTES["/api/core/background-queues/"] = Route(READ_METHODS, special=queues)
