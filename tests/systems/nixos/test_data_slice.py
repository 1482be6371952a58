"""What a host's configuration is given: equal for equal data, whole on the disk, and nothing that is no plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate

from setpoint.desired.compile import compile_set
from setpoint.model.errors import RefusalError
from setpoint.model.key import Key
from setpoint_nixos.kinds.nixos_host.data import lacking
from setpoint_nixos.nix.data_slice import Slice, Slices
from tests.systems.nixos.living import KINDS
from tests.systems.nixos.nixes import call, make_nix, remove

SLICE = Slice("home", "default", "web01", {"env": "prod"}, {"domain": "example.net"})
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=10,
)
DATA = st.dictionaries(st.text(), PLAIN, max_size=4)


def turned(value: Any) -> Any:
    """The same, with what has no order written in another one."""
    if isinstance(value, Mapping):
        return {name: turned(value[name]) for name in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


@given(DATA)
def test_the_order_in_which_it_was_written_changes_nothing(data: dict[str, Any]) -> None:
    assert replace(SLICE, data=turned(data)).digest == replace(SLICE, data=data).digest


@given(DATA, DATA)
def test_two_are_the_same_only_if_they_hold_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = replace(SLICE, data=one), replace(SLICE, data=other)
    assert (first.digest == second.digest) == (
        json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(SLICE, estate="away"),
        replace(SLICE, namespace="lab"),
        replace(SLICE, name="web02"),
        replace(SLICE, labels={}),
        replace(SLICE, data={}),
    ],
    ids=["estate", "namespace", "name", "labels", "data"],
)
def test_whatever_it_holds_makes_it_another(other: Slice) -> None:
    assert other.digest != SLICE.digest


@pytest.fixture
def slices(tmp_path: Path) -> Slices:
    return Slices(tmp_path / "a folder" / "slices")


def folder_of(slices: Slices, wanted: Slice = SLICE) -> Path:
    return slices.folder / wanted.digest


def test_it_is_a_flake_by_its_content_that_looks_the_same_whenever_it_was_written(slices: Slices) -> None:
    assert slices.place(SLICE) == slices.place(SLICE) == f"path:{quote(str(folder_of(slices)))}"
    assert json.loads((folder_of(slices) / "slice.json").read_text())["data"] == {"domain": "example.net"}
    assert {place.stat().st_mtime for place in (folder_of(slices), *folder_of(slices).iterdir())} == {1}
    assert list(slices.folder.iterdir()) == [folder_of(slices)]


@pytest.mark.parametrize("damage", ["empty", "missing", "other", "binary"])
def test_a_damaged_one_is_written_anew(slices: Slices, damage: str) -> None:
    slices.place(SLICE)
    place = folder_of(slices) / "slice.json"
    match damage:
        case "missing":
            place.unlink()
        case "binary":
            place.write_bytes(b"\xff\xfe")
        case _:
            place.write_text("" if damage == "empty" else "{}")
    slices.place(SLICE)
    assert place.read_text() == SLICE.text
    assert list(slices.folder.iterdir()) == [folder_of(slices)]


def test_a_folder_behind_a_link_is_named_by_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert Slices(tmp_path / "link").place(SLICE) == f"path:{tmp_path}/real/{SLICE.digest}"


def test_many_that_write_the_same_at_once_are_all_served(slices: Slices) -> None:
    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(slices.place, [SLICE] * 40))
    assert len(places) == 1
    assert list(slices.folder.iterdir()) == [folder_of(slices)]


def test_a_folder_that_cannot_be_written_is_named(slices: Slices) -> None:
    slices.folder.parent.mkdir()
    slices.folder.write_text("in the way")
    with pytest.raises(
        RefusalError, match=r"the data of web01 cannot be written to .*; see that the cache folder"
    ):
        slices.place(SLICE)


def test_what_nobody_asked_for_in_a_while_is_removed(slices: Slices) -> None:
    slices.place(SLICE)
    assert slices.prune(timedelta(hours=1)) == 0
    assert slices.prune(timedelta(seconds=-5)) == 1
    assert list(slices.folder.iterdir()) == []
    assert Slices(slices.folder / "nowhere").prune(timedelta()) == 0


AWKWARD = {
    "text": 'a "quoted" $ {x} ${y} \\ \n\t\u2028 ü 🙂',
    "": {"a.b": [1, -(2**63), 2**63 - 1, 1.5, -0.25, True, None, [], {}]},
}


def test_nix_reads_what_was_written(tmp_path: Path) -> None:
    nix = make_nix(tmp_path / "nix")
    try:
        flake = Slices(tmp_path / "slices").place(replace(SLICE, data=AWKWARD))
        assert json.loads(call(nix, "nix", "eval", "--json", f"{flake}#data")) == AWKWARD
        assert json.loads(call(nix, "nix", "eval", "--json", f"{flake}#labels")) == {"env": "prod"}
    finally:
        remove(tmp_path / "nix")


def declared(data: str) -> list[str]:
    """The mistakes of a NixosHost with this data, as a person is told them."""
    host = {"address": "web01", "key": {"env": "KEY"}, "hostKey": HOST_KEY}
    files = {
        "host.yaml": json.dumps({"kind": "Host", "metadata": {"name": "web01"}, "spec": host}),
        "web01.yaml": "kind: NixosHost\nmetadata: {name: web01}\nspec:\n  flake: {url: 'github:a/b'}\n"
        f"  data: {data}\n",
    }
    contents = {name: text.encode() for name, text in files.items()}
    found = compile_set(contents, KINDS, version="1")
    assert found.problems or Key.parse("NixosHost/web01") in found.resources
    return [str(problem) for problem in found.problems]


HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQZI5ioto6X7+Ai1aDzs9UsTJKpsWAbs6xzAPmD7q3l"


@pytest.mark.parametrize(
    "data",
    [
        "{}",
        "{domain: example.net, ports: [80, 443], deep: {a: {b: null}}}",
        "{address: {from: Host/web01, output: ipv4}}",
        "{env: prod, file: /etc/hosts, from: {from: here, to: there}}",
    ],
    ids=["nothing", "plain", "output", "names-that-mean-something-elsewhere"],
)
def test_plain_data_and_outputs_may_be_given(data: str) -> None:
    assert declared(data) == []
    schema = KINDS["NixosHost"].spec.model_json_schema()
    validate({"flake": {"url": "github:a/b"}, "data": yaml.safe_load(data)}, schema)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("{a: {from: web01, output: x}}", "spec.data.a.from: 'web01' names no resource"),
        ("{a: {from: Host/web01}}", "spec.data.a.output: is missing"),
        ("{a: {from: Host/web02, output: x}}", "spec.data.a.from: there is no Host 'web02'"),
        ("{a: {b: [{from: Host/web01, output: x}]}}", "a/b/0 would take an output, which only a whole entry"),
        ("{a: {b: {credential: x}}}", "a/b names a secret, and everybody on the host can read"),
        ("[a]", "spec.data"),
    ],
    ids=["no-kind", "no-output", "nobody", "too-deep", "secret", "list"],
)
def test_what_would_not_be_what_it_looks_like_is_refused(data: str, told: str) -> None:
    (problem,) = declared(data)
    assert told in problem


@pytest.mark.parametrize(
    ("written", "taken", "left"),
    [
        (None, {}, ()),
        ({"a": 1}, {"a": 1}, ()),
        ({"a": 1, "b": {"from": "Host/x", "output": "y"}, "c": {}}, {"a": 1}, ("b", "c")),
    ],
    ids=["nothing", "all", "some"],
)
def test_what_nobody_publishes_yet_is_named(
    written: Any, taken: Mapping[str, Any], left: tuple[str, ...]
) -> None:
    assert lacking(written, taken) == left


def test_a_write_that_was_killed_leaves_what_the_next_one_does_not_take(slices: Slices) -> None:
    half = slices.folder / f"{SLICE.digest}.0123abcd"
    half.mkdir(parents=True)
    (half / "slice.json").write_text("{")
    slices.place(SLICE)
    assert (folder_of(slices) / "slice.json").read_text() == SLICE.text
    assert slices.prune(timedelta(seconds=-5)) == 2


def test_it_is_for_its_owner_alone(slices: Slices) -> None:
    slices.place(SLICE)
    assert folder_of(slices).stat().st_mode & 0o077 == 0
