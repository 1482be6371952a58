"""A board on which others pin notes, for tests of what is put together; a note may say what another publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from setpoint.desired.compile import compile_set
from setpoint.desired.compiled import Compiled
from setpoint.model.gather import Ask, Asked, Gathering, Inside, Shares, Unshared, Written
from setpoint.model.handed import FromOutput
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.reference import Reference
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Tree
from tests.unit.desired.estate import BoxSpec, kind

TOPIC = "notes"


class BoardSpec(Spec):
    """A board."""

    notes: dict[str, str | FromOutput] = described("Its notes by name.", {})


class NoteSpec(Spec):
    """A note on a board."""

    board: str = described("The name of the board.")
    name: str = described("The name of the note.")
    text: str | FromOutput = described("What it says.")
    near: Annotated[str, Reference("Note")] | None = described("A note that must be there before.", None)


class CardSpec(Spec):
    """Something that pins what it publishes itself."""

    board: str | None = described("The name of the board.", None)


def asks(key: Key, spec: NoteSpec) -> tuple[Ask, ...]:
    text = spec.text if isinstance(spec.text, str) else spec.text.model_dump(by_alias=True)
    return (Ask(TOPIC, {"board": spec.board, "name": spec.name, "text": text}, "/text"),)


def card_asks(key: Key, spec: CardSpec) -> tuple[Ask, ...]:
    if spec.board is None:
        return ()
    text = {"from": f"Card/{key.name}", "output": "text"}
    return (Ask(TOPIC, {"board": spec.board, "name": key.name, "text": text}, "/board"),)


def share(boards: Mapping[Key, Tree], asked: tuple[Asked, ...]) -> Shares:
    """Every note on its board; two of one name keep the board from being put together."""
    problems: list[Unshared] = []
    specs: dict[Key, Tree] = {}
    known = {key.name for key in boards}
    for one in asked:
        if one.entry["board"] not in known:
            what = f"there is no board '{one.entry['board']}'"
            problems.append(Unshared(one, what, "declare it first"))
    for key, spec in boards.items():
        own: Any = spec.get("notes", {})
        held: dict[str, tuple[Written, Any]] = {
            name: (Inside(key, f"/notes/{name}"), text) for name, text in own.items()
        }
        clashes = False
        for one in asked:
            if one.entry["board"] != key.name:
                continue
            name = str(one.entry["name"])
            if name in held:
                other = held[name][0]
                clashes = True
                problems.append(Unshared(one, f"{name} is on {key} twice", "remove one", (other,)))
            else:
                held[name] = one, one.entry["text"]
        if not clashes:
            notes = {name: text for name, (_, text) in held.items()}
            specs[key] = {**spec, "notes": notes} if notes != own else spec
    return Shares(specs, tuple(problems))


def advise(boards: Mapping[Key, Tree], asked: tuple[Asked, ...]) -> tuple[Unshared, ...]:
    """Notes should say something."""
    return tuple(
        Unshared(one, f"{one.entry['name']} says nothing", "write something")
        for one in asked
        if not one.entry["text"]
    )


KINDS: dict[str, Kind[Any, Any]] = {
    "Box": kind("Box", BoxSpec),
    "Board": kind("Board", BoardSpec, gathers=Gathering(TOPIC, share, advise=advise)),
    "Note": kind("Note", NoteSpec, asks=asks),
    "Card": kind("Card", CardSpec, asks=card_asks),
}


def compiled(files: Mapping[str, str], kinds: Mapping[str, Kind[Any, Any]] = KINDS) -> Compiled:
    return compile_set({path: text.encode() for path, text in files.items()}, kinds, version="v")


def board(name: str = "main", **notes: str) -> str:
    return f"kind: Board\nmetadata: {{name: {name}}}\nspec:\n  notes: {notes}\n"


def note(name: str, text: Any, on: str = "main", of: str | None = None, more: str = "") -> str:
    return (
        f"kind: Note\nmetadata: {{name: {name}}}\nspec:\n"
        f"  board: {on}\n  name: {of or name}\n  text: {text}\n{more}"
    )


def key(kind_: str, name: str) -> Key:
    return Key("default", kind_, name)
