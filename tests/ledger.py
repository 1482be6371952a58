"""An inventory for tests with settings and real processes: a folder in which every file is a declaration."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from setpoint.model.errors import SourceError
from setpoint.model.examine import Check
from setpoint.model.inventory import Content, InventoryType, Opening, Sheets
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint.model.standing import Standing


class LedgerSettings(Spec):
    """Where a ledger is."""

    folder: Path = described("Its folder; relative to the settings file.", Path("ledger"))
    token: SecretRef | None = described("The word at its door.", None)
    poll: float = described("Seconds.", 0.05, gt=0)


@dataclass(frozen=True)
class Ledger:
    """What is asked of it is written down, a word a line, in the file `said` beside its folder."""

    name: str
    settings: LedgerSettings
    opening: Opening

    def say(self, word: str) -> None:
        with self.settings.folder.with_name("said").open("a") as file:
            file.write(f"{word}\n")

    async def fetch(self, kept: Content | None) -> Content:
        self.say("fetched" if kept is None else "fetched again")
        if self.settings.token is not None:
            self.opening.secret(self.settings.token)
        if not self.settings.folder.is_dir():
            raise SourceError(f"there is no ledger at {self.settings.folder}", remedy="put it there")
        files = {path.name: path.read_bytes() for path in sorted(self.settings.folder.iterdir())}
        version = hashlib.sha256(repr(files).encode()).hexdigest()
        return Content(version, files, "clerk", "wrote it down")

    async def watch(self) -> AsyncGenerator[None]:
        while True:
            await asyncio.sleep(self.settings.poll)
            yield

    def poke(self) -> None:
        self.say("poked")

    def sheets(self, content: Content, files: Mapping[str, bytes]) -> Sheets:
        return Sheets(content.files, notes=("1 page is blank",) if "blank" in content.files else ())

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        self.say("serving")
        yield
        self.say("served")

    async def tell(self, standings: Sequence[Standing]) -> None:
        pass

    async def close(self) -> None:
        self.say("closed")


EXAMINED: dict[Path, Callable[[Opening], Iterable[Check]]] = {}
"""What the ledger in a folder is examined for; nothing when it is not in here."""


def _examine(settings: LedgerSettings, opening: Opening) -> Iterator[Check]:
    if settings.folder in EXAMINED:
        yield from EXAMINED[settings.folder](opening)


def ledger(name: str) -> InventoryType:
    """One of the system of that name."""
    return InventoryType(LedgerSettings, partial(Ledger, name), _examine)
