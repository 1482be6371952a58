"""What an inventory declares comes true; that it is down, empty, mistaken or gone never costs anybody a box."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import pytest

from setpoint.model.errors import SourceError, StateError
from setpoint.model.hold import Rule
from setpoint.model.inventory import Content, DoubtError
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.run.inventories import bringing
from setpoint.sources.snapshot import Share, Snapshot
from setpoint.store.records import EventKind
from setpoint.store.store import Store
from setpoint.testing.clock import VirtualLoop
from tests.toy import WORLDS, World
from tests.toy_inventory import Register
from tests.unit.run.departing import AT_ONCE, box, key, shelf
from tests.unit.run.registers import NAME, Registered, card, life, lives

DOWN = SourceError("it does not answer", remedy="plug it in")


def register(**cards: str) -> Register:
    return Register(cards=cards)


def test_what_both_declare_comes_true_and_the_history_says_who_brought_what() -> None:
    async def body(daemon: Registered) -> None:
        assert daemon.names() == {"a", "x"}
        assert "x declared by register 1 (setpoint)" in daemon.declared()
        version = daemon.estate.version
        await daemon.write(author="anna", subject="paint it", x=card("x", {"colour": "blue"}))
        assert daemon.colours() == {"a": "a", "x": "blue"}
        assert daemon.declared()[0] == "x declaration changed by register 2: paint it (anna)"
        assert daemon.estate.version == version
        await daemon.commit(box("a", {"colour": "red"}))
        assert daemon.declared()[0].startswith(f"a declaration changed by {daemon.estate.version[:12]}")
        assert daemon.estate.versions == {"memory": daemon.estate.version, "@register": "2"}

    lives({**shelf(), **box("a")}, register(x=card("x")), body)


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "after a restart"])
def test_an_inventory_that_is_down_changes_nothing_and_commits_go_on(*, restarted: bool) -> None:
    book = register(x=card("x", **AT_ONCE))

    async def before(daemon: Registered) -> None:
        assert daemon.names() == {"a", "x"}
        book.fault = DOWN

    async def body(daemon: Registered) -> None:
        daemon.book.fail(DOWN)
        await asyncio.sleep(60)
        assert (daemon.state().good, daemon.state().sentence) == (False, str(DOWN))
        assert daemon.estate.source.good
        daemon.worlds["w"].things[next(iter(daemon.worlds["w"].things))].fields["colour"] = "odd"
        await daemon.commit(box("c"))
        await daemon.supervisor.resync(list(daemon.estate.resources), "anna")
        await asyncio.sleep(60)
        assert daemon.colours() == {"a": "a", "x": "x", "c": "c"}
        assert daemon.phases() == {}

    lives({**shelf(), **box("a")}, book, *((before, body) if restarted else (body,)))


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "after a restart"])
def test_a_repository_that_is_down_does_not_keep_back_what_an_inventory_declares(*, restarted: bool) -> None:
    book, files = register(x=card("x")), {**shelf(), **box("a")}

    async def nothing(_: Registered) -> None:
        pass

    async def body(daemon: Registered) -> None:
        daemon.source.fault = DOWN
        daemon.source.poke()
        await asyncio.sleep(60)
        version = daemon.estate.version
        await daemon.write(x=card("x", {"colour": "blue"}), y=card("y"))
        assert daemon.colours() == {"a": "a", "x": "blue", "y": "y"}
        assert (daemon.estate.source.good, daemon.estate.version) == (False, version)
        daemon.source.fault = None
        await daemon.commit(box("a", {"colour": "red"}))
        assert daemon.estate.source.good
        assert daemon.colours() == {"a": "red", "x": "blue", "y": "y"}

    def cut(daemon: Registered) -> None:
        daemon.source.fault = DOWN if restarted else None

    WORLDS.clear()
    WORLDS["w"] = World()
    with closing(Store.in_memory()) as store:
        if restarted:
            life(store, files, {NAME: book}, nothing)
        life(store, files, {NAME: book}, body, cut)


def test_nothing_comes_into_force_before_an_inventory_was_read_once_and_what_was_goes_on() -> None:
    files = {**shelf(), **box("a", **AT_ONCE)}
    book = register(x=card("x"))
    book.fault = DOWN

    async def alone(daemon: Registered) -> None:
        assert daemon.names() == {"a"}

    async def body(daemon: Registered) -> None:
        assert "register was never read" in daemon.estate.source.sentence
        daemon.source.files = {**shelf(), **box("b")}
        daemon.source.poke()
        await asyncio.sleep(60)
        assert daemon.names() == {"a"}
        assert daemon.phases() == {}
        daemon.book.fail(None)
        await asyncio.sleep(60)
        assert daemon.names() == {"b", "x"}

    WORLDS.clear()
    WORLDS["w"] = World()
    with closing(Store.in_memory()) as store:
        life(store, files, {}, alone)
        life(store, files, {NAME: book}, body)


@pytest.mark.parametrize(
    ("leave", "names"),
    [
        (lambda book: book.write(x=None), {"a", "y"}),
        (lambda book: book.lose("x"), {"a", "x", "y"}),
        (lambda book: book.write(x=card("z", **AT_ONCE)), {"a", "x", "y", "z"}),
    ],
    ids=["seen to be deleted", "gone unseen", "said to be another one"],
)
def test_only_what_was_seen_to_be_deleted_is_deleted(
    leave: Callable[[Register], None], names: set[str]
) -> None:
    async def body(daemon: Registered) -> None:
        leave(daemon.book)
        await asyncio.sleep(600)
        assert daemon.names() == names
        assert key("x") not in daemon.estate.resources
        (event,) = [event for event in daemon.store.history(key("x")) if event.kind is EventKind.RELEASED]
        assert event.sentence.startswith("is declared by register no more")

    lives({**shelf(), **box("a")}, register(x=card("x", **AT_ONCE), y=card("y")), body)


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "after a restart"])
def test_a_manifest_keeps_what_it_had_of_what_is_gone_unseen(*, restarted: bool) -> None:
    book = register(x=card("x", {"colour": "blue"}))
    files = {**shelf(), "x.yaml": "kind: Box\nmetadata: {name: x}\nspec: {size: 3}\n"}
    files |= {"defaults.yaml": "kind: Box\nspec: {colour: grey}\n"}

    async def nothing(_: Registered) -> None:
        pass

    async def body(daemon: Registered) -> None:
        assert daemon.colours() == {"x": "blue"}
        daemon.book.lose("x")
        await asyncio.sleep(60)
        assert daemon.colours() == {"x": "blue"}
        assert "what register declared of it is not shown any more" in str(daemon.estate.suspended[key("x")])
        await daemon.commit({"x.yaml": files["x.yaml"] + "policy: {take: {register: []}}\n"})
        assert daemon.colours() == {"x": "grey"}
        assert not daemon.estate.suspended
        await daemon.commit({"x.yaml": files["x.yaml"]})
        await daemon.write(x=card("x", {"colour": "blue"}))
        assert daemon.colours() == {"x": "blue"}

    lives(files, book, *((nothing, body) if restarted else (body,)))


def test_a_manifest_goes_on_alone_once_what_was_below_it_was_seen_to_be_deleted() -> None:
    files = {**shelf(), "x.yaml": "kind: Box\nmetadata: {name: x}\n"}
    files |= {"defaults.yaml": "kind: Box\nspec: {colour: grey}\n"}

    async def body(daemon: Registered) -> None:
        assert daemon.colours() == {"x": "blue"}
        await daemon.write(x=None)
        assert daemon.colours() == {"x": "grey"}

    lives(files, register(x=card("x", {"colour": "blue"})), body)


def test_a_look_at_an_inventory_is_none_at_the_repository() -> None:
    async def body(daemon: Registered) -> None:
        before = daemon.estate.source
        await daemon.write(x=card("x", {"colour": "blue"}))
        assert daemon.colours() == {"a": "a", "x": "blue"}
        now = daemon.estate.source
        assert (now.at, now.fetched) == (before.at, before.fetched)
        await daemon.commit(box("a", {"colour": "red"}))
        assert daemon.estate.source.at > before.at

    lives({**shelf(), **box("a")}, register(x=card("x")), body)


def test_what_expires_in_an_inventory_is_meant_to_go() -> None:
    with closing(VirtualLoop()) as loop:
        expires = f"{datetime.fromtimestamp(loop.wall() + 3600, UTC):%Y-%m-%dT%H:%M:%SZ}"

    async def body(daemon: Registered) -> None:
        assert daemon.names() == {"a", "x"}
        await asyncio.sleep(7200)
        assert daemon.names() == {"a"}

    lives({**shelf(), **box("a")}, register(x=card("x", **AT_ONCE, expires=expires)), body)


def test_an_inventory_that_the_settings_name_no_more_deletes_nothing() -> None:
    files, book = {**shelf(), **box("a")}, register(x=card("x", **AT_ONCE))

    async def first(daemon: Registered) -> None:
        assert daemon.names() == {"a", "x"}

    async def body(daemon: Registered) -> None:
        assert daemon.names() == {"a", "x"}
        assert key("x") not in daemon.estate.resources
        assert daemon.store.layer("@register") is None

    WORLDS.clear()
    WORLDS["w"] = World()
    with closing(Store.in_memory()) as store:
        life(store, files, {NAME: book}, first)
        life(store, files, {}, body)


def test_an_inventory_that_has_nothing_left_lets_go_of_all_and_the_rest_stays() -> None:
    async def body(daemon: Registered) -> None:
        await daemon.write(x=None, y=None)
        assert daemon.names() == {"a", "x", "y"}
        assert {str(one) for one in daemon.estate.resources} == {"Box/a", "Shelf/s"}

    lives({**shelf(), **box("a")}, register(x=card("x"), y=card("y")), body)


def test_repository_and_inventory_that_declare_nothing_together_are_not_believed() -> None:
    async def body(daemon: Registered) -> None:
        await daemon.write(s=None, x=None)
        assert "declares nothing" in daemon.estate.source.sentence
        assert daemon.names() == {"x"}
        assert key("x") in daemon.estate.resources

    lives({}, register(s=shelf()["s.yaml"], x=card("x", **AT_ONCE)), body)


@pytest.mark.parametrize(
    ("before", "path", "through", "brought"),
    [
        ({}, "a.yaml", (), "c2: more"),
        ({}, "@register/x.yaml", (), "register 7: paint"),
        ({"git": "c1", "@register": "7"}, "@register/x.yaml", (), "c2: more"),
        ({"git": "c2", "@register": "6"}, "a.yaml", ("@register/x.yaml",), "register 7: paint"),
        ({"git": "c2", "@register": "6"}, "a.yaml", (), "register 7: paint"),
        ({"git": "c1", "@register": "6"}, "a.yaml", ("@register/x.yaml",), "register 7: paint"),
        ({"git": "c1", "@register": "6"}, "a.yaml", (), "c2: more"),
        ({"git": "c2", "@register": "7"}, "@register/x.yaml", (), "c2: more"),
    ],
    ids=[
        "first, a manifest", "first, a sheet", "a commit changed how sheets are made", "the sheet below", "what others gave",
        "both, with a sheet", "both, without", "neither, it expired",
    ],
)  # fmt: skip
def test_a_change_is_told_of_who_brought_it(
    before: dict[str, str], path: str, through: tuple[str, ...], brought: str
) -> None:
    share = Share(Content("7", {}, "anna", "paint"))
    snapshot = Snapshot("git", "c2", {}, "ben", "more", shares={"register": share})
    resource = Resource(key("x"), {}, Policy(), Origin(path, 1, 1), "h", through=through)
    assert bringing(before, snapshot)(resource).sentence == brought


def test_what_people_wrote_about_a_change_is_one_short_line_of_the_history() -> None:
    async def body(daemon: Registered) -> None:
        await daemon.write(author="an\x1bna", subject=f"first\n{'x' * 500}", x=card("x", {"colour": "blue"}))
        told = daemon.declared()[0]
        assert told.startswith("x declaration changed by register 2: first\\nxxx")
        assert told.endswith("(an\\x1bna)")
        assert told.isprintable()
        assert len(told) < 300

    lives(shelf(), register(x=card("x")), body)


def test_too_many_deletions_are_held_whoever_declared_what_is_gone() -> None:
    cards = {f"x{number}": card(f"x{number}", **AT_ONCE) for number in range(5)}

    async def body(daemon: Registered) -> None:
        await daemon.write(**dict.fromkeys(cards))
        assert daemon.names() == {"a", *cards}
        assert daemon.rules("x1") == {Rule.DELETION_LIMIT}

    lives({**shelf(), **box("a")}, register(**cards), body)


def test_nothing_is_deleted_while_an_inventory_cannot_be_read_and_goes_on_once_it_can() -> None:
    async def body(daemon: Registered) -> None:
        daemon.book.fail(DOWN)
        await asyncio.sleep(10)
        await daemon.commit({"a.yaml": None})
        assert daemon.names() == {"a", "b", "x"}
        (hold,) = daemon.holds("a")
        assert hold.rule is Rule.SOURCE
        assert "register: it does not answer" in hold.why
        daemon.book.fail(None)
        await asyncio.sleep(60)
        assert daemon.names() == {"b", "x"}

    lives({**shelf(), **box("a", **AT_ONCE), **box("b")}, register(x=card("x")), body)


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "after a restart"])
def test_a_mistake_in_how_sheets_are_made_keeps_everything_of_the_inventory_as_it_was(
    *, restarted: bool
) -> None:
    files, book = (
        {**shelf(), **box("a"), **box("b")},
        register(x=card("x", **AT_ONCE), y=card("y", **AT_ONCE)),
    )
    mistake = {"maps.yaml": "mauve"}

    async def nothing(_: Registered) -> None:
        pass

    async def body(daemon: Registered) -> None:
        if not restarted:
            await daemon.commit(mistake)
        await daemon.write(y=None)
        assert daemon.names() == {"a", "b", "x", "y"}
        assert daemon.estate.retained == {key("x"), key("y")}
        assert "maps.yaml:3:1: there is no colour mauve; write a colour" in map(str, daemon.estate.problems)
        await daemon.commit({"maps.yaml": None})
        assert daemon.names() == {"a", "b", "x"}

    WORLDS.clear()
    WORLDS["w"] = World()
    with closing(Store.in_memory()) as store:
        if restarted:
            life(store, files, {NAME: book}, nothing)
        life(store, {**files, **(mistake if restarted else {})}, {NAME: book}, body)


def test_what_an_inventory_doubts_waits_for_a_person_and_is_then_asked_for_afresh() -> None:
    async def body(daemon: Registered) -> None:
        daemon.book.fail(DoubtError("half of it is gone", remedy="setpoint approve 4711", token="4711"))
        await asyncio.sleep(60)
        assert daemon.state().token == "4711"
        await daemon.supervisor.approve("4711", "anna")
        assert daemon.book.afresh == 1

    lives(shelf(), register(x=card("x")), body)


def test_a_daemon_that_ends_before_it_wrote_down_what_it_read_goes_on_from_what_was_in_force() -> None:
    book = register(x=card("x"))

    async def ends(daemon: Registered) -> None:
        def killed(*_: object) -> None:
            raise StateError("gone before it was written")

        daemon.store.put_in_force = killed  # type: ignore[method-assign]
        await daemon.write(x=card("x", {"colour": "blue"}), y=card("y"))
        del daemon.store.put_in_force
        assert daemon.colours() == {"x": "x"}
        assert daemon.estate.source.sentence == "gone before it was written"

    async def body(daemon: Registered) -> None:
        kept = daemon.book.asked[-1]
        assert kept is not None
        assert (kept.version, list(kept.files)) == ("1", ["card/x"])
        assert daemon.colours() == {"x": "blue", "y": "y"}

    lives(shelf(), book, ends, body)


def test_what_could_not_be_written_is_put_in_force_by_the_next_look() -> None:
    async def body(daemon: Registered) -> None:
        def full(*_: object) -> None:
            raise StateError("the disk is full")

        daemon.store.put_in_force = full  # type: ignore[method-assign]
        await daemon.write(y=card("y"))
        assert key("y") not in daemon.estate.resources
        del daemon.store.put_in_force
        await daemon.commit({})
        assert daemon.colours() == {"x": "x", "y": "y"}

    lives(shelf(), register(x=card("x")), body)


def test_only_what_changed_of_an_inventory_is_written() -> None:
    async def body(daemon: Registered) -> None:
        written: list[str] = []
        daemon.store._db._connection.set_trace_callback(
            lambda sql: written.append(sql) if "INTO layer_file" in sql or "FROM layer_file" in sql else None
        )
        await daemon.write(x7=card("x7", {"colour": "blue"}))
        daemon.store._db._connection.set_trace_callback(None)
        assert len(written) == 1
        assert "card/x7" in written[0]

    lives(shelf(), register(**{f"x{number}": card(f"x{number}") for number in range(20)}), body)
