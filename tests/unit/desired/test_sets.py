"""Sets: one manifest for each row, values with their type, and both places of each."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint.desired.changes import retain
from setpoint.desired.compile import Cache
from setpoint.desired.compiled import Compiled
from setpoint.desired.limits import ROWS as MOST
from setpoint.desired.table import read_table
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from tests.unit.desired.estate import BOX, compiled, lines

TEMPLATE = (
    "  template:\n"
    "    kind: Thing\n"
    "    metadata: {name: '{{ name }}', labels: {set: web}}\n"
    "    spec:\n"
    "      image: plain\n"
    "      cores: '{{ cores }}'\n"
    "      memory: '{{memory}}'\n"
    "      nics: {net0: {bridge: 'vnet-{{ vlan }}-{{ name }}'}}\n"
)
HEAD = "kind: ResourceSet\nmetadata: {name: web}\nspec:\n"
ROWS = (
    "  rows:\n"
    "    - {name: web01, cores: 2, memory: 2GiB, vlan: 10}\n"
    "    - {name: web02, cores: 4, memory: null, vlan: 20}\n"
)
INLINE = {"box.yaml": BOX, "a/web.yaml": HEAD + ROWS + TEMPLATE}
CSV = 'name,cores,memory,vlan\nweb01,2,2GiB,010\nweb02, 4,,"20"\n'
TABLE = {"box.yaml": BOX, "a/web.yaml": f"{HEAD}  csv: web.csv\n{TEMPLATE}", "a/web.csv": CSV}


def web(number: int) -> Key:
    return Key("default", "Thing", f"web0{number}")


def fine(files: dict[str, str]) -> Compiled:
    result = compiled(files)
    assert lines(result) == []
    return result


def places(resource: Resource) -> dict[str, str]:
    return {pointer: str(origin) for pointer, origin in resource.origins.items()}


def test_every_row_of_a_list_makes_a_resource_like_any_other() -> None:
    result = fine(INLINE | {"a/defaults.yaml": "kind: Thing\nspec: {memory: 9GiB}\n"})
    first, second = result.resources[web(1)], result.resources[web(2)]
    assert first.spec == {
        "image": "plain",
        "cores": 2,
        "memory": "2GiB",
        "nics": {"net0": {"bridge": "vnet-10-web01"}},
    }
    assert (first.labels, str(first.target)) == ({"set": "web"}, "Box/main")
    assert (second.spec["cores"], second.spec["memory"]) == (4, "9GiB")
    assert str(first.origin) == "a/web.yaml:5:7 with a/web.yaml:7:3"
    assert places(first) == {
        "/memory": "a/web.yaml:5:31 with a/web.yaml:13:7",
        "/image": "a/web.yaml:11:7",
        "/cores": "a/web.yaml:5:21 with a/web.yaml:12:7",
        "/nics/net0/bridge": "a/web.yaml:14:21 with a/web.yaml:5:7",
    }
    assert str(second.origins["/memory"]) == "a/defaults.yaml:2:8"


def test_every_row_of_a_csv_file_makes_one_and_a_cell_means_what_it_would_in_yaml() -> None:
    result = fine(TABLE)
    first, second = result.resources[web(1)], result.resources[web(2)]
    assert (first.spec["cores"], first.spec["memory"]) == (2, "2GiB")
    assert first.spec["nics"] == {"net0": {"bridge": "vnet-010-web01"}}
    assert second.spec == {"image": "plain", "cores": 4, "nics": {"net0": {"bridge": "vnet-20-web02"}}}
    assert str(first.origin) == "a/web.csv:2:1 with a/web.yaml:5:3"
    assert places(second) == {
        "/image": "a/web.yaml:9:7",
        "/cores": "a/web.csv:3:7 with a/web.yaml:10:7",
        "/nics/net0/bridge": "a/web.yaml:12:21 with a/web.csv:3:1",
    }


def test_values_of_a_row_can_be_lists_and_mappings() -> None:
    text = (
        f"{HEAD}  rows: [{{name: web01, shelves: [{{height: 20}}], on: true}}]\n"
        "  template:\n    kind: Thing\n    metadata: {name: '{{ name }}'}\n"
        "    spec: {image: 'i-{{ on }}', onBoot: '{{ on }}', shelves: '{{ shelves }}'}\n"
    )
    found = fine({"box.yaml": BOX, "a.yaml": text}).resources[web(1)]
    assert found.spec == {"image": "i-true", "onBoot": True, "shelves": [{"height": 20}]}


def test_a_set_may_have_no_rows_and_stand_beside_other_documents() -> None:
    more = "---\nkind: Thing\nmetadata: {name: more}\nspec: {image: i}\n"
    result = fine({"box.yaml": BOX, "a.yaml": f"{HEAD}  rows: []\n{TEMPLATE}{more}"})
    assert [str(key) for key in result.resources] == ["Box/main", "Thing/more"]
    assert [str(key) for key in fine(TABLE | {"a/web.csv": "name,cores,memory,vlan\n"}).resources] == [
        "Box/main"
    ]


def test_an_overlay_copies_what_a_set_makes() -> None:
    overlay = "over: ../a\nnamespace: dev\nwithout: [{kind: Thing, name: web02}]\npatches: [{kind: Thing, spec: {cores: 1}}]\n"
    result = fine(TABLE | {"dev/overlay.yaml": overlay})
    copy = result.resources[Key("dev", "Thing", "web01")]
    assert (copy.spec["cores"], copy.spec["memory"]) == (1, "2GiB")
    assert (str(copy.origins["/cores"]), str(copy.origins["/memory"])) == (
        "dev/overlay.yaml:4:32",
        "a/web.csv:2:9 with a/web.yaml:11:7",
    )
    assert {str(key) for key in result.resources} == {
        "Box/main",
        "Thing/web01",
        "Thing/web02",
        "dev/Thing/web01",
    }


def inline(template: str, row: str = "{name: web01, cores: 2}") -> dict[str, str]:
    return {
        "box.yaml": BOX,
        "a.yaml": f"{HEAD}  rows:\n    - {row}\n  template:\n    kind: Thing\n{template}",
    }


NAMED = "    metadata: {name: '{{ name }}'}\n"
BAD: dict[str, tuple[dict[str, str], str]] = {
    "no rows": (
        {"a.yaml": HEAD + TEMPLATE},
        "a.yaml:3:1: spec: a set has rows or csv; write one of the two",
    ),
    "rows twice": (
        {"a.yaml": f"{HEAD}  csv: a.csv\n{ROWS}{TEMPLATE}"},
        "a.yaml:3:1: spec: a set has rows or csv; write one of the two",
    ),
    "no template": (
        {"a.yaml": HEAD + ROWS},
        'a.yaml:3:1: spec.template: is missing; add it: a manifest with "{{ column }}" where a value of the row belongs',
    ),
    "unknown field": (
        {"a.yaml": f"{HEAD}  row: []\n{ROWS}{TEMPLATE}"},
        "a.yaml:4:3: spec.row: there is no field 'row'; did you mean rows?",
    ),
    "no such column": (
        inline(f"{NAMED}    spec:\n      image: i\n      cores: '{{{{ core }}}}'\n"),
        "a.yaml:11:7: spec.template.spec.cores: there is no column 'core'; did you mean cores?",
    ),
    "no such column in a text": (
        inline(f"{NAMED}    spec:\n      image: 'i-{{{{ image }}}}'\n"),
        "a.yaml:10:7: spec.template.spec.image: there is no column 'image'; the columns are cores, name",
    ),
    "a row without a column": (
        {"a.yaml": f"{HEAD}{ROWS}    - {{name: web03, cores: 1, memory: 1GiB}}\n{TEMPLATE}"},
        "a.yaml:7:7: this row has no 'vlan', which a.yaml:15:21 asks for; add it; vlan: null leaves the field out",
    ),
    "no placeholder": (
        inline(f"{NAMED}    spec:\n      image: '{{{{ name | upper }}}}'\n"),
        'a.yaml:10:7: spec.template.spec.image: this is no placeholder; write "{{ column }}", in quotes, as a value or in a text',
    ),
    "half a placeholder": (
        inline(f"{NAMED}    spec:\n      image: '{{{{ name }}'\n"),
        'a.yaml:10:7: spec.template.spec.image: this is no placeholder; write "{{ column }}", in quotes, as a value or in a text',
    ),
    "a placeholder as a name": (
        inline(f"{NAMED}    spec:\n      image: i\n      nics: {{'{{{{ name }}}}': {{}}}}\n"),
        (
            "a.yaml:11:14: spec.template.spec.nics: a placeholder cannot be the name of a field; "
            'write "{{ column }}", in quotes, as a value or in a text'
        ),
    ),
    "a placeholder without quotes": (
        inline(f"{NAMED}    spec:\n      image: {{{{ name }}}}\n"),
        (
            "a.yaml:10:15: a list or mapping is no name of a field; "
            'write a name before the colon, or put a placeholder in quotes: "{{ column }}"'
        ),
    ),
    "nothing in a text": (
        inline(f"{NAMED}    spec: {{image: 'i-{{{{ cores }}}}'}}\n", "{name: web01, cores: null}"),
        "a.yaml:5:21: there is no value for 'cores', which is a part of a text; write one",
    ),
    "a fraction in a text": (
        inline(f"{NAMED}    spec: {{image: 'i-{{{{ cores }}}}'}}\n", "{name: web01, cores: 1.10}"),
        "a.yaml:5:21: the value for 'cores' is a part of a text, and is none; put it in quotes",
    ),
    "a bad value in a row": (
        inline(f"{NAMED}    spec: {{image: i, cores: '{{{{ cores }}}}'}}\n", "{name: web01, cores: many}"),
        (
            "a.yaml:5:21 with a.yaml:9:22: spec.cores: 'many' is not a whole number; "
            "write digits without quotes, e.g. 4"
        ),
    ),
    "a bad name in a row": (
        inline(f"{NAMED}    spec: {{image: i}}\n", "{name: Web}"),
        (
            "a.yaml:5:8 with a.yaml:8:16: metadata.name: 'Web' is no name of a Thing; "
            "use a-z, 0-9, - and ., beginning and ending with a letter or digit"
        ),
    ),
    "a mistake in the template is told once": (
        {"a.yaml": f"{HEAD}{ROWS}{TEMPLATE.replace('image: plain', 'image: 5')}"},
        "a.yaml:11:7: spec.image: 5 is not text; put it in quotes",
    ),
    "the same name twice": (
        {"a.yaml": f"{HEAD}{ROWS}    - {{name: web01, cores: 1, memory: 1GiB, vlan: 1}}\n{TEMPLATE}"},
        (
            "a.yaml:7:7 with a.yaml:8:3: metadata.name: Thing/web01 is declared twice, "
            "first at a.yaml:5:7 with a.yaml:8:3; remove one of the two, or rename it"
        ),
    ),
    "an unknown kind": (
        {"a.yaml": f"{HEAD}{ROWS}{TEMPLATE.replace('Thing', 'Thign')}"},
        "a.yaml:8:5: kind: there is no kind 'Thign'; did you mean Thing?",
    ),
    "no such file": (
        {"a.yaml": f"{HEAD}  csv: wbe.csv\n{TEMPLATE}", "web.csv": CSV},
        "a.yaml:4:3: spec.csv: there is no file wbe.csv; add it, or correct the name",
    ),
    "no CSV": (
        {"a.yaml": f"{HEAD}  csv: web.yaml\n{TEMPLATE}"},
        "a.yaml:4:3: spec.csv: web.yaml is no CSV file; name one whose name ends in .csv",
    ),
}
TABLES = {
    "empty": ("", "web.csv: this file has no rows; write the names of the columns into its first line"),
    "no name of a column": (
        "name,co res\n",
        "web.csv:1:6: 'co res' is no name of a column; use a-z, A-Z, 0-9, - and _, parted by commas",
    ),
    "semicolons": (
        "name;cores\n",
        "web.csv:1:1: 'name;cores' is no name of a column; use a-z, A-Z, 0-9, - and _, parted by commas",
    ),
    "two columns of one name": (
        "name,name\n",
        "web.csv:1:6: there are two columns 'name'; rename one of the two",
    ),
    "too few cells": (
        "name,cores,memory,vlan\nweb01,2\n",
        (
            "web.csv:2:1: this row has 2 cells, and there are 4 columns; "
            "write one cell for each column; in quotes where a comma belongs to it"
        ),
    ),
    "an open quote": (
        'name,cores,memory,vlan\nweb01,"2,3,4\n',
        'web.csv:2:7: a quote is not closed, or something stands beside it; close it, and write "" for a quote inside of quotes',
    ),
    "a number too large": (
        "name,cores,memory,vlan\nweb01,99999999999999999999,1GiB,1\n",
        "web.csv:2:7: this number is larger than 64 bits can hold; write another number, or put it in quotes if it is text",
    ),
    "a missing column": (
        "name,cores,memory\nweb01,1,1GiB\n",
        "a.yaml:12:21: spec.template.spec.nics.net0.bridge: there is no column 'vlan'; the columns are cores, memory, name",
    ),
    "bytes": (
        "name\x07\n",
        "web.csv:1:5: the invisible character U+0007 is not allowed; delete it, or write it as an escape inside double quotes",
    ),
}
BAD |= {
    f"table: {name}": ({"a.yaml": f"{HEAD}  csv: web.csv\n{TEMPLATE}", "web.csv": text}, line)
    for name, (text, line) in TABLES.items()
}


@pytest.mark.parametrize(("files", "line"), BAD.values(), ids=BAD.keys())
def test_a_mistake_is_told_at_its_place_and_takes_nothing_away(files: dict[str, str], line: str) -> None:
    before = fine({"box.yaml": BOX, "a.yaml": INLINE["a/web.yaml"]})
    result = compiled({"box.yaml": BOX} | files)
    assert lines(result) == [line]
    kept = retain(before.resources, result).resources
    assert web(1) in kept


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param({"a/web.csv": "name\n"}, id="a table without the columns"),
        pytest.param({"a/web.csv": '"'}, id="a table that cannot be read"),
        pytest.param({"a/web.csv": CSV.replace("web02, 4,", "web02,")}, id="one row of it"),
        pytest.param({"a/web.csv": CSV.replace("web02, 4", "web02, many")}, id="one value of it"),
        pytest.param({"a/web.yaml": "kind: ["}, id="the set"),
        pytest.param({"a/web.yaml": "kind: ResourceSet\n"}, id="what the set says"),
        pytest.param(
            {"a/web.yaml": TABLE["a/web.yaml"].replace("web.csv", "other.csv")}, id="the name of the table"
        ),
        pytest.param({"a/defaults.yaml": "kind: ["}, id="the defaults"),
    ],
)
def test_what_cannot_be_read_takes_nothing_away(edit: dict[str, str]) -> None:
    before = fine(TABLE).resources
    after = compiled(TABLE | edit)
    assert lines(after)
    kept = retain(before, after).resources
    assert {key: kept[key].spec_hash for key in kept} == {key: before[key].spec_hash for key in before}


def test_a_row_that_is_gone_is_declared_no_more() -> None:
    before = fine(TABLE).resources
    after = fine(TABLE | {"a/web.csv": CSV.partition("web02")[0]})
    assert web(2) not in retain(before, after).resources


def test_what_changes_in_a_table_is_made_anew_and_nothing_else() -> None:
    cache = Cache()
    other = {"z.yaml": "kind: Thing\nmetadata: {name: z}\nspec: {image: i}\n"}
    before = compiled(TABLE | other, cache=cache)
    changed = {"a/web.csv": CSV.replace("web02, 4", "web02, 5")}
    after = compiled(TABLE | other | changed, cache=cache)
    assert after.resources[web(2)].spec["cores"] == 5
    assert after.resources[Key("default", "Thing", "z")] is before.resources[Key("default", "Thing", "z")]
    gone = compiled(
        {path: text for path, text in (TABLE | other).items() if path != "a/web.csv"}, cache=cache
    )
    assert lines(gone) == [
        "a/web.yaml:4:3: spec.csv: there is no file a/web.csv; add it, or correct the name"
    ]
    assert lines(compiled(TABLE | other, cache=cache)) == []


CELLS: dict[str, list[Any]] = {
    "a,b\n1,2\n": [1, 2],
    "a,b\r\n1,2": [1, 2],
    'a,b\n"1", x y \n': ["1", "x y"],
    'a,b\n"x, ""y""","z\nz"\n': ['x, "y"', "z\nz"],
    "a,b\n\n,\n": [None, None],
    'a,b\n"",true\n': ["", True],
    "a,b\n1,": [1, None],
    "\ufeffa,b\n007,~\n": ["007", None],
}


