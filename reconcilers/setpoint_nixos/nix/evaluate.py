"""From a flake at a revision to the system of a host: each host in a process of its own, and never twice the same."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from time import time
from typing import Any, Final, cast

from setpoint_nixos.nix import commands, read
from setpoint_nixos.nix.events import Told
from setpoint_nixos.nix.failures import EvaluationError
from setpoint_nixos.nix.flake_url import Pinned
from setpoint_nixos.nix.revision_only import Stamp, Stamped
from setpoint_nixos.nix.run import Bounds, Nix
from setpoint_nixos.nix.workshop import Work, Workshop

BOUNDS: Final = Bounds(timedelta(minutes=10), 2 << 30)
"""Enough for a large system of nixpkgs."""
_ASKING: Final = Bounds(timedelta(seconds=30))
_KEPT: Final = timedelta(days=30)
_MOST: Final = 20_000
"""Evaluations that are remembered, a block of the disk each."""


@dataclass(frozen=True)
class Wanted:
    """Which system is asked for.

    Attributes:
        inputs: flakes that take the place of inputs of this one, by the name of the input, e.g. a data slice.
        slice_digest: what those inputs hold, so that two with the same content are the same.
    """

    flake: Pinned
    host: str
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])
    slice_digest: str = ""


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation gave; `remembered` when no process was started for it."""

    system: read.System
    remembered: bool


class Evaluations:
    """Evaluates, and remembers what came of it in a folder; errors are never remembered.

    Args:
        nix: whose store takes the derivations.
        folder: of what is remembered, ours alone.
        workshop: whose places for evaluating are taken.
        bounds: of each process.
    """

    def __init__(self, nix: Nix, folder: Path, workshop: Workshop, bounds: Bounds = BOUNDS) -> None:
        self._nix = nix
        self._memory = _Memory(folder)
        self._workshop = workshop
        self._bounds = bounds
        self._version = ""
        self._asking = asyncio.Lock()
        self._turns: dict[str, asyncio.Lock] = {}

    async def evaluate(self, wanted: Wanted) -> Evaluated:
        """The system.

        Raises:
            EvaluationError: the flake does not give it, with the cause in Nix's words.
            OverdueError: it takes too long.
            MissingError: there is no Nix on this machine.
        """
        key = self._key(wanted, await self._asked_version())
        # Who wants the same waits for the one that is at it, and finds it remembered.
        turn = self._turns.setdefault(key, asyncio.Lock())
        try:
            async with turn:
                found = await asyncio.to_thread(self._memory.recall, key)
                if found is not None:
                    return Evaluated(found, remembered=True)
                system = await self._process(wanted)
                stamp = Stamp(wanted.flake.revision, wanted.flake.committed)
                await asyncio.to_thread(self._memory.remember, key, system, stamp)
                return Evaluated(system, remembered=False)
        finally:
            if not turn.locked():
                self._turns.pop(key, None)

    async def origin(self, out: str) -> Stamped | None:
        """Of what a system was made here; None when that is not remembered."""
        return await asyncio.to_thread(self._memory.origin, out)

    async def forget(self, system: read.System) -> None:
        """Evaluate anew whatever gave this system: its derivation was collected as garbage, say."""
        await asyncio.to_thread(self._memory.forget, system)

    async def prune(self, older: timedelta = _KEPT) -> int:
        """Forget what nobody asked for in that time; how many."""
        return await asyncio.to_thread(self._memory.prune, older)

    def _key(self, wanted: Wanted, version: str) -> str:
        flake = wanted.flake
        parts = (flake.identity, flake.folder, wanted.host, wanted.slice_digest, version, self._nix.store)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    async def _asked_version(self) -> str:
        async with self._asking:  # all hosts ask at once when the daemon starts
            if not self._version:
                ended = await self._nix.run(commands.VERSION, _ASKING)
                self._version = str(read.version(ended.output))
        return self._version

    async def _process(self, wanted: Wanted) -> read.System:
        reference = commands.system_of(wanted.flake.reference, wanted.host)
        told = Told()
        async with self._workshop.place(Work.EVALUATING):
            command = commands.evaluate(reference, wanted.inputs)
            ended = await self._nix.run(command, self._bounds, heard=told.take)
        if told.unmatched:
            raise _untaken(wanted)
        if ended.code:
            raise self._error(wanted, told.cause)
        # What belongs to a slice is fixed by its digest.
        if loose := sorted(name for name in told.unlocked if name.partition("/")[0] not in wanted.inputs):
            raise _unlocked(wanted, f"its inputs {', '.join(loose)} are")
        try:
            return read.system(ended.output)
        except ValueError as error:
            raise EvaluationError(f"the evaluation of {wanted.host} gives no system: {error}") from error

    def _error(self, wanted: Wanted, cause: str) -> EvaluationError:
        where = f"at revision {wanted.flake.revision[:12]}"
        if "out of memory" in cause.lower() and self._bounds.memory is not None:
            return EvaluationError(
                f"the evaluation of {wanted.host} {where} needs more than {self._bounds.memory >> 20} MiB of memory",
                remedy="make the configuration lighter, e.g. import nixpkgs once and not per module",
            )
        if "does not provide attribute" in cause and f'nixosConfigurations."{wanted.host}"' in cause:
            return EvaluationError(
                f"the flake {where} has no nixosConfigurations.{wanted.host}",
                remedy="add it, or name another configuration of the flake",
            )
        if "lock file" in cause and (
            "cannot write modified" in cause or "requires lock file changes" in cause
        ):
            return _unlocked(wanted, "some of its inputs are")
        return EvaluationError(
            f"{wanted.host} cannot be evaluated {where}: {cause}",
            remedy="what runs stays as it is; correct the configuration",
        )


