"""Every way to write a declaration badly: where it is told, what it says, and that its neighbours are not hurt."""

from __future__ import annotations

import pytest

from tests.unit.desired.estate import BOX, compiled, lines

HEAD = "kind: Thing\nmetadata: {name: bad}\n"
NEIGHBOUR = "kind: Thing\nmetadata: {name: good}\ntarget: main\nspec: {image: plain}\n"


def spec(text: str) -> str:
    """A thing whose spec, beside its image, begins in line 5."""
    return f"{HEAD}spec:\n  image: plain\n{text}"


YAML = {
    "duplicate key": (
        spec("  cores: 1\n  cores: 2\n"),
        "bad.yaml:6:3: 'cores' is written twice, first in line 5; remove one of the two",
    ),
    "tab": (spec("\tcores: 1\n"), "bad.yaml:5:1: a tab indents this line; indent with spaces"),
    "python tag": (
        spec("  code: !!python/object/apply:os.system [ls]\n"),
        "bad.yaml:5:9: the tag !!python/object/apply:os.system is not allowed; remove the tag",
    ),
    "custom tag": (spec("  code: !vault x\n"), "bad.yaml:5:9: the tag !vault is not allowed; remove the tag"),
    "tag that lies": (
        spec("  cores: !!int four\n"),
        "bad.yaml:5:3: 'four' is not what its tag !!int says; remove the tag",
    ),
    "tag handle": (spec("  code: !e!x y\n"), "bad.yaml:5:9: tags are not allowed; remove the tag"),
    "number as key": (
        spec("  1: x\n"),
        'bad.yaml:5:3: the name of a field is text, and 1 is not; put it in quotes: "1"',
    ),
    "nothing as key": (
        spec("  ~: x\n"),
        'bad.yaml:5:3: the name of a field is text, and null is not; put it in quotes: "null"',
    ),
    "list as key": (
        spec("  ? [a]\n  : x\n"),
        "bad.yaml:5:5: a list or mapping is no name of a field; write a name before the colon",
    ),
    "template": (
        spec("  code: {{ code }}\n"),
        (
            "bad.yaml:5:10: a list or mapping is no name of a field; "
            'write a name before the colon, or put a placeholder in quotes: "{{ column }}"'
        ),
    ),
    "merge key": (
        spec("  <<: {cores: 1}\n"),
        (
            "bad.yaml:5:3: the merge key << is not part of YAML 1.2; "
            "put what several manifests share into a defaults.yaml in their folder"
        ),
    ),
    "alias without anchor": (
        spec("  code: *x\n"),
        "bad.yaml:5:3: the alias *x has no anchor before it; write &x at the value meant",
    ),
    "alias of itself": (
        spec("  nics: &n {a: *n}\n"),
        "bad.yaml:5:13: the value &n holds itself; write the value out",
    ),
    "unclosed quote": (spec("  code: 'AB\n"), "bad.yaml:5:9: a quote is not closed; close it"),
    "unclosed bracket": (
        spec("  shelves: [\n"),
        "bad.yaml:6:1: a value is missing here; write it, or close the { or [ before it",
    ),
    "colon in a value": (
        spec("  code: a: b\n"),
        (
            "bad.yaml:5:10: a colon makes no sense here; "
            "put the value in quotes if the colon belongs to it, else check the indentation"
        ),
    ),
    "bad start": (
        spec("  code: @x\n"),
        "bad.yaml:5:9: a value cannot begin with '@'; put the value in quotes",
    ),
    "no colon": (
        spec("  cores\n  memory: 1GiB\n"),
        "bad.yaml:5:3: a name without a colon after it; write `name: value`, with a space after the colon",
    ),
    "bad indentation": (
        spec(" cores: 1\n"),
        (
            "bad.yaml:5:2: this line does not fit the ones above it (what it belongs to begins in line 1); "
            "indent it like its neighbours, with spaces"
        ),
    ),
    "bad escape": (
        spec('  code: "\\q"\n'),
        (
            "bad.yaml:5:10: a backslash inside double quotes begins an escape, and this one does not exist; "
            "write \\\\, or use single quotes"
        ),
    ),
    "infinite": (
        spec("  ratio: .inf\n"),
        "bad.yaml:5:3: .inf is no finite number; write another number, or put it in quotes if it is text",
    ),
    "too large a fraction": (
        spec("  ratio: 1e999\n"),
        (
            "bad.yaml:5:3: this number is larger than 64 bits can hold; "
            "write another number, or put it in quotes if it is text"
        ),
    ),
    "too large a number": (
        spec("  cores: 99999999999999999999\n"),
        (
            "bad.yaml:5:3: this number is larger than 64 bits can hold; "
            "write another number, or put it in quotes if it is text"
        ),
    ),
    "NUL": (spec('  code: "a\\0"\n'), "bad.yaml:5:3: the character NUL is not allowed; remove the \\0"),
    "control character": (
        spec("  code: a\x07b\n"),
        (
            "bad.yaml:5:10: the invisible character U+0007 is not allowed; "
            "delete it, or write it as an escape inside double quotes"
        ),
    ),
    "YAML 1.1": (
        "%YAML 1.1\n---\n" + spec(""),
        "bad.yaml:1:1: this says YAML 1.1, and Setpoint reads YAML 1.2; remove the line that begins with %YAML",
    ),
}

