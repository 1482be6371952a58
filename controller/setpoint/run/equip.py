"""What an act works with beside its own target: keys, and the clients of other targets that its declaration names."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from setpoint.model.errors import RefusalError, SettingsError, TransportError
from setpoint.model.key import Key
from setpoint.model.reference import Name
from setpoint.model.secret import Secret
from setpoint.run.desk import Desk, Pass
from setpoint.secrets import resolve_secret


def key_of(now: Pass) -> Callable[[str], Secret]:
    """Reads a key by its name when it is asked for: whatever needs none is not kept from going on."""

    def key(name: str) -> Secret:
        with _nothing_done():
            return resolve_secret(now.kind.keys(now.spec)[name])

    return key


def way_of(desk: Desk, now: Pass) -> Callable[[str], Any]:
    """Gives the client of another target, of its own lane: its budgets and breakers count for whoever goes there."""

    def way(text: str) -> Any:
        name = next(each for each in now.kind.ways(now.spec) if each == text)
        target = _target(desk, now, name)
        lane = desk.lane_at(target) if target is not None else None
        if lane is None:
            raise TransportError(
                f"{name.kind}/{name} is not in force, and {now.owner.key} needs it",
                remedy="see setpoint status for why",
            )
        with _nothing_done():
            return lane.client()

    return way


@contextmanager
def _nothing_done() -> Generator[None]:
    """The intent is in the journal by now: it is taken back after an error that says that nothing was done."""
    try:
        yield
    except SettingsError as error:
        raise RefusalError(error.message, remedy=error.remedy) from error


def ways_of(desk: Desk, now: Pass) -> frozenset[Key]:
    """The other targets that acts go to."""
    found = (_target(desk, now, name) for name in now.kind.ways(now.spec))
    return frozenset(target for target in found if target is not None)


def _target(desk: Desk, now: Pass, name: Name) -> Key | None:
    return desk.spaces.find(name, now.owner.key, now.resource.references)
