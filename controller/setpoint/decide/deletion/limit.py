"""No more than a few of a kind on a target are deleted in a day, whatever removed them; the rest waits for a person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from setpoint.decide.deletion.weighed import Verdict, Weighed, listed
from setpoint.model.hold import Hold, Rule
from setpoint.model.tombstone import Phase, Tombstone

DAY: Final = 86400.0
"""Seconds over which deletions are counted."""
LEAST: Final = 3
"""So many may always go."""
SHARE: Final = 10
"""One in so many may go."""


def allowance(inventory: int) -> int:
    """How many of so many objects may go in a day."""
    return max(LEAST, inventory // SHARE)


def judge(group: Iterable[Tombstone], inventory: int, approved: Callable[[str], bool], now: float) -> Verdict:
    """Let go what the allowance bears, all or nothing.

    Of a group that has grown too large, those that were let go within the day and are not being destroyed yet are
    held again: the first three of a wave belong to it as much as the last.
    """
    group = tuple(group)
    pending = [one for one in group if one.active and not one.let_go_at]
    recent = [one for one in group if one.phase is not Phase.KEPT and one.let_go_at > now - DAY]
    if not pending:
        return _free((), len(recent), inventory)
    counted = len(pending) + len(recent)
    if counted <= allowance(inventory):
        return _free((replace(one, let_go_at=now) for one in pending), counted, inventory)
    again = [one for one in recent if one.active and not one.approved and one.phase is not Phase.DESTROYING]
    whole = sorted((*pending, *again), key=lambda one: one.key)
    token = token_of(whole)
    if approved(token):
        freed = (replace(one, let_go_at=one.let_go_at or now, approved=token) for one in whole)
        return _free(freed, counted, inventory)
    held = {one.key: replace(one, let_go_at=0.0) for one in whole}
    return Verdict((), held, listed(held), token, counted, inventory)


def _free(let_go: Iterable[Tombstone], counted: int, inventory: int) -> Verdict:
    return Verdict(tuple(let_go), {}, "", "", counted, inventory)


def token_of(tombstones: Iterable[Tombstone]) -> str:
    """Names exactly these removals; one more, one less or one of another version is another set."""
    rows = sorted([str(one.key), str(one.target), one.version, one.left_at] for one in tombstones)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12]


def limit(weighed: Weighed) -> Hold | None:
    """Hold the tombstone while it belongs to a set that is too large."""
    verdict = weighed.verdict
    if weighed.key not in verdict.held:
        return None
    why = (
        f"{verdict.counted} of {verdict.inventory} {weighed.key.kind} on {weighed.tombstone.target} would be deleted "
        f"within a day, more than {allowance(verdict.inventory)}: {verdict.names}"
    )
    release = f"declare again what should stay, or let just these go: setpoint approve {verdict.token}"
    return Hold(Rule.DELETION_LIMIT, why, release, token=verdict.token)
