"""What `doctor` checks of inventories: whether each can be read from here, and what it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from setpoint.cli.output import counted
from setpoint.cli.sheets import Beneath, beneath, remembered
from setpoint.model.errors import SetpointError
from setpoint.model.examine import Check, Verdict
from setpoint.model.kind import Kind
from setpoint.settings import Settings
from setpoint.sources.snapshot import Snapshot


async def with_inventories(
    settings: Settings, kinds: Mapping[str, Kind[Any, Any]], base: Snapshot
) -> tuple[Snapshot, list[Check]]:
    """The declarations with what inventories declare below them, and a check of each; what was read last stands in."""
    store = remembered(settings)
    try:
        async with beneath(settings, kinds, store, afresh=True) as sheets:
            snapshot = await sheets.below(base)
            return snapshot, [*_checks(sheets, snapshot)]
    except SetpointError as error:
        return base, [Check("inventories", Verdict.WRONG, error.message, error.remedy)]
    finally:
        if store is not None:
            store.close()


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
