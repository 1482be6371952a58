from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Annotated

import pytest
from pydantic import ValidationError

from setpoint.model.reference import Name, Reference
from setpoint.model.spec import Spec, described


class Plugged(Spec):
    network: Annotated[str, Reference("Network")] = described("Where it is plugged in.")
    others: tuple[Annotated[str, Reference("Box")], ...] = described("What it knows.", ())


def test_a_name_remembers_the_kind_that_it_names() -> None:
    plugged = Plugged.model_validate({"network": "lan", "others": ["prod/a"]})
    names = (plugged.network, *plugged.others)
    assert [(str(name), name.kind) for name in names if isinstance(name, Name)] == [
        ("lan", "Network"),
        ("prod/a", "Box"),
    ]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy], ids=["shallow", "deep"])
def test_a_copy_of_a_name_is_the_name(again: Callable[[Name], Name]) -> None:
    copied = again(Name("lan", "Network"))
    assert (copied, copied.kind) == ("lan", "Network")


def test_a_name_is_written_out_as_plain_text() -> None:
    plugged = Plugged.model_validate({"network": "lan"})
    assert plugged.model_dump_json(exclude_unset=True) == '{"network":"lan"}'
    assert plugged == Plugged.model_validate_json(plugged.model_dump_json())


@pytest.mark.parametrize(
    ("written", "why"), [("", "this names no Network; write its metadata.name"), (7, "valid string")]
)
def test_what_names_nothing_is_refused(written: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Plugged.model_validate({"network": written})


def test_the_schema_says_which_kind_is_named() -> None:
    fields = Plugged.model_json_schema()["properties"]
    assert fields["network"][Reference.MARK] == "Network"
    assert fields["network"]["minLength"] == 1
    assert fields["others"]["items"][Reference.MARK] == "Box"
