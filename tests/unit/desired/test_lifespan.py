"""A lifecycle destroys: it is believed only where that is said in so many words, and possible."""

from __future__ import annotations

import json
from typing import Any

import pytest

from setpoint.desired.compile import compile_set
from tests.toy import KINDS

LIFECYCLE = {"rebuildEvery": "14d", "at": "Sun 04:00"}
SHELF = b"kind: Shelf\nmetadata: {name: s}\nspec: {}\n"


def problems(kind: str, policy: dict[str, Any]) -> list[str]:
    text = (
        f"kind: {kind}\nmetadata: {{name: a}}\npolicy:\n  lifecycle: {json.dumps(policy.pop('lifecycle'))}\n"
    )
    text += "".join(f"  {name}: {json.dumps(value)}\n" for name, value in policy.items())
    files = {"a.yaml": f"{text}spec: {{}}\n".encode(), "z.yaml": SHELF}
    result = compile_set(files, KINDS, version="v1")
    assert (len(result.resources) == 2) is not bool(result.problems)
    return [str(problem) for problem in result.problems]


@pytest.mark.parametrize(
    ("kind", "policy", "said"),
    [
        pytest.param("Box", {}, "a.yaml:4:3: policy.lifecycle: lifecycle destroys what is on it, and policy.deletion does not say that a Box may be destroyed; write deletion: delete as well, or remove lifecycle", id="holds data and does not say that it may go"),
        pytest.param("Box", {"deletion": "orphan"}, "write deletion: delete as well, or remove lifecycle", id="says that it stays"),
        pytest.param("Shelf", {"deletion": "delete"}, "a Shelf is never destroyed, so it cannot be made anew by schedule; remove lifecycle", id="of a kind that is never destroyed"),
        pytest.param("Box", {"deletion": "delete", "lifecycle": {"rebuildEvery": "14d", "at": "soon"}}, "policy.lifecycle.at: 'soon' is no moment of the week", id="no moment"),
        pytest.param("Box", {"deletion": "delete", "lifecycle": {"at": "Sun 04:00"}}, "a.yaml:4:3: policy.lifecycle.rebuildEvery: is missing", id="no age"),
        pytest.param("Box", {"deletion": "delete", "manage": "noDelete"}, "write manage: full, or remove lifecycle", id="of a mode that destroys nothing"),
    ],
)  # fmt: skip
def test_a_lifecycle_that_cannot_be_is_a_mistake_with_its_place(
    kind: str, policy: dict[str, Any], said: str
) -> None:
    (told,) = problems(kind, {"lifecycle": LIFECYCLE, **policy})
    assert said in told


def test_one_that_may_destroy_is_in_force() -> None:
    assert problems("Box", {"lifecycle": LIFECYCLE, "deletion": "delete"}) == []
