"""Rules about the code itself that no linter of ours checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from setpoint.systems import installed_systems

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("controller", "reconcilers", "lab")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
ENGINE = sorted((ROOT / "controller" / "setpoint").rglob("*"))
MAX_FILE, MAX_FUNCTION = 400, 80


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def is_broad(node: ast.ExceptHandler) -> bool:
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(
        c is None or (isinstance(c, ast.Name) and c.id in ("Exception", "BaseException")) for c in caught
    )


def test_there_is_code_to_judge() -> None:
    assert len(FILES) > 100


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_short_and_says_why_it_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert text.count("\n") <= MAX_FILE
    assert not [f"{f.name}: {length(f)} lines" for f in functions(tree) if length(f) > MAX_FUNCTION]
    docstring = ast.get_docstring(tree)
    assert docstring, "a module says why it exists"
    summary = docstring.strip().splitlines()
    assert path.name == "errors.py" or len(summary) <= 5, "a module docstring is short"
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError", text)


def test_one_place_catches_everything() -> None:
    broad = [
        name(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]
    assert broad == ["controller/setpoint/run/worker.py"]


EVERYDAY = {"host", "network"}
"""Names of kinds that any text may use for something else; meant are those in quotes, or in a key."""


def foreign_words() -> list[str]:
    """Patterns; one that is a plain word, such as Pool, is meant where it stands alone, and not in ThreadPoolExecutor."""
    systems = installed_systems()
    kinds = {kind.name for system in systems for kind in system.kinds}
    plain = {kind for kind in kinds if kind.istitle()}
    alone = {
        f"[\"'/]{kind.lower()}[\"'/]" if kind.lower() in EVERYDAY else f"(?<![a-z]){kind.lower()}(?![a-z])"
        for kind in plain
    }
    return sorted({*alone, *(word.lower() for word in kinds - plain), *(system.name for system in systems)})


@pytest.mark.parametrize("path", [p for p in ENGINE if p.suffix in (".py", ".sql")], ids=name)
def test_the_engine_names_no_system_and_no_kind(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()
    assert not [word for word in foreign_words() if re.search(word, text)]


def test_there_are_foreign_words_to_look_for() -> None:
    words = foreign_words()
    assert {"proxmox", "virtualmachine"} <= set(words)
    assert any(re.search(word, "a = pool(b)") for word in words)
    assert not any(re.search(word, "threadpoolexecutor") for word in words)
    assert any(re.search(word, 'a = "network"') for word in words)


def test_no_file_names_a_download_address() -> None:
    for path in (ROOT / "requirements").iterdir():
        assert not re.search(r"https?://|find-links|index-url", path.read_text(encoding="utf-8"))


REPLAYED = [
    path
    for folder in ("lab", "tests/conformance")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not path.name.startswith("test_")
]


@pytest.mark.parametrize("path", REPLAYED, ids=name)
def test_neither_emulator_nor_replayer_knows_a_recording(path: Path) -> None:
    """A recording's name looks like `07-lists` or `07-lists.json`; what is known of one could be answered by heart."""
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"\b\d{2}[a-z]?-[a-z]+(?:-[a-z]+)*(?:\.json)?\b", text)
    assert not re.findall(r"UPID:pve\d+:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:", text)
