from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest

from setpoint.model.errors import SourceError
from setpoint.model.inventory import Content
from setpoint.sources.layered import PATIENCE, LayeredSource, Reading
from setpoint.sources.snapshot import HistoryRewrittenError, Snapshot
from setpoint.sources.source import Approved
from setpoint.testing.clock import virtual_run
from tests.toy_inventory import Register

DOWN = SourceError("it does not answer", remedy="plug it in")


@dataclass
class Repository:
    """A source in memory."""

    name: str = "git"
    version: str = "c1"
    files: Mapping[str, bytes] = field(default_factory=lambda: {"a.yaml": b"a"})
    fault: SourceError | None = None
    asked: list[str | None] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch(self, previous: str | None, approved: Approved) -> Snapshot:
        self.asked.append(previous)
        if self.fault is not None:
            raise self.fault
        return Snapshot(self.name, self.version, self.files, "anna", "more")

    async def watch(self) -> AsyncGenerator[None]:
        while True:
            await self.bell.wait()
            self.bell.clear()
            yield

    def poke(self) -> None:
        self.bell.set()


@dataclass
class Bed:
    """A layered source over a repository and a register; `kept` is what a process before this one left."""

    repository: Repository = field(default_factory=Repository)
    register: Register = field(default_factory=lambda: Register(cards={"x": "X"}))
    kept: dict[str, Content] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = LayeredSource(self.repository, [self.register], self._memory, self._told)

    async def _memory(self, name: str) -> Content | None:
        return self.kept.get(name)

    async def _told(self, reading: Reading) -> None:
        self.readings.append(reading)

    async def fetch(self) -> Snapshot:
        return await self.source.fetch("c0", lambda _: False)

    async def following(self, body: Callable[[Callable[[], Coroutine[Any, Any, Snapshot]]], Any]) -> None:
        """Fetch once, and then run `body` with what fetches at the next ring."""
        await self.fetch()
        async with aclosing(self.source.watch()) as rings:

            async def at_ring() -> Snapshot:
                async with asyncio.timeout(1000):
                    await anext(rings)
                return await self.fetch()

            await body(at_ring)


def test_sheets_lie_below_the_name_of_their_inventory_and_the_version_is_the_repositorys() -> None:
    async def main() -> None:
        bed = Bed()
        bed.register.lose("y")
        snapshot = await bed.fetch()
        assert snapshot.files == {"a.yaml": b"a", "@register/x.yaml": b"X"}
        assert (snapshot.version, snapshot.author, snapshot.subject) == ("c1", "anna", "more")
        assert snapshot.versions == {"git": "c1", "@register": "2"}
        share = snapshot.shares["register"]
        assert (share.sheets, share.released) == (1, {"@register/y.yaml"})
        assert bed.repository.asked == ["c0"]

    virtual_run(main())


def test_only_what_rang_is_read_again() -> None:
    async def main() -> None:
        bed = Bed()

        async def body(at_ring: Callable[[], Coroutine[Any, Any, Snapshot]]) -> None:
            bed.register.write(x="Y")
            assert (await at_ring()).files["@register/x.yaml"] == b"Y"
            assert (len(bed.repository.asked), len(bed.register.asked)) == (1, 2)
            bed.repository.version = "c2"
            bed.source.poke()
            assert (await at_ring()).versions == {"git": "c2", "@register": "2"}
            assert (len(bed.repository.asked), len(bed.register.asked)) == (2, 2)

        await bed.following(body)

    virtual_run(main())


def test_a_ring_without_a_change_wakes_nobody() -> None:
    async def main() -> None:
        bed = Bed()

        async def body(at_ring: Callable[[], Coroutine[Any, Any, Snapshot]]) -> None:
            waiting = asyncio.create_task(at_ring())
            bed.register.bell.set()
            await asyncio.sleep(10)
            assert len(bed.register.asked) == 2
            assert not waiting.done()
            bed.source.poke()
            await waiting

        await bed.following(body)

    virtual_run(main())


def test_a_slow_inventory_does_not_hold_up_the_repository() -> None:
    async def main() -> None:
        bed = Bed()

        async def body(at_ring: Callable[[], Coroutine[Any, Any, Snapshot]]) -> None:
            waiting = asyncio.create_task(at_ring())
            await asyncio.sleep(1)
            bed.register.delay = 3000.0
            bed.register.write(x="Y")
            await asyncio.sleep(1)
            bed.repository.files = {"a.yaml": b"b"}
            bed.source.poke()
            assert (await waiting).files == {"a.yaml": b"b", "@register/x.yaml": b"X"}

        await bed.following(body)

    virtual_run(main())


def test_an_inventory_that_is_down_stays_as_it_was_while_the_repository_moves_on() -> None:
    async def main() -> None:
        bed = Bed()

        async def body(at_ring: Callable[[], Coroutine[Any, Any, Snapshot]]) -> None:
            waiting = asyncio.create_task(at_ring())
            await asyncio.sleep(1)
            bed.register.fail(DOWN)
            await asyncio.sleep(1)
            bed.repository.version = "c2"
            bed.source.poke()
            snapshot = await waiting
            assert snapshot.files["@register/x.yaml"] == b"X"
            assert snapshot.version == "c2"
            assert bed.readings[-1] == Reading("register", bed.readings[0].content, DOWN)
            bed.register.fail(None)
            bed.register.write(x="Y")
            assert (await at_ring()).files["@register/x.yaml"] == b"Y"
            assert bed.readings[-1].error is None

        await bed.following(body)

    virtual_run(main())