@pytest.mark.parametrize(("text", "expected"), CELLS.items(), ids=[repr(text) for text in CELLS])
def test_a_cell_is_a_plain_value_or_quoted_text(text: str, expected: list[Any]) -> None:
    table = read_table("t.csv", text.encode())
    assert table.problems == ()
    (row,) = table.rows
    assert [getattr(value, "value", ...) for value in row.values.values()] == expected


def test_every_cell_knows_its_place() -> None:
    table = read_table("t.csv", b'a,b\n1,"x\ny", \n'.replace(b", \n", b"\n") + b" 2, 3\n")
    found = [[(cell.origin.line, cell.origin.column) for cell in row.values.values()] for row in table.rows]
    assert found == [[(2, 1), (2, 3)], [(4, 1), (4, 4)]]


def test_rows_of_a_file_are_counted() -> None:
    assert read_table("t.csv", b"a\n" + b"1\n" * MOST).problems == ()
    (problem,) = read_table("t.csv", b"a\n" + b"1\n" * (2 * MOST)).problems
    assert (
        str(problem) == f"t.csv:{MOST + 2}:1: the file has more than {MOST} rows; split it into several files"
    )


BOMBS = {
    "a long text many times": ("x" * 500_000, "'" + "{{ a }}" * 50_000 + "'"),
    "a long list many times": ("[" + "1," * 40_000 + "]", "[" + "'{{ a }}'," * 40_000 + "]"),
}


@pytest.mark.parametrize(("value", "text"), BOMBS.values(), ids=BOMBS.keys())
def test_what_a_set_makes_is_bounded_before_it_is_made(value: str, text: str) -> None:
    files = {"a.yaml": f"{HEAD}  rows: [{{a: {value}}}]\n  template: {{kind: Thing, spec: {text}}}\n"}
    assert lines(compiled(files)) == [
        "a.yaml:5:3: spec.template: this makes too much; write less in a row, or split it into several sets"
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\n" + " " * 1_000_000 + '"x"y', id="blanks before a quote in the wrong place"),
        pytest.param("a\n" + '"' * 999_999, id="quotes"),
        pytest.param("a\n" + '"x' * 400_000, id="quotes that never close"),
        pytest.param(",".join(f"c{number}" for number in range(150_000)), id="columns"),
    ],
)
@pytest.mark.timeout(30)
def test_no_table_keeps_the_daemon_busy(text: str) -> None:
    assert read_table("t.csv", text.encode()).rows == ()
