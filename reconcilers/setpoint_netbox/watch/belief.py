"""Whether what a NetBox shows is believed: less than before is, as long as it is little or somebody was seen to take it away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from setpoint.model.inventory import DoubtError
from setpoint_netbox.api.line import Line
from setpoint_netbox.api.pages import changes
from setpoint_netbox.watch.changes import FIELDS, parse_change
from setpoint_netbox.watch.departures import Shrunk, hidden, shrunk
from setpoint_netbox.watch.known import Known, replaced
from setpoint_netbox.watch.views import Thing, View


@dataclass(frozen=True)
class Seen:
    """What a reading brought.

    Attributes:
        shown: every view that there is now.
        again: those of them that were read.
        gone: paths of what is proven to be deleted.
        explained: what was seen to change, so that it may stand elsewhere or nowhere.
    """

    shown: Mapping[str, View]
    again: Mapping[str, View]
    gone: frozenset[str] = frozenset()
    explained: frozenset[Thing] = frozenset()


async def believe(line: Line, known: Known, seen: Seen, approved: Callable[[str], bool]) -> None:
    """See that not too much is missing.

    Raises:
        DoubtError: that is so, and nobody approved it.
        NetBoxError: NetBox cannot be asked why.
    """
    # In a thread, for with ten thousand objects it takes longer than the loop may stand still.
    found = await asyncio.to_thread(_missing, known, seen)
    if found is None:
        found = await _hidden(line, known, seen)
    if found is not None and not approved(found.token):
        raise DoubtError(
            f"NetBox shows {found.after} of {found.before} {found.type} that it showed before, and nobody was seen to "
            "take the others away; what it showed before stays in force",
            remedy=f"see to the permissions of its token and to `select`, or believe it with setpoint approve {found.token}",
            token=found.token,
        )


def _missing(known: Known, seen: Seen) -> Shrunk | None:
    return shrunk(known.counted, seen.shown.keys() - replaced(known, seen.shown).keys(), seen.gone)


async def _hidden(line: Line, known: Known, seen: Seen) -> Shrunk | None:
    """What was taken away in the middle of the reading is told by a change that is there by now."""
    others = replaced(known, seen.again)
    again = {path: view for path, view in seen.again.items() if path not in others}
    found = await asyncio.to_thread(hidden, known.views, again, seen.explained)
    if found is None:
        return None
    rows = await changes(line, known.feed.start, (("fields", FIELDS),))
    return hidden(known.views, again, seen.explained | {parse_change(row).thing for row in rows})