ENVELOPE = {
    "list as declaration": (
        "- kind: Thing\n",
        "bad.yaml:1:1: a declaration is a mapping; write kind, metadata and spec",
    ),
    "unknown kind": (
        "kind: Thign\nmetadata: {name: bad}\n",
        "bad.yaml:1:1: kind: there is no kind 'Thign'; did you mean Thing?",
    ),
    "kind far from any": (
        "kind: Deployment\nmetadata: {name: bad}\n",
        "bad.yaml:1:1: kind: there is no kind 'Deployment'; the kinds are Box, Path, Thing",
    ),
    "no kind": (
        "metadata: {name: bad}\n",
        "bad.yaml:1:1: kind: is missing; add it: what it is; `setpoint explain` lists the kinds",
    ),
    "no metadata": ("kind: Box\nspec: {url: x}\n", "bad.yaml:1:1: metadata: is missing; add it: who it is"),
    "no name": (
        "kind: Box\nmetadata: {labels: {a: b}}\nspec: {url: x}\n",
        (
            "bad.yaml:2:1: metadata.name: is missing; "
            "add it: the name; a kind says how its names look. A new name is a new resource"
        ),
    ),
    "number as name": (
        "kind: Box\nmetadata:\n  name: 104\nspec: {url: x}\n",
        "bad.yaml:3:3: metadata.name: 104 is not text; put it in quotes",
    ),
    "bad name": (
        "kind: Box\nmetadata: {name: My_Box}\nspec: {url: x}\n",
        (
            "bad.yaml:2:12: metadata.name: 'My_Box' is no name of a Box; "
            "use a-z, 0-9, - and ., beginning and ending with a letter or digit"
        ),
    ),
    "bad name of its own pattern": (
        "kind: Path\nmetadata: {name: a//b}\nspec: {url: x}\n",
        "bad.yaml:2:12: metadata.name: 'a//b' is no name of a Path; it has to match [a-z]+(/[a-z]+)*",
    ),
    "bad namespace": (
        "kind: Box\nmetadata: {name: bad, namespace: Prod}\nspec: {url: x}\n",
        (
            "bad.yaml:2:23: metadata.namespace: 'Prod' is no namespace; "
            "use at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit"
        ),
    ),
    "label that is no text": (
        "kind: Box\nmetadata: {name: bad, labels: {tier: 1}}\nspec: {url: x}\n",
        "bad.yaml:2:32: metadata.labels.tier: 1 is not text; put it in quotes",
    ),
    "wrong version": (
        "apiVersion: v1\nkind: Box\nmetadata: {name: bad}\nspec: {url: x}\n",
        "bad.yaml:1:1: apiVersion: 'v1' is not possible; write setpoint.dev/v1",
    ),
    "unknown part": (
        "kind: Box\nmetadata: {name: bad}\nspecs: {url: x}\nspec: {url: x}\n",
        "bad.yaml:3:1: specs: there is no field 'specs'; did you mean spec?",
    ),
    "spec that is no mapping": (
        "kind: Box\nmetadata: {name: bad}\nspec: x\n",
        "bad.yaml:3:1: spec: 'x' is not a mapping; write its fields as `name: value`, indented below it",
    ),
    "former name that is none": (
        "kind: Box\nmetadata: {name: bad, formerly: bad}\nspec: {url: x}\n",
        (
            "bad.yaml:2:23: metadata.formerly: 'bad' is no former name of Box/bad; "
            "write the name that it had before, or remove formerly"
        ),
    ),
    "no such deletion": (
        f"policy: {{deletion: keep}}\n{spec('')}",
        "bad.yaml:1:10: policy.deletion: 'keep' is not possible; use one of delete, orphan",
    ),
    "reboot in a window without one": (
        f"policy: {{reboot: window}}\n{spec('')}",
        "bad.yaml:1:1: policy: reboot: window needs a window; write e.g. window: 'sun 03:00-05:00 Europe/Berlin'",
    ),
    "no window": (
        f"policy: {{window: nights}}\n{spec('')}",
        "bad.yaml:1:10: policy.window: 'nights' is no window; write e.g. 'sat,sun 02:00-05:00 Europe/Berlin'",
    ),
    "unknown policy": (
        f"policy: {{intervall: 1h}}\n{spec('')}",
        "bad.yaml:1:10: policy.intervall: there is no field 'intervall'; did you mean interval?",
    ),
    "policy below its floor": (
        f"policy: {{interval: 1s}}\n{spec('')}",
        "bad.yaml:1:10: policy.interval: the interval is at least 10s, so that targets are not flooded",
    ),
    "target of what has none": (
        "kind: Box\nmetadata: {name: bad}\ntarget: main\nspec: {url: x}\n",
        "bad.yaml:3:1: target: a Box has no target; remove it",
    ),
    "unknown target": (
        f"target: mian\n{spec('')}",
        "bad.yaml:1:1: target: there is no Box 'mian'; did you mean main?",
    ),
}

