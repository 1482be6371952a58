"""A target that is down is one alert, until it is back; a daemon that is gone is one too."""

from __future__ import annotations

import signal
import time
from datetime import datetime

import pytest

from tests.e2e.rig import ALL
from tests.observability.servers import LONGEST_WAIT, Watched, ask
from tests.rig.waiting import until

pytestmark = pytest.mark.integration
CLUSTER = "ProxmoxCluster/lab"
RECOVERY = 100.0


def active_for(watched: Watched, name: str) -> float:
    """For how many seconds an alert has been active in Prometheus; 0 when it is not."""
    alerts = ask(f"{watched.servers.prometheus}/api/v1/alerts")["data"]["alerts"]
    began = [alert["activeAt"] for alert in alerts if alert["labels"]["alertname"] == name]
    return (
        time.time() - min(datetime.fromisoformat(at[:19] + "+00:00").timestamp() for at in began)
        if began
        else 0.0
    )


def fired(watched: Watched, since: float) -> set[str]:
    """Every alert that has fired in Prometheus since then, whether Alertmanager told it or not."""
    span = int(time.time() - since)
    found = watched.servers.query(f'max_over_time(ALERTS{{alertstate="firing"}}[{span or 1}s])')
    return {series["metric"]["alertname"] for series in found}


def be_calm(watched: Watched) -> float:
    """Wait until what fired while the daemon was not there yet is over, and told so; the time."""
    heard = watched.servers.receiver
    until(lambda: not watched.servers.query("ALERTS"), "no alert")
    until(lambda: heard.names() <= heard.names("resolved"), "what was told is told as resolved")
    heard.heard.clear()
    return time.time()


def test_a_target_that_is_down_is_one_alert_and_told_as_resolved_when_it_is_back(watched: Watched) -> None:
    lab, servers = watched.lab, watched.servers
    since = be_calm(watched)
    state = lab.power_off()
    lab.call("resync", "--all")
    alert = until(lambda: servers.receiver.find("SetpointTargetDown"), "the target that is down, told")
    assert alert["labels"]["target"] == CLUSTER
    assert alert["labels"]["severity"] == "critical"

    # Each alert of a resource would have fired by now, had it been of those.
    until(
        lambda: active_for(watched, "SetpointTargetDown") > LONGEST_WAIT + 5,
        "longer than the slowest alert waits",
    )
    unknown = servers.values('count(setpoint_resource_condition{type="Ready"} == -1)')
    assert unknown == [len(ALL) - 1]
    assert servers.values("setpoint_target_up") == [0.0]
    assert fired(watched, since) == {"SetpointTargetDown"}
    assert [one["labels"]["alertname"] for one in servers.receiver.heard] == ["SetpointTargetDown"]
    command = alert["annotations"]["description"].partition(": setpoint ")[2].split()
    seen = lab.call(*command)
    assert "cannot be reached" in seen.stdout

    lab.power_on(state)
    # By itself: the breaker lets a call through half a minute after it opened, and then a minute later.
    until(lambda: servers.receiver.find("SetpointTargetDown", "resolved"), "told as resolved", RECOVERY)
    assert fired(watched, since) == {"SetpointTargetDown"}


def test_a_daemon_that_is_gone_is_told_and_nothing_else(watched: Watched) -> None:
    lab, servers = watched.lab, watched.servers
    be_calm(watched)
    assert lab.end(signal.SIGKILL) == -signal.SIGKILL
    alert = until(lambda: servers.receiver.find("SetpointDown"), "the daemon that is gone, told")
    assert alert["labels"]["severity"] == "critical"
    assert servers.receiver.names() == {"SetpointDown"}
    lab.start()
    until(lambda: servers.receiver.find("SetpointDown", "resolved"), "told as resolved")
