"""Deploys without a daemon: the engine itself, over a copy of what is remembered, for the chosen hosts and nothing else."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from setpoint.cli.engine import layered
from setpoint.machine import own_ids
from setpoint.model.errors import StateError
from setpoint.model.key import Key
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.settings import Settings
from setpoint.sources.directory import DirectorySource
from setpoint.store.lock import StateInUseError, StateLock
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.surface.answers import Answers
from setpoint.surface.bodies import OrderBody, OrderQuery, StatusQuery
from setpoint.surface.orders import OrderAnswers
from setpoint.systems import installed_kinds
from setpoint_nixos.verbs.follow import Following

Choose = Callable[[Sequence[dict[str, Any]]], list[str]]
"""The keys that are meant, of the rows of all that is declared."""


async def deploy_alone(
    settings: Settings, folder: Path, choose: Choose, order: dict[str, Any], *, boots: bool
) -> tuple[list[Any], Following]:
    """Carry out an order for what a folder declares: its members at the end, and who followed them.

    Raises:
        StateError: a daemon does so already.
        SetpointError: the folder or the store cannot be read, or nothing is meant.
    """
    with _to_ourselves(settings):
        async with _running(settings, folder) as supervisor:
            keys = choose((await Answers(supervisor).status(StatusQuery()))["resources"])
            estate = supervisor.estate
            estate.only = _with_needs(estate, [Key.parse(key) for key in keys])
            orders = OrderAnswers(supervisor)
            body = OrderBody.model_validate({"keys": keys, **order})
            placed = await orders.place(body, getpass.getuser())
            await supervisor.resync(sorted(estate.only - set(map(Key.parse, keys))), getpass.getuser())
            following = Following(lambda: orders.tell(OrderQuery(id=placed["id"])), boots=boots)
            deadline = asyncio.get_running_loop().time() + body.seconds
            return await following.until(deadline), following


def _to_ourselves(settings: Settings) -> ExitStack:
    """The state directory, where there is one: a daemon that has it would work against us."""
    with ExitStack() as stack:
        if settings.state.is_dir():
            try:
                stack.enter_context(StateLock(settings.state))
            except StateInUseError as error:
                raise StateError(
                    error.message, remedy="have that daemon deploy: leave out --source"
                ) from None
        return stack.pop_all()


@asynccontextmanager
async def _running(settings: Settings, folder: Path) -> AsyncGenerator[Supervisor]:
    """The engine, which has read the folder and looks at nothing yet. What it remembers is gone afterwards."""
    store = Store.copy_in_memory(settings.database_path) or Store.in_memory()
    estate = Estate(
        settings.estate,
        installed_kinds(settings.work),
        store,
        StoreInline(),
        Ports(),
        caution=settings.caution(own_ids(os.environ)),
        only=frozenset(),
    )
    try:
        async with layered(settings, estate, DirectorySource(folder)) as source:
            # Without its inventories, which would be told from a copy of what is remembered.
            supervisor = Supervisor(estate, source)
            async with _served(supervisor):
                yield supervisor
    finally:
        store.close()


@asynccontextmanager
async def _served(supervisor: Supervisor) -> AsyncGenerator[None]:
    """Have it run for the length of the block, which begins once it has read the declarations."""
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop, ready=ready.set))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        source = supervisor.estate.source
        if not source.good:
            raise StateError(source.sentence, remedy="mend it: setpoint validate tells every mistake")
        yield
    finally:
        waiting.cancel()
        stop.set()
        await running


def _with_needs(estate: Estate, keys: Sequence[Key]) -> frozenset[Key]:
    """The keys with all that they need and that is only looked at, such as the machines below; nothing else is changed."""
    found, left = set(keys), list(keys)
    while left:
        for needed in estate.resources[left.pop()].references:
            resource = estate.resources.get(needed)
            if resource is not None and needed not in found and not estate.kinds[needed.kind].acts:
                found.add(needed)
                left.append(needed)
    return frozenset(found)
