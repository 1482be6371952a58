"""Sheets: what an inventory declares, by itself and below the manifests."""

from __future__ import annotations

from setpoint.model.key import Key
from tests.unit.desired.estate import BOX, compiled, lines

WEB = Key("default", "Thing", "web")
SHEET = "@stock/machine/17.yaml"
ALONE = (
    "kind: Thing                # machines/17\n"
    "metadata:\n"
    "  name: web                # name\n"
    "  labels:\n"
    "    tier: front            # role\n"
    "policy:\n"
    "  deletion: orphan         # by default\n"
    "spec:\n"
    "  image: plain             # platform\n"
    "  memory: 4096MiB          # ram 4096, read as MiB\n"
)


def test_a_sheet_is_a_declaration_like_any_other() -> None:
    result = compiled({"box.yaml": BOX, SHEET: ALONE})
    assert lines(result) == []
    web = result.resources[WEB]
    assert web.spec == {"image": "plain", "memory": "4096MiB"}
    assert str(web.origin) == f"{SHEET}:1:1"
    assert str(web.origins["/memory"]) == f"{SHEET}:10:3"
    assert web.labels == {"tier": "front"}


def test_a_sheet_gets_the_defaults_of_the_root_and_no_overlay_is_about_it() -> None:
    files = {
        "box.yaml": BOX,
        "defaults.yaml": "kind: Thing\nlabels: {tier: front}\nspec: {cores: 8}\n",
        "overlay.yaml": "namespace: prod\npatches: [{kind: Box, spec: {url: there}}]\n",
        SHEET: ALONE.replace("name: web ", "name: web\n  namespace: prod"),
        "@stock/overlay.yaml": ALONE.replace("web", "one").replace("plain", "'1'"),
        "@stock/defaults.yaml": "kind: Box\nmetadata: {name: other}\nspec: {url: here}\n",
    }
    result = compiled(files)
    assert {str(key): one.spec.get("cores") for key, one in result.resources.items()} == {
        "Box/other": None,
        "prod/Box/main": None,
        "prod/Thing/web": 8,
        "Thing/one": 8,
    }


def test_an_overlay_over_other_folders_copies_no_sheet() -> None:
    files = {
        "box.yaml": BOX,
        "vms/web.yaml": ALONE.replace("web", "own"),
        "dev/overlay.yaml": "over: ../@stock\nnamespace: dev\n",
        SHEET: ALONE,
    }
    result = compiled(files)
    assert lines(result) == [
        "dev/overlay.yaml:1:1: over: there is no manifest in @stock; the folders are ../vms"
    ]
    assert sorted(map(str, result.resources)) == ["Box/main", "Thing/own", "Thing/web"]


def test_a_broken_sheet_is_told_at_its_place_and_hides_what_it_may_declare() -> None:
    named = compiled({"box.yaml": BOX, SHEET: ALONE.replace("4096MiB", "lots   ")})
    (line,) = lines(named)
    assert line.startswith(f"{SHEET}:10:3: spec.memory: 'lots' is no size")
    assert named.broken == {WEB}
    assert named.tainted == frozenset()
    unnamed = compiled({"box.yaml": BOX, SHEET: ALONE.replace("web ", "'!' ")})
    assert unnamed.tainted == {SHEET}
