"""One unit of work: all that a request changes, which comes about as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from setpoint_lab.netbox.cascades import doomed_with, forget, release
from setpoint_lab.netbox.changes import announce, log_change, show_all, write_change
from setpoint_lab.netbox.custom_fields import settle
from setpoint_lab.netbox.delivery import tell
from setpoint_lab.netbox.hooks import run_hooks
from setpoint_lab.netbox.relations import check_targets
from setpoint_lab.netbox.tagged import note_tags
from setpoint_lab.netbox.uniqueness import check_unique

if TYPE_CHECKING:
    from setpoint_lab.netbox.delivery import Happening
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, and by which request."""

    user: int | None
    user_name: str
    request_id: str
    method: str = ""
    path: str = ""


@dataclass(slots=True)
class Unit:
    """Changes the world and remembers how it was.

    Ids that were given stay given when the work is undone; that is what makes holes in the change log.
    """

    world: World
    author: Author
    message: str = ""
    _before: dict[tuple[str, int], Row | None] = field(default_factory=dict[tuple[str, int], "Row | None"])
    changes: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    going: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    happened: dict[tuple[str, int], Happening] = field(default_factory=dict[tuple[str, int], "Happening"])

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Commit, or undo everything when the block fails."""
        if kind is not None:
            self.rollback()
        elif not any(takes(self) for takes in COMMITTERS):
            self.commit()

    def put(self, endpoint: str, row: Row) -> None:
        """Write a row as it is: no checks, no change log, no time."""
        table = self.world.table(endpoint)
        self._before.setdefault((endpoint, row["id"]), table.rows.get(row["id"]))
        table.put(row)

    def drop(self, endpoint: str, number: int) -> None:
        """Take a row away, and nothing else."""
        table = self.world.table(endpoint)
        self._before.setdefault((endpoint, number), table.rows.get(number))
        table.remove(number)

    def save(self, model: Model, old: Row | None, new: Row) -> Row:
        """Check an object and write it with times and a change.

        Raises:
            Invalid: with errors by field.
        """
        self.check(model, old, new)
        return self.store(model, old, new)

    def check(self, model: Model, old: Row | None, new: Row) -> None:
        """Refuse what may not be saved; the new row gets its defaults.

        Raises:
            Invalid: with errors by field.
        """
        check_targets(self.world, model, old, new)
        settle(self.world, model, old, new)
        run_hooks(self, model.endpoint, "validate", old, new)
        check_unique(self.world, model, new)

    def store(self, model: Model, old: Row | None, new: Row, *, touch: bool = True) -> Row:
        """Write an object that needs no check, without `touch` as old as it was; gives what rules made of it."""
        run_hooks(self, model.endpoint, "before_save", old, new)
        if old is None:
            new["id"] = new["id"] or self.world.table(model.endpoint).allocate()
            new["created"] = self.world.now()
        if touch:
            new["last_updated"] = self.world.now()
        before = record(self.world, model, old) if old is not None else None
        self.put(model.endpoint, new)
        note_tags(self, model, old, new)
        write_change(
            self, model, "create" if old is None else "update", new, before, record(self.world, model, new)
        )
        run_hooks(self, model.endpoint, "after_save", old, new)
        return self.world.row(model.endpoint, new["id"]) or new

    def delete(self, model: Model, row: Row) -> None:
        """Delete an object, with what goes along, and write changes; all are there until each has been told of.

        Raises:
            Refused: others depend on it.
        """
        doomed = doomed_with(self.world, model, row)
        self.going |= {(each.endpoint, held["id"]) for each, held in doomed}
        for each, held in doomed:
            self._end(each, held["id"])
        for each, held in doomed:
            last = self.world.row(each.endpoint, held["id"]) or held
            self.drop(each.endpoint, held["id"])
            note_tags(self, each, last, None)
            forget(self, each, held["id"])
            run_hooks(self, each.endpoint, "dropped", last, None)

    def _end(self, model: Model, number: int) -> None:
        """Tell that an object goes; the log has it before what follows from it, others hear of it after."""
        row = self.world.table(model.endpoint).rows[number]
        before, shown = record(self.world, model, row), show_all(self.world, model, row)
        log_change(self, model, "delete", row, before, None)
        release(self, model, number)
        announce(self, model, "delete", row, before, None, data=shown)
        run_hooks(self, model.endpoint, "deleted", row, None)

    def rollback(self) -> None:
        """Undo everything but the giving of ids."""
        for (endpoint, number), row in self._before.items():
            if row is None:
                self.world.table(endpoint).remove(number)
            else:
                self.world.table(endpoint).put(row)

    def withdraw(self) -> list[tuple[str, int, Row | None]]:
        """Undo everything for now and give what `apply` needs to do it again: a commit that comes later."""
        after = [(endpoint, number, self.world.row(endpoint, number)) for endpoint, number in self._before]
        self.rollback()
        return after

    def commit(self) -> None:
        """Hand over what happened to whoever tells others."""
        tell(self.world, list(self.happened.values()))


COMMITTERS: list[Callable[[Unit], bool]] = []
"""Troubles that may take a commit over, by saying True: to withdraw the work and apply and commit it later."""


def apply(world: World, after: list[tuple[str, int, Row | None]]) -> None:
    """Let withdrawn work come about."""
    for endpoint, number, row in after:
        if row is None:
            world.table(endpoint).remove(number)
        else:
            world.table(endpoint).put(row)


def record(world: World, model: Model, row: Row) -> dict[str, Any]:
    """The data of an object for the change log."""
    return {each.name: each.record(world, row) for each in model.fields if each.logged and not each.hidden}


__all__ = ["Author", "Unit", "apply", "record"]
