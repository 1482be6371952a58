"""The queue of deliveries and its worker: one attempt each, in order, and nothing more when it fails."""

from __future__ import annotations

import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from setpoint_lab.netbox.webhooks.payload import TemplateError, body_of, headers_of

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

ENDPOINT = "extras/webhooks"
JOB_SECONDS = 300.0
"""The longest that a job may take; a delivery has no other limit."""

LEFT_OUT = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
"""Headers that the client would add by itself."""


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery: by which webhook, and what is said."""

    webhook: int
    context: dict[str, Any]


@dataclass(slots=True)
class Queue:
    """What waits, how many workers there are and how many of them work, and how jobs ended."""

    jobs: deque[Job] = field(default_factory=deque[Job])
    workers: int = 1
    working: int = 0
    finished: int = 0
    failed: int = 0


def put(world: World, job: Job) -> None:
    """Let a job wait for a worker."""
    world.part(Queue).jobs.append(job)
    wake(world)


def wake(world: World) -> None:
    """Let workers that have nothing to do look for jobs."""
    queue = world.part(Queue)
    for _ in range(min(queue.workers - queue.working, len(queue.jobs))):
        queue.working += 1
        world.start(_work(world, queue))


async def _work(world: World, queue: Queue) -> None:
    try:
        while queue.jobs and queue.working <= queue.workers:
            if await _deliver(world, queue.jobs.popleft()):
                queue.finished += 1
            else:
                queue.failed += 1
    finally:
        queue.working -= 1


async def _deliver(world: World, job: Job) -> bool:
    webhook = world.row(ENDPOINT, job.webhook)
    if webhook is None:
        return False
    try:
        body = body_of(webhook, job.context)
        return await _send(webhook, headers_of(webhook, job.context, body), body)
    except (TemplateError, aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False


async def _send(webhook: Row, headers: dict[str, str], body: bytes) -> bool:
    timeout = aiohttp.ClientTimeout(total=JOB_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout, skip_auto_headers=LEFT_OUT) as session,
        session.request(
            str(webhook["http_method"]),
            str(webhook["payload_url"]),
            data=body,
            headers=headers,
            ssl=_trust(webhook),
        ) as response,
    ):
        return response.ok


def _trust(webhook: Row) -> ssl.SSLContext | bool:
    if not webhook.get("ssl_verification", True):
        return False
    path = webhook.get("ca_file_path")
    return ssl.create_default_context(cafile=str(path)) if path else True