@pytest.mark.parametrize(
    "fault",
    [DOWN, HistoryRewrittenError("rewritten", remedy="approve it", commit="c9")],
    ids=["down", "rewritten"],
)
def test_a_repository_in_trouble_does_not_hold_up_an_inventory(fault: SourceError) -> None:
    async def main() -> None:
        bed = Bed()

        async def body(at_ring: Callable[[], Coroutine[Any, Any, Snapshot]]) -> None:
            bed.repository.fault = fault
            bed.source.poke()
            assert (await at_ring()).trouble is fault
            bed.register.write(x="Y")
            snapshot = await at_ring()
            assert (snapshot.version, snapshot.trouble) == ("c1", fault)
            assert snapshot.files == {"a.yaml": b"a", "@register/x.yaml": b"Y"}
            bed.repository.fault = None
            bed.source.poke()
            assert (await at_ring()).trouble is None

        await bed.following(body)

    virtual_run(main())


def test_after_a_restart_what_cannot_be_read_is_as_it_was_kept() -> None:
    async def main() -> None:
        kept = {"git": Content("c0", {"k.yaml": b"k"}), "@register": Content("7", {"card/x": b"kept"})}
        bed = Bed(Repository(fault=DOWN), Register(fault=DOWN), kept)
        snapshot = await bed.fetch()
        assert snapshot.files == {"k.yaml": b"k", "@register/x.yaml": b"kept"}
        assert snapshot.versions == {"git": "c0", "@register": "7"}
        assert snapshot.trouble is DOWN

    virtual_run(main())


def test_what_is_kept_is_in_force_before_a_slow_inventory_has_answered() -> None:
    async def main() -> None:
        bed = Bed(
            register=Register(delay=50, cards={"x": "new"}),
            kept={"@register": Content("7", {"card/x": b"old"})},
        )

        async def body(at_ring: Callable[[], Coroutine[Any, Any, Snapshot]]) -> None:
            assert bed.register.asked == []
            assert (await at_ring()).files["@register/x.yaml"] == b"new"
            assert bed.register.asked == [bed.kept["@register"]]

        assert (await bed.fetch()).files["@register/x.yaml"] == b"old"
        await bed.following(body)

    virtual_run(main())


def test_nothing_is_declared_while_an_inventory_was_never_read() -> None:
    async def main() -> None:
        bed = Bed(register=Register(cards={"x": "X"}, fault=DOWN))
        with pytest.raises(SourceError, match="register was never read") as refused:
            await bed.fetch()
        assert "it does not answer" in refused.value.message
        assert refused.value.remedy == (
            "plug it in; or take register out of `inventories` in the settings until it can be read"
        )
        with pytest.raises(SourceError):
            await bed.fetch()
        assert len(bed.register.asked) == 1
        async with aclosing(bed.source.watch()) as rings:
            bed.register.fail(None)
            await anext(rings)
        assert (await bed.fetch()).files["@register/x.yaml"] == b"X"

    virtual_run(main())


def test_an_inventory_that_never_answers_is_given_up_and_asked_again() -> None:
    async def main() -> None:
        bed = Bed(
            register=Register(delay=1e6, cards={"x": "X"}),
            kept={"@register": Content("7", {"card/x": b"old"})},
        )

        async def body(at_ring: Callable[[], Coroutine[Any, Any, Snapshot]]) -> None:
            waiting = asyncio.create_task(at_ring())
            await asyncio.sleep(PATIENCE + 1)
            (reading,) = bed.readings
            assert reading.content == bed.kept["@register"]
            assert str(reading.error) == (
                "it was not read within 10 minutes; see whether it answers from this host"
            )
            bed.register.delay = 0.0
            bed.register.write(x="new")
            assert (await waiting).files["@register/x.yaml"] == b"new"

        await bed.following(body)

    virtual_run(main())


def test_a_repository_that_was_never_read_is_told_whatever_inventories_say() -> None:
    async def main() -> None:
        bed = Bed(Repository(fault=DOWN))
        for _ in range(2):
            with pytest.raises(SourceError) as refused:
                await bed.fetch()
            assert refused.value is DOWN
        bed.repository.fault = None
        assert (await bed.fetch()).version == "c1"

    virtual_run(main())


def test_sheets_are_made_again_only_when_their_content_or_the_repository_changed() -> None:
    async def main() -> None:
        bed = Bed()
        await bed.fetch()
        await bed.fetch()
        assert bed.register.made == 1
        await bed.source.refresh()
        await bed.fetch()
        assert bed.register.made == 2

    virtual_run(main())


def test_a_mistake_in_the_program_of_an_inventory_ends_the_watch_and_is_not_passed_over() -> None:
    async def main() -> None:
        bed = Bed()
        await bed.fetch()

        async def broken(kept: Content | None) -> Content:
            raise KeyError("bug")

        async with aclosing(bed.source.watch()) as rings:
            bed.register.fetch = broken  # type: ignore[method-assign]
            bed.register.bell.set()
            with pytest.raises(KeyError):
                await anext(rings)

    virtual_run(main())