SPEC = {
    "unknown field": (
        "  memroy: 2GiB\n",
        "bad.yaml:5:3: spec.memroy: there is no field 'memroy'; did you mean memory?",
    ),
    "snake case": (
        "  on_boot: true\n",
        "bad.yaml:5:3: spec.on_boot: there is no field 'on_boot'; did you mean onBoot?",
    ),
    "unknown field below": (
        "  shelves:\n    - {height: 20, lable: x}\n",
        "bad.yaml:6:20: spec.shelves[0].lable: there is no field 'lable'; did you mean label?",
    ),
    "missing below": (
        "  shelves:\n    - label: x\n",
        "bad.yaml:6:7: spec.shelves[0].height: is missing; add it: height in millimetres",
    ),
    "wrong unit": (
        "  memory: 2GB\n",
        "bad.yaml:5:3: spec.memory: 'GB' is no unit of size; use KiB, MiB, GiB or TiB (powers of 1024)",
    ),
    "no number": (
        "  cores: four\n",
        "bad.yaml:5:3: spec.cores: 'four' is not a whole number; write digits without quotes, e.g. 4",
    ),
    "number in quotes": (
        "  cores: '4'\n",
        "bad.yaml:5:3: spec.cores: '4' is not a whole number; write digits without quotes, e.g. 4",
    ),
    "fraction": (
        "  cores: 1.5\n",
        "bad.yaml:5:3: spec.cores: 1.5 is not a whole number; write digits without quotes, e.g. 4",
    ),
    "too small": ("  cores: 0\n", "bad.yaml:5:3: spec.cores: 0 is too small; write at least 1"),
    "too large": ("  cores: 65\n", "bad.yaml:5:3: spec.cores: 65 is too large; write at most 64"),
    "yes for true": (
        "  onBoot: yes\n",
        "bad.yaml:5:3: spec.onBoot: 'yes' is not true or false; write true or false, without quotes",
    ),
    "number for text": ("  mac: 5\n", "bad.yaml:5:3: spec.mac: 5 is not text; put it in quotes"),
    "list for text": (
        "  mac: [a]\n",
        "bad.yaml:5:3: spec.mac: a list is not text; write one value behind the colon",
    ),
    "text for a list": (
        "  shelves: x\n",
        "bad.yaml:5:3: spec.shelves: 'x' is not a list; write each item in a line of its own that begins with `- `",
    ),
    "text for a mapping": (
        "  nics: x\n",
        "bad.yaml:5:3: spec.nics: 'x' is not a mapping; write its fields as `name: value`, indented below it",
    ),
    "left empty": (
        "  memory:\n",
        "bad.yaml:5:3: spec.memory: is empty; write a value, or remove the line",
    ),
    "one of a few": (
        "  colour: gren\n",
        "bad.yaml:5:3: spec.colour: 'gren' is not possible; did you mean green?",
    ),
    "none of a few": (
        "  colour: violet\n",
        "bad.yaml:5:3: spec.colour: 'violet' is not possible; use one of blue, green, red",
    ),
    "duration": (
        "  grace: 5 minutes\n",
        "bad.yaml:5:3: spec.grace: '5 minutes' is no duration; write e.g. 90s, 10m, 1h30m or 14d",
    ),
    "too many": (
        "  shelves: [{height: 10}, {height: 10}, {height: 10}, {height: 10}]\n",
        "bad.yaml:5:3: spec.shelves: there are 4 of them; write at most 3",
    ),
    "too long": (
        "  shelves: [{height: 10, label: 123456789a}]\n",
        "bad.yaml:5:26: spec.shelves[0].label: '123456789a' is too long; write at most 8 characters",
    ),
    "pattern": (
        "  code: ab\n",
        "bad.yaml:5:3: spec.code: 'ab' does not look right; it has to match ^[A-Z]{2}$",
    ),
    "our own rule": (
        "  mac: '52:54'\n",
        "bad.yaml:5:3: spec.mac: '52:54' is no hardware address; write six pairs like 52:54:00:12:34:56",
    ),
    "wrong shape": (
        "  outline: {shape: rund}\n",
        "bad.yaml:5:3: spec.outline: 'rund' is no possible shape; did you mean round?",
    ),
    "no shape": (
        "  outline: {radius: 1}\n",
        "bad.yaml:5:3: spec.outline: the field 'shape' is missing; add shape, which says what this is",
    ),
    "inside a shape": (
        "  outline: {shape: round, radius: 0}\n",
        "bad.yaml:5:27: spec.outline.radius: 0 is too small; write at least 1",
    ),
    "missing in a shape": (
        "  outline:\n    shape: square\n",
        "bad.yaml:5:3: spec.outline.side: is missing; add it: length of a side in millimetres",
    ),
    "neither text nor mapping": (
        "  source: 5\n",
        (
            "bad.yaml:5:3: spec.source: 5 is not text; "
            "put it in quotes, or write its fields as `name: value`, indented below it"
        ),
    ),
    "the alternative that nearly fits": (
        "  source: {url: x, size: 5GB}\n",
        "bad.yaml:5:20: spec.source.size: 'GB' is no unit of size; use KiB, MiB, GiB or TiB (powers of 1024)",
    ),
    "inside a mapping by name": (
        "  nics:\n    net/0: {mtu: 9000}\n",
        'bad.yaml:6:13: spec.nics["net/0"].mtu: 9000 is not text; put it in quotes',
    ),
    "unknown reference": (
        "  near: god\n",
        "bad.yaml:5:3: spec.near: there is no Thing 'god'; did you mean good?",
    ),
    "empty reference": (
        "  near: ''\n",
        "bad.yaml:5:3: spec.near: this names no Thing; write its metadata.name",
    ),
    "reference to itself": (
        "  near: bad\n",
        "bad.yaml:5:3: spec.near: Thing/bad needs itself; remove this reference",
    ),
}

