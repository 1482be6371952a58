"""An inventory in memory for engine tests: a Register of cards, each of which becomes a sheet; with faults to order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from setpoint.model.errors import DeclarationProblem, SourceError
from setpoint.model.inventory import Content, Sheets
from setpoint.model.origin import Origin
from setpoint.model.standing import Standing


@dataclass
class Register:
    """What is really written there; `lost` names cards that went away unseen.

    Attributes:
        fault: what the next readings meet; None when all is well.
        deaf: what it answers when it is told something; None when it takes it in.
        delay: seconds that a reading takes.
        asked: what each reading was told that is kept.
    """

    name: str = "register"
    cards: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    number: int = 1
    author: str = ""
    subject: str = ""
    fault: SourceError | None = None
    deaf: SourceError | None = None
    delay: float = 0.0
    asked: list[Content | None] = field(default_factory=list)
    told: list[Standing] = field(default_factory=list)
    made: int = 0
    afresh: int = 0
    serves: bool = False
    closed: bool = False
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, *, author: str = "", subject: str = "", **cards: str | None) -> None:
        """Change cards and ring; None removes one as people do."""
        for name, text in cards.items():
            if text is None:
                self.cards.pop(name, None)
            else:
                self.cards[name] = text
                self.lost.discard(name)
        self.number, self.author, self.subject = self.number + 1, author, subject
        self.bell.set()

    def lose(self, name: str) -> None:
        """Have a card be gone without a trace."""
        self.lost.add(name)
        self.write(**{name: None})

    def fail(self, fault: SourceError | None) -> None:
        """Have every reading meet this from now on, and ring."""
        self.fault = fault
        self.bell.set()

    async def fetch(self, kept: Content | None) -> Content:
        self.asked.append(kept)
        await asyncio.sleep(self.delay)
        if self.fault is not None:
            raise self.fault
        files = {f"card/{name}": text.encode() for name, text in self.cards.items()}
        lost = {f"lost/{name}": b"" for name in self.lost}
        return Content(str(self.number), {**files, **lost}, self.author, self.subject)

    async def watch(self) -> AsyncGenerator[None]:
        while True:
            await self.bell.wait()
            self.bell.clear()
            yield

    def poke(self) -> None:
        self.afresh += 1
        self.bell.set()

    def sheets(self, content: Content, files: Mapping[str, bytes]) -> Sheets:
        self.made += 1
        named = {name.partition("/"): text for name, text in content.files.items()}
        problems = (
            (DeclarationProblem(Origin("maps.yaml", 3, 1), "there is no colour mauve", "write a colour"),)
            if b"mauve" in files.get("maps.yaml", b"")
            else ()
        )
        made = {f"{card}.yaml": text for (sort, _, card), text in named.items() if sort == "card"}
        lost = frozenset(f"{card}.yaml" for sort, _, card in named if sort == "lost")
        notes = ("1 card is blank",) if "blank" in self.cards else ()
        return Sheets({} if problems else made, lost, lost, problems, notes)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        self.serves = True
        try:
            yield
        finally:
            self.serves = False

    async def tell(self, standings: Sequence[Standing]) -> None:
        if self.deaf is not None:
            raise self.deaf
        self.told += standings

    async def close(self) -> None:
        self.closed = True
