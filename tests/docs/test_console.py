"""What follows the pages notices when they are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.console import blocks, commands, pattern, reader

PAGE = """\
# A page

```yaml file=made/here.yaml
a: 1
```

```console
$ cat made/here.yaml
a: 1
$ false
$ echo $?
1
```

```console no-run: it would hurt
$ exit 7
```
"""


@pytest.mark.parametrize(
    ("shown", "comes"),
    [
        pytest.param("in sync", "in sync", id="the same"),
        pytest.param("A  B", "A      B", id="wider"),
        pytest.param("3m ago at c0db6c479de3", "17s ago at 0123456789ab", id="age and hash"),
        pytest.param("15:00:01  VM 1003", "23:59:59  VM 1017", id="clock and vmid"),
        pytest.param("on 127.0.0.1:8006", "on 127.0.0.1:45123", id="port"),
        pytest.param("first\n...\nlast", "first\nlast", id="no lines left out"),
        pytest.param("first\n...\nlast", "first\nsecond\nthird\nlast", id="lines left out"),
        pytest.param("curl ...", "curl -X PUT", id="rest of a line"),
    ],
)
def test_what_may_differ_differs(shown: str, comes: str) -> None:
    assert re.fullmatch(pattern(tuple(shown.splitlines())), f"{comes}\n")


@pytest.mark.parametrize(
    ("shown", "comes"),
    [
        pytest.param("in sync", "not in sync", id="more before"),
        pytest.param("in sync", "in sync\nand more", id="another line"),
        pytest.param("a.b", "aXb", id="a dot is a dot"),
        pytest.param("VM 200", "VM 201", id="an id that is declared"),
        pytest.param("memory: 2GiB", "memory: 3GiB", id="a value"),
        pytest.param("first\n...\nlast", "second\nlast", id="the line before"),
        pytest.param("", "anything", id="nothing"),
    ],
)
def test_what_may_not_differ_is_noticed(shown: str, comes: str) -> None:
    assert not re.fullmatch(pattern(tuple(shown.splitlines())), f"{comes}\n")


def test_a_block_is_read_as_commands_with_their_output(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    file, console, dangerous = blocks(page)
    assert (file.file, file.line, console.runs, dangerous.runs) == ("made/here.yaml", 3, True, False)
    assert [(one.line, one.output) for one in commands(console)] == [
        ("cat made/here.yaml", ("a: 1",)),
        ("false", ()),
        ("echo $?", ("1",)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        pytest.param("", "", "", id="right"),
        pytest.param("$ cat made/here.yaml\na: 1", "$ cat made/here.yaml\na: 2", "a: 2", id="other output"),
        pytest.param("$ false", "$ echo oh", "echo oh", id="output that is not shown"),
        pytest.param("$ echo $?\n1", "$ true\n1", "true", id="shown output that does not come"),
    ],
)
def test_a_page_is_followed(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace(old, new))
    folder = tmp_path / "checkout"
    folder.mkdir()
    with reader(folder) as somebody:
        if wrong:
            with pytest.raises(AssertionError, match=re.escape(wrong)):
                somebody.follow(page)
        else:
            somebody.follow(page)
            assert somebody.followed == 3
