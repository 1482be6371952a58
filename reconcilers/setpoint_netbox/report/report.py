"""Takes in how things stand and has NetBox show it: what is right already costs no call, and what cannot be written is told again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from setpoint.model.standing import NotToldError, Standing
from setpoint_netbox.api.failures import DeniedError, GoneError, NetBoxError, RefusedError, StaleError
from setpoint_netbox.api.line import Line
from setpoint_netbox.report.absent import Absent
from setpoint_netbox.report.echoes import Echoes
from setpoint_netbox.report.fields import Values, decide, held_phase, wanted
from setpoint_netbox.report.objects import Object, object_of
from setpoint_netbox.report.pace import rest
from setpoint_netbox.report.scribe import Scribe
from setpoint_netbox.report.settings import WriteBack
from setpoint_netbox.report.writer import Held, Task, Writer, lacking

AGAIN: Final = 900.0
"""Seconds for which what NetBox refused is not asked of it again."""
ENOUGH: Final = 3
"""Refusals in a row after which the others are not even tried: it is not the object then."""
_INIT: Final = "run `setpoint netbox init`, which makes the custom fields and grants what is needed"
_log = structlog.stdlib.get_logger("setpoint.netbox")


@dataclass(frozen=True)
class Means:
    """What a report takes from outside.

    Attributes:
        estate: whose it is.
        line: the way to NetBox.
        shown: the custom fields that an object had when this process read it; None when it did not.
        reading: another object whenever that was read again.
        now: seconds since the epoch.
        chance: from 0 to 1.
    """

    estate: str
    line: Line
    shown: Callable[[str], Mapping[str, Any] | None]
    reading: Callable[[str], object]
    now: Callable[[], float]
    chance: Callable[[], float]


@dataclass(frozen=True)
class _Refused:
    """What was refused, and until when it is not tried again, in seconds of the clock."""

    until: float
    sentence: str


@dataclass(frozen=True)
class _Right:
    """What an object was last seen to hold of ours, and the reading of the inventory before that."""

    values: Values
    reading: object


@dataclass
class _Round:
    """What came of one call so far: the sheets that were not told, why, and how many writes that were."""

    untold: dict[str, str] = field(default_factory=dict[str, str])
    row: int = 0
    writes: int = 0


class Report:
    """Writes back into one NetBox; one standing after the other."""

    def __init__(self, settings: WriteBack, means: Means) -> None:
        """Prepare; nobody is asked yet."""
        self._names = settings.fields
        self._means = means
        self._echoes = Echoes(time.monotonic)
        self._writer = Writer(means.line, self._echoes, means.chance)
        self._scribe = Scribe(means.line, self._echoes, means.estate, settings.journal, means.now)
        self._right: dict[str, _Right] = {}
        self._refused: dict[str, _Refused] = {}
        self._absent = Absent()
        self._silent: _Refused | None = None

    def is_ours(self, request_id: str) -> bool:
        """Whether we made the call with this id ourselves."""
        return self._echoes.is_ours(request_id)

    async def tell(self, standings: Sequence[Standing]) -> None:
        """Have NetBox show how these stand.

        Raises:
            NotToldError: it does not take in some of them.
            NetBoxError: it takes in nothing now.
        """
        done = _Round()
        for standing in standings:
            thing = object_of(standing.path)
            if thing is not None:
                begun = time.monotonic()
                if await self._one(standing, thing, done):
                    await asyncio.sleep(rest(time.monotonic() - begun))
        if done.writes:
            _log.info("written_back", writes=done.writes, standings=len(standings))
        if done.untold:
            raise NotToldError(_summary(done.untold), done.untold.keys())

    async def _one(self, standing: Standing, thing: Object, done: _Round) -> bool:
        """Whether NetBox was asked anything."""
        target = self._target(standing, thing, done)
        refused = self._refused.get(standing.path)
        if refused is not None and time.monotonic() < refused.until:
            done.untold[standing.path] = refused.sentence
            return False
        if self._is_right(standing, thing, target) and not self._has_news(standing, None, done):
            return False
        try:
            await self._write(standing, thing, target, done)
        except GoneError:
            # Whatever is hidden or gone shows nobody anything; should it come back, it is another standing.
            self._right.pop(standing.path, None)
        except (DeniedError, RefusedError, StaleError) as error:
            self._refuse(standing, error, done)
        else:
            done.row = 0
            self._refused.pop(standing.path, None)
        return True

    def _target(self, standing: Standing, thing: Object, done: _Round) -> Values:
        """What is to be written, without the fields that are known to be missing."""
        target = wanted(standing, self._names)
        absent = self._absent.among(thing.type, target, time.monotonic())
        if absent and thing.main:
            done.untold[standing.path] = _missing(thing.type, absent)
        return {name: value for name, value in target.items() if name not in absent}

    def _is_right(self, standing: Standing, thing: Object, target: Values) -> bool:
        """Whether NetBox shows it, as far as is known.

        The inventory does not read again at once what we wrote. So that counts until it does: then somebody may have written
        after us, or a race or a backup may have taken back what we wrote.
        """
        right = self._right.get(standing.path)
        held: Mapping[str, Any] | None
        if right is not None and right.reading is self._means.reading(thing.view):
            held = right.values
        else:
            held = self._means.shown(thing.view)
        if held is None:
            return not target
        patch = decide(target, held, self._names.message)
        return not patch.changes and not patch.missing

    async def _write(self, standing: Standing, thing: Object, target: Values, done: _Round) -> None:
        # Before the look, for what is read beside it may be older than what is written.
        reading = self._means.reading(thing.view)
        held = await self._writer.read(thing.path)
        # Before the phase, for what NetBox shows tells after a kill whether the end of a failure is to be told.
        if self._has_news(standing, held_phase(held.fields, self._names), done):
            await self._journal(standing, thing, done)
        note = f"Setpoint {self._means.estate}: {standing.phase}"
        task = Task(thing.path, target, self._names.message, note)
        try:
            patch = await self._writer.write(task, held)
        except RefusedError as refused:
            gone = lacking(refused, target.keys())
            if not gone:
                raise
            # Removed between the look and the write.
            left = Held({name: one for name, one in held.fields.items() if name not in gone}, held.etag)
            patch = await self._writer.write(task, left)
        done.writes += bool(patch.changes)
        self._note(standing, thing, target, patch.missing, done)
        self._right[standing.path] = _Right(
            {name: value for name, value in target.items() if name not in patch.missing}, reading
        )

    def _has_news(self, standing: Standing, before: str | None, done: _Round) -> bool:
        """Whether the journal is to be seen to, and is not known to refuse that."""
        if not self._scribe.concerns(standing, before):
            return False
        if self._silent is None or time.monotonic() >= self._silent.until:
            return True
        done.untold[standing.path] = self._silent.sentence
        return False

    async def _journal(self, standing: Standing, thing: Object, done: _Round) -> None:
        """A journal that cannot be written is no reason to leave the custom fields as they are."""
        try:
            done.writes += await self._scribe.write(standing, thing)
        except (DeniedError, RefusedError) as error:
            self._silent = _Refused(time.monotonic() + AGAIN, str(error))
            done.untold[standing.path] = str(error)
        else:
            self._silent = None

    def _note(
        self, standing: Standing, thing: Object, target: Values, missing: frozenset[str], done: _Round
    ) -> None:
        fresh = self._absent.learn(thing.type, target, missing, time.monotonic() + AGAIN)
        if missing and thing.main:
            done.untold[standing.path] = _missing(thing.type, missing)
        if fresh and thing.main:
            _log.warning("custom_fields_missing", type=thing.type, fields=sorted(fresh), remedy=_INIT)

    def _refuse(self, standing: Standing, error: NetBoxError, done: _Round) -> None:
        """Leave it for a while; after several in a row it is not the objects, and nothing else is tried.

        Raises:
            NetBoxError: that is so.
        """
        busy = isinstance(error, StaleError)
        sentence = f"others write {standing.path} all the time" if busy else str(error)
        self._refused[standing.path] = _Refused(time.monotonic() + (0.0 if busy else AGAIN), sentence)
        done.untold[standing.path] = sentence
        done.row += not busy
        if done.row >= ENOUGH:
            raise error


def _missing(kind: str, names: frozenset[str]) -> str:
    return f"{kind} has no custom field {', '.join(sorted(names))}; {_INIT}"


def _summary(untold: Mapping[str, str]) -> str:
    """The first sentence, and how many more there are."""
    (path, sentence), more = next(iter(untold.items())), len(untold) - 1
    return f"{path}: {sentence}" + (f", and {more} more" if more else "")
