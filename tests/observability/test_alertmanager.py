"""A real Alertmanager with the shipped routes tells one cause once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.observability.servers import Receiver, alerting, ask
from tests.rig.waiting import until

pytestmark = pytest.mark.integration
HERE = {"instance": "a", "target": "Box/x"}


@pytest.fixture
def told(tmp_path: Path) -> Iterator[tuple[str, Receiver]]:
    with alerting(tmp_path / "alerting") as (address, receiver):
        yield f"http://{address}/api/v2/alerts", receiver


def suppressed(url: str) -> dict[tuple[str, str], bool]:
    """Whether each alert by name and target is inhibited."""
    return {
        (alert["labels"]["alertname"], alert["labels"].get("target", "")): alert["status"]["state"]
        == "suppressed"
        for alert in ask(url)
    }


def tell(url: str, *alerts: dict[str, str]) -> None:
    ask(url, [{"labels": labels} for labels in alerts])


def test_what_lies_on_a_target_that_is_down_is_not_told_apart_and_nothing_is_told_without_a_daemon(
    told: tuple[str, Receiver],
) -> None:
    url, receiver = told
    tell(
        url,
        {"alertname": "SetpointTargetDown", "severity": "critical", **HERE},
        {"alertname": "SetpointResourceStalled", "severity": "warning", "name": "one", **HERE},
        {"alertname": "SetpointResourceStalled", "severity": "warning", "instance": "a", "target": "Box/y"},
        {"alertname": "SetpointSourceOld", "severity": "critical", "instance": "a", "source": "git"},
        {"alertname": "SetpointSourceFailing", "severity": "warning", "instance": "a", "source": "git"},
        {"alertname": "SomebodyElses", "severity": "warning", **HERE},
    )
    before = {
        ("SetpointTargetDown", "Box/x"): False,
        ("SetpointResourceStalled", "Box/x"): True,
        ("SetpointResourceStalled", "Box/y"): False,
        ("SetpointSourceOld", ""): False,
        ("SetpointSourceFailing", ""): True,
        ("SomebodyElses", "Box/x"): False,
    }
    until(lambda: before.items() <= suppressed(url).items(), "what lies on it is inhibited")
    tell(url, {"alertname": "SetpointDown", "severity": "critical", "instance": "a"})
    after = {key: key[0] != "SomebodyElses" for key in before} | {("SetpointDown", ""): False}
    until(lambda: suppressed(url) == after, "all but SetpointDown is inhibited")
    until(lambda: "SomebodyElses" in receiver.names(), "what is not inhibited arrives")
    assert "SetpointSourceFailing" not in receiver.names()
