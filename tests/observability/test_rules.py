"""The rules and examples for Prometheus and Alertmanager are what their own programs accept, and the alerts are told apart."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import promql_parser
import pytest
import yaml

from tests.observability.expressions import ALL, ROOT, Expression, of_dashboards, of_rules, rules

PROMETHEUS = ROOT / "deploy/prometheus"
ALERTMANAGER = ROOT / "deploy/alertmanager/alertmanager.yml"
RUNBOOKS = ROOT / "docs/runbooks"
UNITS = sorted((PROMETHEUS / "tests").glob("*.yml"))
ALERTS = [rule for rule in rules() if "alert" in rule]
NAMES = {rule["alert"] for rule in ALERTS}
EXPECTED = {
    *(
        "SetpointReconcileFailed",
        "SetpointDriftNotCorrected",
        "SetpointResourceStalled",
        "SetpointResourceUnhealthy",
        "SetpointTargetDown",
    ),
    *("SetpointBreakerOpen", "SetpointOperationOverdue", "SetpointHoldsWaiting", "SetpointSourceFailing"),
    *(
        "SetpointNotInSyncForLong",
        "SetpointHostStale",
        "SetpointDeletionHeld",
        "SetpointSourceOld",
        "SetpointLoopLag",
        "SetpointDown",
        "SetpointInventoryDown",
        "SetpointInventoryConflicts",
        "SetpointInventoryNotTold",
    ),
}


def accepted(program: str, *arguments: str | Path) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: as root on Debian, run deploy/servers.sh")
    ended = subprocess.run(
        (program, *arguments), capture_output=True, text=True, check=False, timeout=60, cwd=PROMETHEUS
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_promtool_accepts_the_rules() -> None:
    assert f"{len(rules())} rules found" in accepted("promtool", "check", "rules", "setpoint.rules.yml")


def test_promtool_accepts_the_example_of_a_configuration() -> None:
    assert "1 rule files found" in accepted("promtool", "check", "config", "prometheus.yml")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_alerts_fire_at_their_bound_and_not_below(path: Path) -> None:
    assert "SUCCESS" in accepted("promtool", "test", "rules", path)


def test_amtool_accepts_the_example_of_a_configuration() -> None:
    assert "2 receivers" in accepted("amtool", "check-config", ALERTMANAGER)


def test_every_alert_has_a_unit_test_for_below_at_and_after_its_bound() -> None:
    tests = [test for path in UNITS for test in yaml.safe_load(path.read_text("utf-8"))["tests"]]
    fired = {
        (case["alertname"], alert["exp_labels"].get("about"))
        for test in tests
        for case in test.get("alert_rule_test", ())
        for alert in case["exp_alerts"]
    }
    assert fired == {(rule["alert"], rule["labels"].get("about")) for rule in ALERTS}
    without = [
        test["name"]
        for test in tests
        if test.get("alert_rule_test") and not any(not e["exp_samples"] for e in test["promql_expr_test"])
    ]
    assert without == []


def test_the_alerts_are_those_that_the_documents_name() -> None:
    assert NAMES == EXPECTED
    assert {page.stem for page in RUNBOOKS.glob("Setpoint*.md")} == EXPECTED


@pytest.mark.parametrize(
    "rule", ALERTS, ids=lambda rule: f"{rule['alert']} {rule['labels'].get('about', '')}".strip()
)
def test_an_alert_says_how_bad_it_is_what_it_means_and_where_to_look(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    notes = rule["annotations"]
    assert notes.keys() == {"summary", "description", "runbook_url"}
    assert notes["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"
    assert (ROOT / notes["runbook_url"]).exists()
    assert re.search(r": (setpoint (status|drift)|systemctl status setpoint)", notes["description"])
    assert not notes["summary"].endswith(".")


@pytest.mark.parametrize("one", [*of_rules(), *of_dashboards()], ids=lambda one: one.place)
def test_an_expression_is_promql(one: Expression) -> None:
    promql_parser.parse(one.put(ALL))


def test_the_parser_refuses_what_is_no_promql() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        promql_parser.parse("sum(rate(setpoint_reconciles_total[5m])")
