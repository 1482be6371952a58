"""Whatever was edited, what is made from the version before is what would be made from nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setpoint.desired.changes import changed_keys
from setpoint.desired.compile import Cache, compile_set
from setpoint.desired.compiled import Compiled
from setpoint.desired.drafting import read_carefully
from setpoint.desired.home import Home
from setpoint.desired.layers import Layer, Stack, read_folder
from setpoint.desired.overlay import Overlay, read_overlay
from setpoint.desired.sheet import Sheet, Sheets, no_sheets, read_sheet
from setpoint.desired.sound import UnusualError
from setpoint.desired.swift import read_piece, read_swiftly
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.resource import Resource
from setpoint.model.tree import Pointer
from tests.unit.desired.estate import BOX, KINDS

Files = Mapping[str, bytes]

FOLDERS = ("", "a/", "a/b/", "c/")
NAMES = ("w", "x", "y", "z")
NAMESPACES = ("", "prod", "lab")


def thing(name: str, namespace: str, near: str, box: str, size: str, former: str) -> str:
    namespaced = f", namespace: {namespace}" if namespace else ""
    formerly = f", formerly: {former}" if former else ""
    spec = f"image: i{size}, cores: 2" + (f", near: {near}" if near else "")
    target = f"target: {box}\n" if box else ""
    return f"kind: Thing\nmetadata: {{name: {name}{namespaced}{formerly}, labels: {{l: '{size}'}}}}\n{target}spec: {{{spec}}}\n"


def box(name: str, namespace: str) -> str:
    namespaced = f", namespace: {namespace}" if namespace else ""
    return f"kind: Box\nmetadata: {{name: {name}{namespaced}}}\nspec: {{url: u}}\n"


THINGS = st.builds(
    thing,
    st.sampled_from(NAMES),
    st.sampled_from(NAMESPACES),
    st.sampled_from(("", "", *NAMES, "prod/x", "lab/y")),
    st.sampled_from(("", "", "main", "other", "prod/main")),
    st.sampled_from(("", "1", "2")),
    st.sampled_from(("", "", "", *NAMES)),
)
BOXES = st.builds(box, st.sampled_from(("main", "other")), st.sampled_from(NAMESPACES))
BROKEN = st.sampled_from(
    (
        "kind: [",
        "kind: Thing\nmetadata: {name: x}\nspec: {image: 5}\n",
        "kind: Thing\nmetadata: {name: '!'}\n",
        "kind: Thing\nmetadata: {name: w}\nspec: {image: i, near: nobody}\n",
        "kind: Nothing\nmetadata: {name: w}\n",
        "\tx",
        "",
        "# nothing\n",
    )
)
SETS = st.builds(
    (
        "kind: ResourceSet\nmetadata: {{name: s}}\nspec:\n  {}\n  template:\n    kind: Thing\n"
        "    metadata: {{name: '{{{{ n }}}}'}}\n    spec: {{{}}}\n"
    ).format,
    st.sampled_from(
        (
            "csv: t.csv",
            "csv: ../t.csv",
            "csv: u.csv",
            "rows: [{n: w, c: 1}, {n: x, c: null}]",
            "rows: [{n: '!', c: 1}, {n: z}]",
        )
    ),
    st.sampled_from(
        ("image: i", "image: 'i{{ n }}', cores: '{{ c }}'", "image: '{{ c }}'", "image: '{{', near: w")
    ),
)
TABLES = st.sampled_from(
    (
        b"n,c\nw,1\nx,\n",
        b'n,c\n"y",3\n',
        b"n\nw\nx\n",
        b"n,c\nw,1,2\nz,4\n",
        b"n,c\n",
        b'"',
        b"n,c\nw,1\nw,2\n",
    )
)
DOCUMENTS = st.one_of(THINGS, THINGS, THINGS, BOXES, SETS, BROKEN)
MANIFESTS = st.lists(DOCUMENTS, min_size=1, max_size=2).map(lambda found: "---\n".join(found).encode())
DEFAULTS = st.sampled_from(
    (
        b"kind: Thing\nspec: {cores: 3, memory: 1GiB}\n",
        b"kind: Thing\ntarget: other\nspec: {memory: 2GiB}\n",
        b"kind: Thing\nspec: {near: w}\n---\nkind: Thing\nlabels: {l: '1'}\nspec: {near: null, grace: 5m}\n",
        b"kind: '*'\nmetadata: {labels: {l: '2', m: n}}\npolicy: {interval: 90s}\n",
        b"kind: Thing\ntarget: null\nspec: {near: null, nics: {net0: {a: b}}}\n",
        b"kind: Thing\nspec: {cores: many}\n",
        b"kind: Thing\npolicy: {take: {stock: [image, /nics/net0]}}\n",
        b"kind: '*'\npolicy: {take: {stock: [], other: [cores, url]}}\n",
        b"kind: [\n",
    )
)
PATHS = st.builds("{}{}.yaml".format, st.sampled_from((*FOLDERS, "d/")), st.sampled_from(("f", "g", "h")))
LAYERS = st.sampled_from([f"{folder}defaults.yaml" for folder in (*FOLDERS, "d/")] + ["a/defaults.yml"])
PATCHES = st.lists(
    st.sampled_from(
        (
            "{kind: Thing, spec: {cores: 5}}",
            "{kind: Thing, name: w, spec: {near: null, cores: null}}",
            "{kind: Thing, labels: {l: '1'}, target: main, spec: {near: prod/x, nics: {net0: {a: c}}}}",
            "{kind: '*', metadata: {labels: {l: '2', m: null}}, policy: {interval: 2h}}",
            "{kind: Thing, name: y, labels: {l: '2'}, spec: {memory: 5GB}}",
            "{kind: Box}",
        )
    ),
    max_size=2,
).map(lambda found: f"patches: [{', '.join(found)}]\n" if found else "")
OVERS = (
    "",
    "over: ../a\n",
    "over: ../a/b\n",
    "over: ../c\n",
    "over: ../d\n",
    "over: ..\n",
    "over: ../nowhere\n",
)
LAID = st.one_of(
    st.builds(
        "{}{}namespace: {}\n{}{}".format,
        st.sampled_from(OVERS),
        st.sampled_from(("", "", "formerly: prod\n")),
        st.sampled_from(("dev", "dev", "lab", "test")),
        st.sampled_from(("", "", "without: [{kind: Thing, name: z}]\n")),
        PATCHES,
    ),
    st.sampled_from(("template: true\n", "template: true\n", "over: ../a\n", "over: [\n", "")),
).map(str.encode)
OVERLAYS = st.sampled_from(
    [f"{folder}overlay.yaml" for folder in ("", "a/", "a/b/", "c/", "d/", "e/")] + ["d/overlay.yml"]
)

Edit = Callable[[Files], dict[str, bytes]]


def written(path: str, content: bytes) -> Edit:
    return lambda files: {**files, path: content}


def removed(number: int) -> Edit:
    return lambda files: (
        {p: c for at, (p, c) in enumerate(sorted(files.items())) if at != number % len(files)}
        if files
        else {}
    )


def moved(old: str, new: str) -> Edit:
    """A folder, or one file, under another name."""
    return lambda files: {new + p.removeprefix(old) if p.startswith(old) else p: c for p, c in files.items()}


def swapped(one: str, other: str) -> Edit:
    return lambda files: {{one: other, other: one}.get(p, p): c for p, c in files.items()}


def reordered(files: Files) -> dict[str, bytes]:
    return dict(reversed([*files.items()]))


PLACES = st.sampled_from(("t.csv", "a/t.csv", "a/u.csv", "d/t.csv"))
SHEETS = st.sampled_from(("@stock/1.yaml", "@stock/2.yaml", "@other/1.yaml", "@stock/defaults.yaml"))
SAID = st.one_of(
    DOCUMENTS.map(str.encode),
    THINGS.map(str.encode),
    st.sampled_from(
        (
            b"kind: Thing\nmetadata: {name: w}\nspec: {image: i1}\n",
            b"kind: Thing\nmetadata: {name: w, formerly: v}\ntarget: other\nspec: {memory: 4GiB, cores: 3}\n",
            b"kind: Thing\nmetadata: {name: x, labels: {l: '2'}}\nspec: {near: w, nics: {net0: {a: b}}}\n",
            b"kind: Thing\nmetadata: {name: x}\npolicy: {deletion: orphan}\nspec: {cores: null, image: i}\n",
            b"kind: Thing\nmetadata: {name: w}\nspec: {cores: many}\n",
            b"kind: Thing\nmetadata: {name: x}\nspec: {image: i}\nstuff: 1\n",
            b"kind: Thing\nmetadata: {name: w}\nspec: {image: i}\n---\nkind: Thing\nmetadata: {name: x}\n",
            b"kind: Thing\nmetadata: {name: w, namespace: dev}\nspec: {image: j, near: prod/x}\n",
        )
    ),
)
EDITS: st.SearchStrategy[Edit] = st.one_of(
    st.builds(written, SHEETS, SAID),
    st.builds(written, SHEETS, SAID),
    st.builds(written, PLACES, TABLES),
    st.builds(written, PATHS, MANIFESTS),
    st.builds(written, PATHS, MANIFESTS),
    st.builds(written, LAYERS, DEFAULTS),
    st.builds(written, OVERLAYS, LAID),
    st.builds(written, OVERLAYS, LAID),
    st.builds(removed, st.integers(0, 20)),
    st.builds(moved, st.sampled_from(FOLDERS[1:]), st.sampled_from(FOLDERS)),
    st.builds(swapped, PATHS, PATHS),
    st.just(reordered),
)
ESTATES = st.tuples(
    st.dictionaries(PATHS, MANIFESTS, max_size=6),
    st.dictionaries(LAYERS, DEFAULTS, max_size=2),
    st.dictionaries(OVERLAYS, LAID, max_size=3),
    st.dictionaries(PLACES, TABLES, max_size=3),
    st.dictionaries(SHEETS, SAID, max_size=3),
).map(lambda parts: {"box.yaml": BOX.encode(), **parts[0], **parts[1], **parts[2], **parts[3], **parts[4]})


def shown(origins: Mapping[Pointer, Origin]) -> dict[Pointer, str]:
    return {pointer: str(origin) for pointer, origin in origins.items()}


def everything(compiled: Compiled) -> list[object]:
    """All of a result with its orders, places and remedies."""
    resources = [(key, resource, shown(resource.origins)) for key, resource in compiled.resources.items()]
    return [
        resources,
        [(problem, str(problem)) for problem in compiled.problems],
        compiled.tainted,
        compiled.broken,
        dict(compiled.suspended),
        dict(compiled.conflicts),
    ]


@given(ESTATES, st.lists(EDITS, min_size=1, max_size=6))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_made_from_the_version_before_is_what_is_made_from_nothing(
    files: Files, edits: list[Edit]
) -> None:
    cache = Cache()
    before: Mapping[Key, Resource] = {}
    compile_set(files, KINDS, version="0", cache=cache)
    for edit in edits:
        files = edit(files)
        compiled = compile_set(files, KINDS, version="1", cache=cache)
        assert everything(compiled) == everything(compile_set(files, KINDS, version="1"))
        changes = changed_keys(before, compiled.resources)
        assert changes.changed == {
            key
            for key, resource in compiled.resources.items()
            if key in before and before[key].spec_hash != resource.spec_hash
        }
        before = dict(compiled.resources)


def layers_of(contents: Sequence[bytes]) -> tuple[Layer, ...]:
    folders = [read_folder("defaults.yaml", content, KINDS) for content in contents]
    return tuple(layer for folder in folders if not folder.problems for layer in folder.layers)


ODDITIES = st.lists(
    st.sampled_from(
        (
            "kind: Thing",
            "metadata: {name: w}",
            "spec: {image: i}",
            "spec:",
            "policy: null",
            "target: main",
            "target: null",
            "a: &x 1",
            "b: *x",
            "!!str c: d",
            "'<<': {}",
            "<<: {image: i}",
            "1: 2",
            "no: yes",
            "image: 0x1F",
            "'image': \"\\0\"",
            "? [a]",
            "spec: {image: i, nics: {net0: {a: b, a: c}}}",
            "spec: {image: i, near: prod/x, shelves: [{height: 20}, {height: 30}]}",
            "spec: {image: '1', cores: 1e400}",
            "metadata: {name: x, namespace: null}",
            "metadata: {name: x, labels: {a: b, l: '1'}}",
            "policy: {interval: 5m, ignore: [/a]}",
            "policy: {take: {stock: [cores, near]}}",
            "policy: {take: {stok: []}}",
            "policy: {take: {stock: [core]}}",
            "policy: {take: {stock: no}}",
            "policy: {take: [stock]}",
            "---",
            "%YAML 1.2",
            "- a",
            "  b: c",
        )
    ),
    max_size=6,
).map(lambda lines: "\n".join(lines).encode())


def stacks(below: tuple[Layer, ...], overlay: Overlay | None, *, own: bool) -> Stack:
    if overlay is None or overlay.problems or not overlay.namespace:
        return Stack(below)
    there = Origin("o/overlay.yaml", 1, 1)
    way = ("p/overlay.yaml", "o/overlay.yaml")
    home = Home(way, "o/", overlay.namespace, there, own, overlay.formerly, there, frozenset({"prod"}))
    return Stack(below, overlay.patches, home if own else replace(home, without=overlay.without))


STACKS = st.builds(
    stacks,
    st.lists(DEFAULTS, max_size=3).map(layers_of),
    st.none() | LAID.map(lambda content: read_overlay("o/overlay.yaml", content, KINDS)),
    own=st.booleans(),
)


def below(said: Sequence[bytes]) -> Sheets:
    """The sheets of whatever key, as if they were of it."""
    sheets = [read_sheet(f"@stock/{number}.yaml", content) for number, content in enumerate(said)]

    def found(key: Key) -> Sequence[Sheet]:
        return sheets if key.kind == "Thing" and key.name in ("w", "x") else ()

    return found


BELOW = st.lists(SAID, max_size=1).map(below) | st.lists(SAID, min_size=2, max_size=2).map(below)


@given(SETS, TABLES, STACKS, BELOW)
@settings(max_examples=300, deadline=None)
def test_what_a_row_makes_is_read_in_both_ways_alike(
    text: str, table: bytes, stack: Stack, sheets: Sheets
) -> None:
    content, tables = text.encode(), {"d/t.csv": table, "t.csv": table}
    careful = read_carefully("d/f.yaml", content, stack, KINDS, tables, sheets=sheets)
    piece = read_piece("d/f.yaml", content, stack, KINDS, tables, sheets)
    assert piece == careful
    assert [shown(draft.origins) for draft in piece.drafts] == [
        shown(draft.origins) for draft in careful.drafts
    ]


@given(
    MANIFESTS | ODDITIES | st.tuples(MANIFESTS, ODDITIES).map(b"".join),
    STACKS,
    st.just(no_sheets) | BELOW,
)
@settings(max_examples=1200, deadline=None)
def test_the_swift_way_gives_what_the_careful_way_gives_or_gives_up(
    content: bytes, stack: Stack, sheets: Sheets
) -> None:
    careful = read_carefully("d/f.yaml", content, stack, KINDS, {}, sheets=sheets)
    try:
        swift = read_swiftly("d/f.yaml", content, stack, KINDS, sheets)
    except UnusualError:
        return
    assert swift == careful
    assert [dict(draft.origins) for draft in swift.drafts] == [
        dict(draft.origins) for draft in careful.drafts
    ]


def told(compiled: Compiled) -> list[object]:
    """A result but for the namespaces of what it declares and the overlays that it comes through."""
    return [
        [
            (key.kind, key.name, dict(one.origins), replace(one, key=_bare(key), through=(), **_needs(one)))
            for key, one in compiled.resources.items()
            if key != BOX_KEY
        ],
    ]


BOX_KEY = Key("default", "Box", "main")


def _bare(key: Key) -> Key:
    return key if key == BOX_KEY else Key("", key.kind, key.name)


def _needs(one: Resource) -> dict[str, Any]:
    return {
        "references": tuple(sorted(map(_bare, one.references))),
        "target": None if one.target is None else _bare(one.target),
        "spec_hash": "",
    }


def sound(name: str) -> st.SearchStrategy[bytes]:
    near = st.just("") if name == "w" else st.sampled_from(("", "w"))
    size = st.sampled_from(("", "1", "2"))
    return st.builds(thing, st.just(name), st.just(""), near, st.just(""), size, st.just("")).map(str.encode)


PLAIN = st.fixed_dictionaries(
    {"a/f.yaml": sound("w")}, optional={"a/g.yaml": sound("x"), "a/b/h.yaml": sound("y")}
)
SOUND = st.sampled_from(
    (
        b"kind: Thing\nspec: {cores: 3, memory: 1GiB}\n",
        b"kind: Thing\nlabels: {l: '1'}\nspec: {grace: 5m, nics: {net0: {a: b}}}\n",
        b"kind: '*'\nmetadata: {labels: {l: '2', m: n}}\npolicy: {interval: 90s}\n",
    )
)


@given(
    PLAIN,
    st.dictionaries(
        st.sampled_from(("defaults.yaml", "a/defaults.yaml", "a/b/defaults.yaml")), SOUND, max_size=2
    ),
)
@settings(max_examples=200, deadline=None)
def test_an_overlay_that_says_nothing_else_declares_what_it_is_laid_over(files: Files, layers: Files) -> None:
    """Also by way of another, and from a template as well as from what is declared itself."""
    base = {"box.yaml": BOX.encode(), **files, **layers}
    plain = compile_set(base, KINDS, version="v")
    assert not plain.problems
    one = {**base, "a/overlay.yaml": b"template: true\n", "d/overlay.yaml": b"over: ../a\nnamespace: dev\n"}
    once = compile_set(one, KINDS, version="v")
    assert not once.problems
    assert told(once) == told(plain)
    two = {**one, "e/overlay.yaml": b"over: ../d\nnamespace: lab\n"}
    twice = compile_set(two, KINDS, version="v")
    assert not twice.problems
    copies = {key: found for key, found in twice.resources.items() if key.namespace in ("default", "lab")}
    assert told(replace(twice, resources=copies)) == told(plain)
    beside = compile_set({**base, "d/overlay.yaml": one["d/overlay.yaml"]}, KINDS, version="v")
    assert not beside.problems
    assert {key: beside.resources[key] for key in plain.resources} == dict(plain.resources)


@given(ESTATES, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_in_which_files_come_does_not_matter(files: Files, chance: Random) -> None:
    paths = [*files]
    chance.shuffle(paths)
    shuffled = compile_set({path: files[path] for path in paths}, KINDS, version="v")
    assert everything(shuffled) == everything(compile_set(files, KINDS, version="v"))


CONTENTS = st.builds(
    thing,
    st.sampled_from(NAMES),
    st.just(""),
    st.just(""),
    st.sampled_from(("", "main")),
    st.sampled_from(("", "1", "2")),
    st.just(""),
).map(str.encode)


def essence(compiled: Compiled) -> list[object]:
    """A result but for the places."""
    return [
        (key, replace(one, origin=BOX_ORIGIN, through=(), origins={}))
        for key, one in compiled.resources.items()
    ]


BOX_ORIGIN = Origin("box.yaml", 1, 1)


@given(CONTENTS, st.dictionaries(st.just("defaults.yaml"), SOUND, max_size=1))
@settings(max_examples=200, deadline=None)
def test_a_sheet_that_says_what_a_manifest_says_changes_nothing(content: bytes, layers: Files) -> None:
    """Nor does it matter which of both there is: who declares what in git and who does so elsewhere may change."""
    base = {"box.yaml": BOX.encode(), **layers}
    manifest = compile_set({**base, "f.yaml": content}, KINDS, version="v")
    sheet = compile_set({**base, "@stock/f.yaml": content}, KINDS, version="v")
    both = compile_set({**base, "f.yaml": content, "@stock/f.yaml": content}, KINDS, version="v")
    assert not any(one.problems or one.conflicts for one in (manifest, sheet, both))
    assert essence(manifest) == essence(sheet) == essence(both)
    assert [one.origins for one in both.resources.values()] == [
        one.origins for one in manifest.resources.values()
    ]
