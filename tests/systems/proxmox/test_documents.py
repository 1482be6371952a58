"""Every kind's page and examples are true: examples validate, every field is told, no section is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import setpoint_proxmox
from setpoint.model.kind import Kind
from setpoint.model.spec import Spec
from setpoint_proxmox import SYSTEM

ROOT = Path(setpoint_proxmox.__file__).parent / "kinds"
KINDS = {kind.name: kind for kind in SYSTEM.kinds}
SECTIONS = ["Example", "Fields", "Permissions", "Drift", "Deletion", "Failure modes"]


def folder(kind: str) -> str:
    """The folder of a kind: its name in lower case with underscores."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()


def page(kind: str) -> str:
    return (ROOT / folder(kind) / "README.md").read_text("utf-8")


def test_every_kind_has_its_folder_and_every_folder_its_kind() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/spec.py")}
    assert {folder(kind) for kind in KINDS} == folders


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_its_examples_are_valid(kind: Kind[Any, Any]) -> None:
    assert kind.examples
    for text in kind.examples:
        manifest = yaml.safe_load(text)
        assert manifest["kind"] == kind.name
        assert kind.names.fullmatch(manifest["metadata"]["name"])
        kind.spec.model_validate(manifest["spec"])


@pytest.mark.parametrize("kind", KINDS)
def test_its_page_shows_the_first_example_and_has_every_section(kind: str) -> None:
    text = page(kind)

    assert f"```yaml\n{KINDS[kind].examples[0]}```" in text
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == SECTIONS


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_its_page_tells_every_field(kind: Kind[Any, Any]) -> None:
    spec: type[Spec] = kind.spec
    fields = page(kind.name).partition("## Fields")[2].partition("## Permissions")[0]

    for name, field in spec.model_fields.items():
        assert f"`{field.alias or name}" in fields, name
