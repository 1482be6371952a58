"""`setpoint explain`: everything that there is to know about a field, in words."""

from __future__ import annotations

import json

import pytest

from setpoint.systems import installed_kinds
from tests.unit.cli.conftest import Say


def test_alone_it_lists_the_kinds(say: Say, toys: None) -> None:
    said = say("explain")
    assert "Thing" in said.out
    assert "a thing for tests" in said.out
    kinds = json.loads(say("explain", "-o", "json").out)
    assert {"kind": "Box", "summary": "a box for tests"} in kinds


def test_a_kind_is_taught_with_its_fields_and_an_example(say: Say, toys: None) -> None:
    said = say("explain", "thing")
    assert said.lines[:3] == [
        "Thing: a thing for tests",
        "Target: a Box; may be left out when there is only one.",
        "Also for every kind: metadata, policy.",
    ]
    assert "  kind: Thing\n  metadata: {name: web01}" in said.out.partition("Example:")[2]


FIELDS = {
    "required": ("image", "text; required", "Name of the image that it is made from. For example plain."),
    "size": ("memory", "size; default 512MiB", "Memory of the thing."),
    "bounds": ("cores", "whole number, at least 1, at most 64; default 1", "Number of cores."),
    "number": ("ratio", "number; default 1.0", "Share of what is left."),
    "choice": ("colour", "one of red, green, blue; default red", "Its colour."),
    "flag": ("onBoot", "true or false; default true", "Whether it starts with its box."),
    "duration": ("grace", "duration", "How long it may take to stop."),
    "list": ("shelves", "list of mapping, at most 3 of them", "Its shelves, lowest first."),
    "below a list": (
        "shelves.height",
        "whole number, at least 10, at most 3000; required",
        "Height in millimetres.",
    ),
    "alternatives": ("outline", "mapping", "Its outline."),
    "inside an alternative": (
        "outline.side",
        "whole number, at least 1; required",
        "Length of a side in millimetres.",
    ),
    "the mark of an alternative": ("outline.shape", "always round; required", ""),
    "text or mapping": ("source", "text or mapping", "Name or description of where it comes from."),
    "by name": ("nics", "mapping from name to mapping from name to text", "Its interfaces by name."),
    "reference": ("near", "name of a Thing", "A thing that must be there before."),
    "policy": (
        "policy.interval",
        "duration; default 10m",
        "How often to look even when nothing changed in git;",
    ),
    "metadata": ("metadata.name", "text; required", "The name of the Thing. A new name is a new resource."),
    "said in full": ("spec.cores", "whole number, at least 1, at most 64; default 1", "Number of cores."),
    "target": ("target", "text", "The resource that holds it; may be left out when there is only"),
}


@pytest.mark.parametrize(("path", "form", "text"), FIELDS.values(), ids=FIELDS.keys())
def test_a_field_is_taught(say: Say, toys: None, path: str, form: str, text: str) -> None:
    said = say("explain", f"Thing.{path}")
    assert said.code == 0
    title, _, rest = said.lines[0].partition(": ")
    assert title.endswith(path)
    assert rest == form
    assert not text or text in said.lines[1]


def test_a_field_is_taught_to_programs_too(say: Say, toys: None) -> None:
    found = json.loads(say("explain", "Thing.shelves", "-o", "json").out)
    assert [field["name"] for field in found["fields"]] == ["height", "label"]
    assert json.loads(say("explain", "Thing", "-o", "json").out)["target"] == "Box"


@pytest.mark.parametrize(
    ("what", "remedy"),
    [
        ("Thing.memroy", "Thing has no field spec.memroy; did you mean memory?"),
        ("Thing.shelves.hight", "Thing has no field spec.shelves.hight; did you mean height?"),
        (
            "Thing.policy.x",
            "Thing has no field policy.x; there are adopt, deletion, drift, expires, grace, ignore, interval, lifecycle, manage, reboot, rollout, take and 2 more",
        ),
        ("Thing.cores.x", "Thing has no field spec.cores.x"),
    ],
)
def test_a_field_that_is_not_there_is_guessed(say: Say, toys: None, what: str, remedy: str) -> None:
    said = say("explain", what)
    assert (said.code, said.err) == (1, f"setpoint: {remedy}\n")


@pytest.mark.parametrize("kind", sorted(installed_kinds()))
def test_every_field_of_every_installed_kind_is_described(say: Say, kind: str) -> None:
    def bare(fields: list[dict[str, object]], where: str) -> list[str]:
        found = []
        for field in fields:
            path = f"{where}.{field['name']}"
            found += [path] if not field["description"] or field["form"] == "anything" else []
            if field["deeper"]:
                found += bare(json.loads(say("explain", path, "-o", "json").out)["fields"], path)
        return found

    assert bare(json.loads(say("explain", kind, "-o", "json").out)["fields"], kind) == []


def test_a_member_of_a_mapping_may_be_named(say: Say, toys: None) -> None:
    named, plain = say("explain", "thing.nics.ETH"), say("explain", "thing.nics")
    assert named.code == plain.code == 0
    assert named.lines[0].startswith("Thing.spec.nics.ETH: mapping from name")
    assert named.lines[1:] == plain.lines[1:]
    assert say("explain", "thing.memory.ETH").code == 1, "what is no mapping has no members"
