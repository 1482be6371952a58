"""The pages in docs and the README say nothing that is not so: YAML compiles, commands are understood, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from setpoint.cli.main import setpoint
from setpoint.desired.compile import compile_set
from setpoint.systems import installed_kinds

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md"])
CLUSTER = (ROOT / "examples/estate/cluster.yaml").read_bytes()
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(setpoint [a-z][^`]*)`")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(language: str) -> Iterator[object]:
    for page in PAGES:
        found = [text for kind, text in _BLOCK.findall(page.read_text("utf-8")) if kind == language]
        yield from (pytest.param(text, id=f"{named(page)} {number}") for number, text in enumerate(found, 1))


def commands() -> Iterator[object]:
    """Every command line of ours, in a console block or in the text."""
    for page in PAGES:
        text = page.read_text("utf-8")
        lines = [
            line[2:]
            for kind, block in _BLOCK.findall(text)
            if kind == "console"
            for line in block.splitlines()
            if line.startswith("$ setpoint ")
        ]
        for line in dict.fromkeys([*lines, *_INLINE.findall(text)]):
            yield pytest.param(line, id=f"{named(page)} {line}")


def test_there_are_pages_with_all_of_it() -> None:
    assert len(PAGES) >= 7
    assert len(list(blocks("yaml"))) >= 7
    assert len(list(commands())) >= 10


@pytest.mark.parametrize("text", list(blocks("yaml")))
def test_a_manifest_is_valid(text: str) -> None:
    # A page may show what lies in a defaults.yaml: it has no name.
    place = "page.yaml" if "metadata: {name:" in text else "defaults.yaml"
    compiled = compile_set({"cluster.yaml": CLUSTER, place: text.encode()}, installed_kinds(), version="test")
    assert compiled.problems == ()
    assert len(compiled.resources) == (2 if place == "page.yaml" else 1)


@pytest.mark.parametrize("line", list(commands()))
def test_a_command_is_understood(line: str) -> None:
    _, *words = shlex.split(line.partition("  #")[0])
    command: click.Command = setpoint
    context = click.Context(setpoint)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        found = command.get_command(context, name)
        assert found is not None, f"there is no verb {name}"
        command = found
    known = {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
    given = {word for word in words if word.startswith("-")}
    assert given <= known


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_its_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text("utf-8")):
        assert (page.parent / link).exists(), link
