"""The page and the examples of every kind of the system are true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import setpoint_dns
from setpoint.model.kind import Kind
from setpoint_dns import SYSTEM
from tests.systems.proxmox.test_documents import SECTIONS

ROOT = Path(setpoint_dns.__file__).parent / "kinds"


def page(kind: Kind[Any, Any]) -> str:
    folder = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.name).lower()
    return (ROOT / folder / "README.md").read_text("utf-8")


@pytest.fixture(params=SYSTEM.kinds, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind[Any, Any]:
    found: Kind[Any, Any] = request.param
    return found


def test_its_examples_are_valid(kind: Kind[Any, Any]) -> None:
    assert kind.examples
    for text in kind.examples:
        manifest = yaml.safe_load(text)
        assert manifest["kind"] == kind.name
        assert kind.names.fullmatch(manifest["metadata"]["name"])
        kind.spec.model_validate(manifest["spec"])


def test_its_page_shows_the_first_example_and_has_every_section(kind: Kind[Any, Any]) -> None:
    text = page(kind)
    assert f"```yaml\n{kind.examples[0]}```" in text
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == SECTIONS


def test_its_page_tells_every_field(kind: Kind[Any, Any]) -> None:
    fields = page(kind).partition("## Fields")[2].partition("## Permissions")[0]
    for name, field in kind.spec.model_fields.items():
        assert f"`{field.alias or name}" in fields, name
