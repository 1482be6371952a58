from __future__ import annotations

import pytest
from pydantic import ValidationError

from setpoint.model.secret import Secret, SecretRef


@pytest.mark.parametrize("field", ["file", "env", "credential"])
def test_a_reference_says_where_a_secret_is_and_never_what(field: str) -> None:
    reference = SecretRef.model_validate({field: "there"})
    assert str(reference) == f"{{{field}: there}}"


@pytest.mark.parametrize(
    "given",
    [{}, {"file": "/a", "env": "A"}, {"file": "/a", "env": "A", "credential": "a"}, {"file": None}],
    ids=["none", "two", "three", "null"],
)
def test_a_reference_names_exactly_one_place(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="exactly one of file, env and credential"):
        SecretRef.model_validate(given)


def test_a_secret_written_in_place_is_refused() -> None:
    with pytest.raises(ValidationError, match="value"):
        SecretRef.model_validate({"value": "hunter2"})


def test_a_secret_has_no_text_form() -> None:
    secret = Secret("hunter2")
    assert secret.reveal() == "hunter2"
    for shown in (str(secret), repr(secret), f"{secret}", f"{[secret]}"):
        assert "hunter2" not in shown


def test_secrets_are_compared_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
