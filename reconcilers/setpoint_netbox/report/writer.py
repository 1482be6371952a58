"""Writes custom fields of one object so that nothing that others write meanwhile is lost: read, decide, write if it is unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from setpoint_netbox.api.failures import Call, RefusedError, StaleError, no_netbox
from setpoint_netbox.api.line import Line
from setpoint_netbox.report.echoes import Echoes
from setpoint_netbox.report.fields import Patch, Values, decide
from setpoint_netbox.watch.types import field_of

TRIES: Final = 4
"""How often an object is read that others write meanwhile."""
JITTER: Final = 0.5
"""Seconds of pause before it is read again, at most."""


@dataclass(frozen=True)
class Task:
    """What is to become of one object.

    Attributes:
        path: of the object, below `/api/`.
        target: what its custom fields are to be.
        message: that for the sentence, if any.
        note: what NetBox's changelog is to say.
    """

    path: str
    target: Values
    message: str | None
    note: str


@dataclass(frozen=True)
class Held:
    """An object as it was read: its custom fields, and the state that a write may name."""

    fields: Mapping[str, Any]
    etag: str


@dataclass(frozen=True)
class Writer:
    """Writes through `line`; what it wrote is known to `echoes`."""

    line: Line
    echoes: Echoes
    chance: Callable[[], float]

    async def read(self, path: str) -> Held:
        """The object's custom fields now.

        Raises:
            NetBoxError: they cannot be read.
        """
        answer = await self.line.send("GET", path, (("fields", "id,custom_fields"),))
        held: Any = field_of(answer.data, "custom_fields")
        if not isinstance(held, dict):
            raise no_netbox(Call("GET", path, self.line.access.url), "no object with custom fields")
        return Held(cast("dict[str, Any]", held), answer.etag)

    async def write(self, task: Task, held: Held) -> Patch:
        """Have the object hold what it is to; what was written, and which fields there are none of.

        Raises:
            StaleError: others write it all the time.
            NetBoxError: it cannot be written; it may have been all the same, which the next look tells.
        """
        texts: set[str] = set()
        tries = 1
        while (patch := decide(task.target, held.fields, task.message, texts)).changes:
            try:
                await self._send(task, patch, held)
                break
            except StaleError:
                if tries == TRIES:
                    raise
                tries += 1
                await asyncio.sleep(JITTER * self.chance())
                held = await self.read(task.path)
            except RefusedError as refused:
                wrong = _not_texts(refused, patch.changes) - texts
                if not wrong:
                    raise
                texts |= wrong
        return patch

    async def _send(self, task: Task, patch: Patch, held: Held) -> None:
        body = {"custom_fields": dict(patch.changes), "changelog_message": task.note}
        # Before 4.6 NetBox tells no state; it merges by field, so at worst others' write of the same moment is lost there.
        headers = {"If-Match": held.etag} if held.etag else {}
        # Without `fields`, which would have NetBox take in no other field either.
        answer = await self.line.send("PATCH", task.path, (), body, headers)
        self.echoes.note(answer.request)


def _not_texts(refused: RefusedError, changes: Values) -> set[str]:
    """Numbers that were refused because their field holds text."""
    said = " ".join(text for texts in refused.fields.values() for text in texts)
    return {
        name
        for name, value in changes.items()
        if isinstance(value, int) and f"'{name}': Value must be a string" in said
    }


def lacking(refused: RefusedError, names: Collection[str]) -> frozenset[str]:
    """Custom fields that NetBox says are none of the object's."""
    said = " ".join((*refused.fields, *(text for texts in refused.fields.values() for text in texts)))
    return frozenset(name for name in names if f"'{name}' does not exist" in said)