def _unlocked(wanted: Wanted, which: str) -> EvaluationError:
    return EvaluationError(
        f"the flake at revision {wanted.flake.revision[:12]} would be another one every day: {which} not in flake.lock",
        remedy="run nix flake lock and commit flake.lock",
    )


def _untaken(wanted: Wanted) -> EvaluationError:
    names = ", ".join(wanted.inputs)
    return EvaluationError(
        f"the flake at revision {wanted.flake.revision[:12]} takes no data: it has no input {names}",
        remedy=f'add `inputs.{names}.follows = "setpoint";` to it and commit flake.lock, or declare no data',
    )


@dataclass(frozen=True)
class _Memory:
    """A file per evaluation, read and written whole; whatever is wrong with one, it is as if it were not there."""

    folder: Path

    def recall(self, key: str) -> read.System | None:
        place = self._place(key)
        try:
            text = place.read_text()
            found = read.system(text)
            if cast("dict[str, Any]", json.loads(text)).get("key") == key:
                place.touch()
                return found
        except (OSError, ValueError):
            pass
        with suppress(OSError):
            place.unlink()
        return None

    def remember(self, key: str, system: read.System, stamp: Stamp) -> None:
        """Whole or not at all; a folder that cannot be written costs time and nothing else."""
        place = self._place(key)
        half = place.with_name(f"{place.name}.{token_hex(4)}")
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            half.write_text(json.dumps({"key": key, **asdict(system), **asdict(stamp)}))
            half.rename(place)

    def origin(self, out: str) -> Stamped | None:
        for place in self.folder.glob("*.json"):
            with suppress(OSError, ValueError, KeyError):
                text = place.read_text()
                if out in text and (found := read.system(text)).out == out:
                    told = cast("dict[str, Any]", json.loads(text))
                    return Stamped(found.drv, Stamp(told["revision"], told["committed"]))
        return None

    def forget(self, system: read.System) -> None:
        for place in self.folder.glob("*.json"):
            with suppress(OSError, ValueError):
                if read.system(place.read_text()) == system:
                    place.unlink()

    def prune(self, older: timedelta) -> int:
        limit, gone = time() - older.total_seconds(), 0
        ages: list[tuple[float, Path]] = []
        for place in self.folder.glob("*.json*"):
            with suppress(OSError):
                ages.append((place.stat().st_mtime, place))
        for number, (at, place) in enumerate(sorted(ages, reverse=True)):
            with suppress(OSError):
                if number >= _MOST or at < limit:
                    place.unlink()
                    gone += 1
        return gone

    def _place(self, key: str) -> Path:
        return self.folder / f"{key}.json"
