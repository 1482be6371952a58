"""What `doctor` checks of inventories: whether each can be read from here, what it declares, what its system asks of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from setpoint.cli.doctor_apart import examined
from setpoint.cli.output import counted
from setpoint.cli.sheets import Beneath, beneath, remembered
from setpoint.inventories import examinations
from setpoint.model.errors import SetpointError
from setpoint.model.examine import Check, Verdict
from setpoint.model.kind import Kind
from setpoint.settings import Settings
from setpoint.sources.snapshot import Snapshot

Kinds = Mapping[str, Kind[Any, Any]]


async def with_inventories(settings: Settings, kinds: Kinds, base: Snapshot) -> tuple[Snapshot, list[Check]]:
    """The declarations with what inventories declare below them, and the checks of each; what was read last stands in."""
    try:
        made = examinations(settings, kinds)
    except SetpointError as error:
        return base, [_none(error)]
    # Beside the reading, for what keeps one from an answer keeps the other from it as long.
    tasks = {name: asyncio.create_task(examined(examine)) for name, examine in made.items()}
    snapshot, checks = await _read(settings, kinds, base)
    readable = {check.name for check in checks if check.verdict is Verdict.OK}
    for name, task in tasks.items():
        found, failure = await task
        # Why an inventory that cannot be read cannot be examined either was told just above.
        told = [*found, failure] if failure is not None and name in readable else found
        checks += [replace(check, name=f"{name} {check.name}") for check in told]
    return snapshot, checks


async def _read(settings: Settings, kinds: Kinds, base: Snapshot) -> tuple[Snapshot, list[Check]]:
    store = remembered(settings)
    try:
        async with beneath(settings, kinds, store, afresh=True) as sheets:
            snapshot = await sheets.below(base)
            return snapshot, [*_checks(sheets, snapshot)]
    except SetpointError as error:
        return base, [_none(error)]
    finally:
        if store is not None:
            store.close()


def _none(error: SetpointError) -> Check:
    return Check("inventories", Verdict.WRONG, error.message, error.remedy)


def _checks(sheets: Beneath, snapshot: Snapshot) -> Iterator[Check]:
    for name, state in sorted(sheets.states.items()):
        share = snapshot.shares[name]
        number = counted(share.sheets, "declaration")
        if state.good:
            yield Check(name, Verdict.OK, f"it can be read and gives {number}")
        else:
            yield Check(name, Verdict.WRONG, state.sentence, "what was read last counts meanwhile")
        if share.notes:
            first, *others = share.notes
            more = f" and {len(others)} more" if others else ""
            yield Check(name, Verdict.WARNING, f"{first}{more}", "setpoint status shows them all")