TABLE = {**YAML, **ENVELOPE, **{name: (spec(text), line) for name, (text, line) in SPEC.items()}}


@pytest.mark.parametrize(("text", "line"), TABLE.values(), ids=TABLE.keys())
def test_a_mistake_is_told_once_at_its_place_and_hurts_no_neighbour(text: str, line: str) -> None:
    result = compiled({"bad.yaml": text, "box.yaml": BOX, "good.yaml": NEIGHBOUR})
    assert lines(result) == [line]
    assert {"Box/main", "Thing/good"} <= {str(key) for key in result.resources}
    assert "Thing/bad" not in {str(key) for key in result.resources}
    assert result.tainted == {"bad.yaml"} or {str(key) for key in result.broken} <= {"Thing/bad", "Box/bad"}


@pytest.mark.parametrize("text", [text for text, _ in TABLE.values()], ids=TABLE.keys())
def test_a_mistake_never_makes_a_former_resource_vanish(text: str) -> None:
    """Either its key is known to be broken, or its file is tainted."""
    result = compiled({"bad.yaml": text, "box.yaml": BOX, "good.yaml": NEIGHBOUR})
    assert "bad.yaml" in result.tainted or {str(key) for key in result.broken} & {"Thing/bad", "Box/bad"}


def test_every_mistake_of_a_version_is_told_at_once_in_the_order_of_places() -> None:
    result = compiled(
        {
            "box.yaml": BOX,
            "b/two.yaml": spec("  near: nobody\n").replace("bad", "two")
            + "---\nkind: Thing\nmetadata: {name: x}\n",
            "a/one.yaml": "target: nowhere\n" + spec("  memory: 2GB\n  cores: 0\n").replace("bad", "one"),
        }
    )
    assert [line.split(": ")[0:2] for line in lines(result)] == [
        ["a/one.yaml:1:1", "target"],
        ["a/one.yaml:6:3", "spec.memory"],
        ["a/one.yaml:7:3", "spec.cores"],
        ["b/two.yaml:5:3", "spec.near"],
        ["b/two.yaml:7:1", "spec.image"],
    ]


def test_a_syntax_mistake_costs_its_document_and_the_rest_of_the_file_is_read() -> None:
    text = "---\n".join([BOX, "kind: Thing\n\tx: 1\n", NEIGHBOUR, spec("  cores: 0\n")])
    result = compiled({"all.yaml": text})
    assert [str(key) for key in result.resources] == ["Box/main", "Thing/good"]
    assert lines(result) == [
        "all.yaml:6:1: a tab indents this line; indent with spaces",
        "all.yaml:17:3: spec.cores: 0 is too small; write at least 1",
    ]
    assert result.tainted == {"all.yaml"}
