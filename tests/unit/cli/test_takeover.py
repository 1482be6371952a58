"""An estate that is there as files: whoever reads them with the compiler declares just what was seen, by fitting names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setpoint.cli.estate_files import Taken, declarations, slug, taken
from setpoint.cli.takeover import Way, read_estate
from setpoint.cli.takeover_options import Asked
from setpoint.desired.compile import compile_set
from setpoint.model.errors import SetpointError
from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.kind import System
from setpoint.model.secret import SecretRef
from setpoint.model.stock import Access, Entrance, Listed, Listing, Stated
from setpoint.run.stock import Found
from setpoint.run.stray import Stray
from tests.served import SHELF as SHELF_TEXT
from tests.toy import BOX, SHELF, WORLDS, Thing, World

CRATE = replace(BOX, name="Crate")
ENTRANCE = Entrance("Shelf", lambda access: {"world": access.endpoints[0]}, apart={"Box": ("/number",)})
KINDS = {kind.name: kind for kind in (SHELF, BOX, CRATE)}


def found(
    ident: int, title: str = "", kind: str = "Box", pool: str = "", tag: str = "", **spec: Any
) -> Found:
    groups = {name: (value,) for name, value in (("pool", pool), ("tag", tag)) if value}
    return Found(Listed(kind, str(ident), title, groups), Stray(kind, title, {"number": ident, **spec}))


def keys(told: tuple[Taken, ...]) -> list[str]:
    return [str(one.key) for one in told]


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        pytest.param([found(1, "a"), found(2, "b")], ["Box/a", "Box/b"], id="their own"),
        pytest.param([found(1, "Files01")], ["Box/files01"], id="in lower case"),
        pytest.param([found(1, "My box!")], ["Box/my-box"], id="without what no name has"),
        pytest.param([found(1), found(2, "!")], ["Box/box-1", "Box/box-2"], id="none, or nothing that is one"),
        pytest.param([found(1, "a"), found(2, "a"), found(3, "a")], ["Box/a", "Box/a-2", "Box/a-3"], id="shared"),
        pytest.param(
            [found(1, "a-2"), found(2, "a"), found(3, "a-2"), found(4, "a")], ["Box/a-2", "Box/a", "Box/a-2-3", "Box/a-4"],
            id="shared with one that looks so",
        ),
        pytest.param([found(1, "a"), found(2, "a", "Crate")], ["Box/a", "Crate/a"], id="of another kind"),
        pytest.param([found(1, "a", pool="x"), found(2, "a", pool="Y 1")], ["x/Box/a", "y-1/Box/a"], id="in pools"),
        pytest.param([found(1, "a", pool="---")], ["Box/a"], id="in a pool whose name is no word"),
    ],
)  # fmt: skip
def test_names(boxes: list[Found], expected: list[str]) -> None:
    told = taken(boxes, KINDS, "s", "pool")
    assert keys(told) == expected
    assert len({one.path for one in told}) == len(told)
    assert [one.renamed for one in told] == [
        box.stray.title != one.key.name for box, one in zip(boxes, told, strict=True)
    ]


@pytest.mark.parametrize(("by", "namespace"), [("pool", "p"), ("tag", "t"), ("none", "default")])
def test_what_becomes_a_namespace(by: str, namespace: str) -> None:
    (one,) = taken([found(1, "a", pool="p", tag="t")], KINDS, "s", by)
    assert one.key == Key(namespace, "Box", "a")
    assert one.path == ("s/a.yaml" if namespace == "default" else f"s/{namespace}/a.yaml")


@given(st.text(max_size=80))
def test_a_slug_is_a_namespace_or_nothing(text: str) -> None:
    word = slug(text)
    assert not word or Key.parse(f"{word}/Box/a").namespace == word


BOXES = st.lists(
    st.builds(
        found,
        st.integers(1, 99),
        st.sampled_from(["", "a", "b", "A", "-"]),
        st.sampled_from(["Box", "Crate"]),
        st.sampled_from(["", "x", "y"]),
    ),
    max_size=8,
    unique_by=lambda box: box.listed.ident,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "colour": st.sampled_from(["red", "blue", "no", "1e3"]),
        "size": st.integers(1, 2),
        "labels": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "wood": st.none() | st.just("oak"),
    },
)


@settings(deadline=None)
@given(BOXES, st.data())
def test_the_compiler_reads_from_the_files_just_what_was_seen(
    boxes: list[Found], data: st.DataObject
) -> None:
    boxes = [replace(box, stray=replace(box.stray, spec=box.stray.spec | data.draw(FIELDS))) for box in boxes]
    told = taken(boxes, KINDS, "s", "pool")
    files = {"s.yaml": SHELF_TEXT, **declarations(told, KINDS, "s", ENTRANCE)}
    compiled = compile_set({path: text.encode() for path, text in files.items()}, KINDS, version="v")
    assert compiled.problems == ()
    assert {key: one.spec for key, one in compiled.resources.items() if key.kind != "Shelf"} == {
        one.key: one.spec for one in told
    }
    assert all(one.policy.adopt for key, one in compiled.resources.items() if key.kind != "Shelf")


def system(listing: Any) -> System:
    assert SHELF.port is not None
    return System(
        "toy", (replace(SHELF, port=replace(SHELF.port, listing=listing)), BOX), entrances={"toy": ENTRANCE}
    )


def listed(facts: frozenset[int]) -> Listing:
    return Listing(tuple(Listed("Box", str(number), "") for number in sorted(facts)))


def way(_of: System, *, incomplete: bool = False) -> Way:
    access = Access(("w",), "", SecretRef(env="NONE"))
    return Way("home", "toy", ENTRANCE, access, "pool", incomplete)


@pytest.fixture
def world() -> Any:
    WORLDS["w"] = World()
    yield WORLDS["w"]
    WORLDS.clear()


async def test_what_stands_on_the_shelf_is_read_and_not_touched(world: World) -> None:
    for number in (1, 2, 3):
        world.things[number] = Thing({"title": f"box{number}", "colour": "red", "size": number}, None)
    of = system(listed)
    reading = await read_estate(way(of), (of,))
    assert keys(reading.taken) == ["Box/box1", "Box/box2", "Box/box3"]
    assert reading.stock.complete
    assert "  colour: red\n" in reading.files[f"{reading.target}/defaults.yaml"] or "colour: red" in str(
        reading.files
    )
    assert world.effects == []


async def test_whose_it_is_and_what_cannot_be_said_are_left_with_the_reason(world: World) -> None:
    world.things[1] = Thing({"title": "a"}, Mark("work", Key("default", "Box", "a"), "1"))
    world.things[2] = Thing({"title": "b", "sealed": True}, None)
    of = system(listed)
    with pytest.raises(
        SetpointError, match="not everything can be seen, so nothing was written: Box 2: nothing can be"
    ):
        await read_estate(way(of), (of,))
    reading = await read_estate(way(of, incomplete=True), (of,))
    assert reading.taken == ()
    assert [(one.listed.ident, one.unread) for one in reading.stock.left] == [("1", False), ("2", True)]
    assert "belongs to Box/a of estate work" in reading.stock.left[0].why


async def test_one_that_no_declaration_can_say_spoils_no_other(world: World) -> None:
    world.things[1] = Thing({"title": "a", "size": 0}, None)
    world.things[2] = Thing({"title": "b", "size": 1}, None)
    of = system(listed)
    reading = await read_estate(way(of, incomplete=True), (of,))
    assert keys(reading.taken) == ["Box/b"]
    (left,) = reading.stock.left
    assert left.why.startswith("it is as no Box can be declared: size: Input should be greater")
    assert left.unread


async def test_many_that_cannot_be_seen_are_counted(world: World) -> None:
    for number in range(1, 9):
        world.things[number] = Thing({"sealed": True}, None)
    of = system(listed)
    with pytest.raises(SetpointError, match=r"Box 5: .*; and 3 more; mend that, or take what can be seen"):
        await read_estate(way(of), (of,))


@pytest.mark.parametrize(
    ("listing", "sentence"),
    [
        (None, "Shelf cannot tell what it holds; declare it by hand"),
        (lambda _: Listing((), "boxes may be hidden"), "nothing was written: boxes may be hidden; mend that"),
        (lambda _: Listing((Listed("Box", "x", ""),)), None),
    ],
    ids=["a target that tells nothing", "one that hides something", "an id that is none"],
)
async def test_what_the_listing_says(world: World, listing: Any, sentence: str | None) -> None:
    of = system(listing)
    if sentence is None:
        (left,) = (await read_estate(way(of), (of,))).stock.left
        assert (left.why, left.unread) == ("'x' is no id of a Box", False)
        return
    with pytest.raises(SetpointError, match=sentence):
        await read_estate(way(of), (of,))


async def test_a_target_that_is_down_is_told(world: World) -> None:
    world.down = True
    of = system(listed)
    with pytest.raises(SetpointError, match="shelf does not answer"):
        await read_estate(way(of), (of,))


def lines(access: Access) -> tuple[Stated, ...]:
    """A line per box: its number and its colour; an empty one is set aside."""
    told = [line.split() for line in access.content.decode().splitlines()]
    if any(len(words) not in (1, 2) for words in told):
        raise ValueError("line 1 has too many words")
    return tuple(
        Stated(
            Listed("Box", words[0], f"box{words[0]}", aside="" if words[1:] else "it has no colour"),
            {"number": int(words[0]), "colour": " ".join(words[1:])},
            ("its smell",),
        )
        for words in told
    )


PAPER = Entrance("Shelf", lambda _: {"world": "w"}, endpoint=False, secret=False, file="list", read=lines)
SHOP = System("shop", (SHELF, BOX), entrances={"toy": ENTRANCE, "paper": PAPER})
NOTHING = Asked("toy", (), "", None, None, None, "", None, (), None, incomplete=False)


async def test_what_a_file_tells_is_declared_and_its_target_is_not_called(
    world: World, tmp_path: Path
) -> None:
    world.down = True
    (tmp_path / "list").write_text("1 red\n2\n3 blue\n")
    asked = replace(NOTHING, system="paper", file=tmp_path / "list")
    reading = await read_estate(asked.way("home", tmp_path / "estate", (SHOP,)), (SHOP,))
    assert keys(reading.taken) == ["Box/box1", "Box/box3"]
    assert [one.untold for one in reading.taken] == [("its smell",)] * 2
    assert [(one.listed.ident, one.why, one.unread) for one in reading.stock.left] == [
        ("2", "it has no colour", False)
    ]
    assert reading.target == "paper"


async def test_a_file_that_cannot_be_understood_is_told(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("1 red wine\n")
    way = replace(NOTHING, system="paper", file=tmp_path / "list").way("home", tmp_path / "estate", (SHOP,))
    with pytest.raises(SetpointError, match=r"list: line 1 has too many words; correct it"):
        await read_estate(way, (SHOP,))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        pytest.param(NOTHING, "--from needs --endpoint", id="no endpoint"),
        pytest.param(
            replace(NOTHING, system="paper"), "--from paper needs --file; name the list", id="no file"
        ),
        pytest.param(
            replace(NOTHING, endpoints=("w",), file=Path("x")),
            "--from toy reads no file",
            id="a file too many",
        ),
        pytest.param(
            replace(NOTHING, system="paper", file=Path("x"), token="t"),
            "--from paper takes no token",
            id="a token too many",
        ),
        pytest.param(
            replace(NOTHING, system="papre"), "no estate can be read from 'papre'", id="a typing error"
        ),
        pytest.param(
            replace(NOTHING, system="paper", file=Path("nowhere")),
            "nowhere cannot be read",
            id="no such file",
        ),
    ],
)
def test_each_way_in_says_what_it_needs(asked: Asked, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(SetpointError, match=sentence):
        asked.way("home", tmp_path, (SHOP,))


def test_the_token_is_looked_for_under_the_name_of_the_way_in(tmp_path: Path) -> None:
    found = replace(NOTHING, endpoints=("w",)).way("home", tmp_path, (SHOP,))
    assert (found.word, found.access.secret) == ("toy", SecretRef(env="SETPOINT_TOY_TOKEN"))
