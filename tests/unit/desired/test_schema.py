"""The schemas say what `validate` says, and the committed ones are those that the kinds make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from setpoint.desired.node import plain
from setpoint.desired.reader import read
from setpoint.desired.schema import EDITORS, OVERLAY, editor_schema, kind_schema, overlay_schema, schema_files
from setpoint.model.kind import Kind
from setpoint.systems import installed_kinds
from tests.unit.desired.estate import BOX, KINDS, compiled
from tests.unit.desired.test_bad_manifests import ENVELOPE, SPEC, spec

COMMITTED = Path(__file__).parents[3] / "crds-schemas"

JUDGED_BY_THE_WHOLE = {
    "former name that is none",
    "unknown target",
    "unknown reference",
    "reference to itself",
    "list as declaration",
    "unknown kind",
    "kind far from any",
    "no kind",
}
OUR_OWN_RULE = {"our own rule", "policy below its floor", "reboot in a window without one"}

GOOD = {
    "short": spec(""),
    "full": spec(
        "  memory: 2GiB\n  cores: 2\n  ratio: 1\n  onBoot: false\n  colour: blue\n  grace: 90s\n"
        "  shelves: [{height: 10, label: x}]\n  outline: {shape: square, side: 2}\n  source: {url: x, size: 5}\n"
        "  nics: {net0: {a: b}}\n  code: AB\n  mac: '52:54:00:12:34:56'\n  near: good\n"
    ),
    "envelope": (
        "apiVersion: setpoint.dev/v1\nkind: Thing\nmetadata: {name: a.b-c, namespace: prod, labels: {a: b}, formerly: x}\n"
        "policy: {drift: warn, interval: 1h, ignore: [/x], reboot: never}\ntarget: main\nspec: {image: i}\n"
    ),
    "text or mapping": spec("  source: x\n"),
    "null where it may be": spec("  code: null\n"),
    "box": BOX,
}


def value(text: str) -> Any:
    return plain(read("f.yaml", text.encode()).documents[0].root)


def validator(text: str) -> Draft7Validator:
    return Draft7Validator(kind_schema(KINDS[value(text)["kind"]]))


@pytest.mark.parametrize("kind", [*KINDS.values(), *installed_kinds().values()], ids=lambda kind: kind.name)
def test_every_schema_is_one(kind: Kind[Any, Any]) -> None:
    Draft7Validator.check_schema(kind_schema(kind))


def test_the_schema_for_editors_is_one() -> None:
    Draft7Validator.check_schema(editor_schema(KINDS))


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_what_validates_fits_the_schema(text: str) -> None:
    neighbours = {"box.yaml": BOX, "good.yaml": spec("").replace("bad", "good")} if text != BOX else {}
    assert compiled({"f.yaml": text, **neighbours}).problems == ()
    assert list(validator(text).iter_errors(value(text))) == []
    assert list(Draft7Validator(editor_schema(KINDS)).iter_errors(value(text))) == []


BAD = {
    **{name: text for name, (text, _) in ENVELOPE.items()},
    **{name: spec(text) for name, (text, _) in SPEC.items()},
}


@pytest.mark.parametrize(
    "text",
    [text for name, text in BAD.items() if name not in JUDGED_BY_THE_WHOLE | OUR_OWN_RULE],
    ids=[name for name in BAD if name not in JUDGED_BY_THE_WHOLE | OUR_OWN_RULE],
)
def test_what_has_a_bad_shape_does_not_fit_the_schema(text: str) -> None:
    assert list(validator(text).iter_errors(value(text))) != []


def test_editors_do_not_ask_for_what_defaults_may_give_and_tell_the_rest() -> None:
    editors = Draft7Validator(editor_schema(KINDS))
    assert editors.is_valid({"kind": "Thing", "metadata": {"name": "a"}})
    assert not editors.is_valid({"kind": "Thing", "metadata": {"name": "a"}, "spec": {"memroy": 1}})
    assert not editors.is_valid({"kind": "Thing", "metadata": {"name": "a"}, "spec": {"shelves": [{}]}})
    assert not editors.is_valid({"kind": "Thign", "metadata": {"name": "a"}})
    assert not editors.is_valid({"metadata": {"name": "a"}})


def test_editors_know_sets_and_overlays() -> None:
    editors, overlay = Draft7Validator(editor_schema(KINDS)), Draft7Validator(overlay_schema())
    made = {
        "kind": "ResourceSet",
        "metadata": {"name": "s"},
        "spec": {"rows": [{"a": 1}], "template": {"kind": "Thing"}},
    }
    assert editors.is_valid(made)
    assert not editors.is_valid({**made, "spec": {"rows": []}})
    assert overlay.is_valid(
        {"over": "../base", "namespace": "dev", "patches": [{"kind": "Thing", "spec": {"cores": 1}}]}
    )
    assert not overlay.is_valid({"over": "../base", "namespace": "Dev"})
    assert not overlay.is_valid({"over": "../base", "patchs": []})


def test_files_lie_where_kubeconform_looks_for_them() -> None:
    assert set(schema_files(KINDS)) == {
        "setpoint.dev/box_v1.json",
        "setpoint.dev/path_v1.json",
        "setpoint.dev/thing_v1.json",
        EDITORS,
        OVERLAY,
    }


def test_sizes_and_durations_have_their_unit_in_the_schema() -> None:
    schema = kind_schema(KINDS["Thing"])
    assert schema["definitions"]["ThingSpec"]["properties"]["memory"]["default"] == "512MiB"
    assert schema["definitions"]["Policy"]["properties"]["interval"]["default"] == "10m"
    assert "title" not in json.dumps(schema["definitions"])
    assert "$defs" not in json.dumps(schema)


def test_the_committed_schemas_are_those_of_the_kinds() -> None:
    """When this fails, run `make schemas`."""
    made = schema_files(installed_kinds())
    found = {path.relative_to(COMMITTED).as_posix(): path.read_text() for path in COMMITTED.rglob("*.json")}
    assert found == made
