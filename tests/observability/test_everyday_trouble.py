"""A rehearsal with some of every trouble: every panel shows something, every metric is known, alerts reach a person."""

from __future__ import annotations

import math
import re
import subprocess

import pytest

from setpoint.surface.metrics.measures import metrics_of
from setpoint.surface.metrics.names import METRICS
from setpoint.systems import installed_kinds
from tests.observability.expressions import ALL, Expression, of_dashboards, of_rules, rules
from tests.observability.servers import Watched, ask
from tests.rig.waiting import until

pytestmark = pytest.mark.integration
CLUSTER = "ProxmoxCluster/lab"
EVER = 1_000_000
DRIFTED, HELD, WORKED_ON, FAILING = (
    ("default", "db01"),
    ("default", "web01"),
    ("default", "app01"),
    ("test", "build01"),
)
"""One machine for each trouble; those on pve2 wait for their node."""
MEASURED = [metric for metrics in metrics_of(installed_kinds()).values() for metric in metrics.values()]
NAMES = {metric.name for metric in (*METRICS, *MEASURED)}


def chosen(resource: tuple[str, str]) -> dict[str, str]:
    """Grafana's variables on the page of one resource."""
    return {**ALL, "namespace": resource[0], "kind": "VirtualMachine", "name": resource[1], "target": CLUSTER}


@pytest.fixture(scope="module")
def trouble(watched: Watched) -> Watched:
    """A drifted VM that is only reported, a held restart, an operation that does not end, a failing one, a node down."""
    lab = watched.lab
    app01, build01 = lab.guest("VirtualMachine/app01"), lab.guest("test/VirtualMachine/build01")
    lab.poke("VirtualMachine/db01", "memory=1024")
    path = f"/nodes/{build01['node']}/qemu/{build01['vmid']}/*"
    watched.event(guest_behaviour={"vmid": app01["vmid"], "acpi_shutdown": "ignored"})
    watched.event(reply_fails={"method": "GET", "path": path, "status": 500, "reason": "boom", "count": EVER})
    watched.event(reply_lost={"method": "GET|POST", "path": "/nodes/pve2/*", "status": 595, "count": EVER})
    lab.edit("prod/web01.yaml", "memory: 2GiB", "memory: 3GiB")
    lab.edit("prod/app01.yaml", "  cores: 2", "  cores: 2\n  power: stopped")
    lab.push("Ask for a restart and for an end")
    lab.call("resync", "--all")
    return watched


def shown(watched: Watched, one: Expression) -> bool:
    """Whether a panel has a figure, and not only that there is none."""
    overview = one.place.startswith("overview")
    pages = [ALL] if overview else [chosen(one) for one in (DRIFTED, HELD, WORKED_ON, FAILING)]
    return any(not math.isnan(value) for page in pages for value in watched.servers.values(one.put(page)))


def test_every_panel_shows_something(trouble: Watched) -> None:
    left = of_dashboards()
    assert len(left) > 50

    def complete() -> bool:
        left[:] = [one for one in left if not shown(trouble, one)]
        return not left

    until(complete, lambda: f"data for {[one.place for one in left]}")


def test_the_choices_of_a_dashboard_are_what_is_declared(trouble: Watched) -> None:
    series = "setpoint_resource_condition"
    assert trouble.servers.label_values("namespace", series) == ["default", "test"]
    assert trouble.servers.label_values("kind", series) == ["ProxmoxCluster", "VirtualMachine"]
    assert trouble.servers.label_values("target", f'{series}{{kind="VirtualMachine"}}') == [CLUSTER]
    assert trouble.servers.label_values("name", f'{series}{{namespace="test"}}') == ["build01", "web01"]


def test_the_table_of_drift_names_the_command_and_the_command_shows_both_values(trouble: Watched) -> None:
    (table,) = (one for one in of_dashboards() if one.place.startswith("overview.json What has drifted"))
    (row,) = trouble.servers.query(table.put(ALL))
    assert row["metric"]["look"] == "setpoint drift default/VirtualMachine/db01"
    assert 0 < float(row["value"][1]) < 100
    seen = trouble.lab.call(*row["metric"]["look"].split()[1:])
    assert seen.returncode == 2
    assert "4GiB" in seen.stdout
    assert "1GiB" in seen.stdout


def test_prometheus_evaluates_every_rule(trouble: Watched) -> None:
    def groups() -> list[dict[str, object]]:
        found = ask(f"{trouble.servers.prometheus}/api/v1/rules")["data"]["groups"]
        return [rule for group in found for rule in group["rules"]]

    loaded = until(lambda: [rule for rule in groups() if rule["health"] != "unknown"], "the first evaluation")
    assert [(rule["name"], rule["lastError"]) for rule in loaded if rule["health"] != "ok"] == []
    assert len(loaded) == len(of_rules())
    recorded = [rule["record"] for rule in rules() if "record" in rule]
    until(lambda: all(trouble.servers.query(name) for name in recorded), "a value of every recorded figure")


def test_what_is_scraped_is_the_table_of_metrics_and_well_formed(trouble: Watched) -> None:
    text = trouble.text()
    assert set(re.findall(r"^# TYPE (setpoint_\w+) ", text, re.MULTILINE)) - created(text) == NAMES
    assert "setpoint_store_write_errors_total 0.0" in text
    checked = subprocess.run(
        ("promtool", "check", "metrics"), input=text, capture_output=True, text=True, check=False, timeout=30
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def created(text: str) -> set[str]:
    """The families that tell when a counter began; the library adds them."""
    return set(re.findall(r"^# TYPE (setpoint_\w+_created) ", text, re.MULTILINE))


def test_a_failed_reconcile_reaches_the_receiver_and_what_waits_for_a_node_is_told_by_its_breaker(
    trouble: Watched,
) -> None:
    heard = trouble.servers.receiver
    failed = until(lambda: heard.find("SetpointReconcileFailed"), "the failed reconcile at the receiver")
    labels = {name: failed["labels"][name] for name in ("namespace", "kind", "name", "target", "severity")}
    assert labels == {
        "namespace": "test",
        "kind": "VirtualMachine",
        "name": "build01",
        "target": CLUSTER,
        "severity": "warning",
    }
    command = failed["annotations"]["description"].partition(": setpoint ")[2].split()
    assert command == ["status", "test/VirtualMachine/build01"]
    seen = trouble.lab.call(*command)
    assert (seen.returncode, "500: boom" in seen.stdout) == (1, True)

    expected = {
        "SetpointReconcileFailed": {"build01"},
        "SetpointBreakerOpen": {"node/pve2"},
        "SetpointDriftNotCorrected": {"db01"},
        "SetpointHoldsWaiting": {"web01"},
        "SetpointOperationOverdue": {"app01"},
    }
    until(lambda: expected.keys() <= heard.names(), lambda: f"{set(expected) - heard.names()}")
    told: dict[str, set[str]] = {}
    for alert in heard.heard:
        labels = alert["labels"]
        told.setdefault(labels["alertname"], set()).add(labels.get("name") or labels.get("scope", ""))
    told.pop(
        "SetpointLoopLag", None
    )  # A busy machine makes the loop late: rightly told, and no part of this story.
    assert told == expected
