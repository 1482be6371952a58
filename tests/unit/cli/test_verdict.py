"""How the estate is as one ending: the worst of all."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint.cli.output import Ending
from setpoint.cli.verdict import row_verdict, verdict, worst


def row(outcome: str, ready: str = "False", *rules: str) -> dict[str, Any]:
    """`Rule*` is a hold that ends by itself."""
    return {"outcome": outcome, "ready": ready, "holds": [hold(rule) for rule in rules]}


def hold(rule: str) -> dict[str, Any]:
    return {"rule": rule.removesuffix("*"), "passing": rule.endswith("*")}


def status(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    source = {"good": more.pop("good", True), "token": more.pop("token", "")}
    return {
        "source": source,
        "problems": [],
        "waiting": [],
        "phase": "running",
        "resources": rows,
        "deletions": [],
        **more,
    }


@pytest.mark.parametrize(
    ("one", "ending"),
    [
        (row("Done", "True"), Ending.FINE),
        (row("Done", "False"), Ending.ERROR),
        (row("Pending", "Unknown"), Ending.DIFFERENT),
        (row("Changed"), Ending.DIFFERENT),
        (row("Wait"), Ending.DIFFERENT),
        (row("Blocked", "Unknown"), Ending.DIFFERENT),
        (row("Held", "False", "Recreate"), Ending.HELD),
        (row("Held", "False", "DriftWarn"), Ending.DIFFERENT),
        (row("Held", "False", "DriftWarn", "Manage"), Ending.DIFFERENT),
        (row("Held", "False", "DriftWarn", "RebootPending"), Ending.HELD),
        (row("Held", "False", "RebootPending*"), Ending.DIFFERENT),
        (row("Held", "False", "RebootPending*", "Recreate"), Ending.HELD),
        (row("Failed", "Unknown"), Ending.ERROR),
        (row("Stalled"), Ending.ERROR),
    ],
    ids=lambda value: value["outcome"] if isinstance(value, dict) else value.name,
)
def test_one_resource(one: dict[str, Any], ending: Ending) -> None:
    assert row_verdict(one) is ending


@pytest.mark.parametrize(
    ("told", "ending"),
    [
        (status(), Ending.FINE),
        (status(row("Wait"), row("Held", "False", "Recreate")), Ending.HELD),
        (status(row("Failed"), row("Held", "False", "Recreate")), Ending.ERROR),
        (status(row("Done", "True"), problems=[{}]), Ending.ERROR),
        (status(row("Done", "True"), waiting=[{}]), Ending.ERROR),
        (status(row("Done", "True"), good=False), Ending.ERROR),
        (status(row("Done", "True"), good=False, token="abc"), Ending.HELD),
        (status(row("Pending"), good=False, phase="starting"), Ending.DIFFERENT),
    ],
    ids=["empty", "held", "failed", "mistake", "waiting", "source down", "source held", "starting"],
)
def test_everything(told: dict[str, Any], ending: Ending) -> None:
    assert verdict(told) is ending


def test_of_nothing_the_worst_is_fine() -> None:
    assert worst([]) is Ending.FINE
