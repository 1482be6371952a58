"""One resource: how it is, since when, what differs, what is held or under way, and how its target is."""

from __future__ import annotations

from typing import Final

from deploy.grafana.panel import NONE_IS_GOOD, OPEN, TRUTH, UP, Panel, Query, Row, View
from deploy.grafana.promql import command, or_none, quantile, rate

_ONE: Final = 'namespace="$namespace",kind="$kind",name="$name"'
_KIND: Final = 'kind="$kind"'
_TARGET: Final = 'target="$target"'

_NOW: Final = (
    Panel(
        "Ready",
        "Whether it is in sync and healthy; unknown when it could not be looked at.",
        View.STAT,
        "none",
        (Query(f'setpoint_resource_condition{{type="Ready",{_ONE}}}'),),
        width=4,
        height=4,
        scale=TRUTH,
    ),
    Panel(
        "In sync",
        "Whether what was seen is what is declared.",
        View.STAT,
        "none",
        (Query(f'setpoint_resource_condition{{type="Synced",{_ONE}}}'),),
        width=4,
        height=4,
        scale=TRUTH,
    ),
    Panel(
        "Last seen in sync",
        "How long ago it was last seen as declared; no value when never.",
        View.STAT,
        "s",
        (Query(f"time() - setpoint_last_success_timestamp_seconds{{{_ONE}}}"),),
        width=4,
        height=4,
    ),
    Panel(
        "Drifted for",
        "How long ago somebody or something changed it behind the declarations; no value while nobody has.",
        View.STAT,
        "s",
        (Query(f"time() - setpoint_drift_since_timestamp_seconds{{{_ONE}}}"),),
        width=4,
        height=4,
    ),
    Panel(
        "Numbers left out",
        "How many numbers of it are not shown anywhere, because there are too many of a kind, or they are none.",
        View.STAT,
        "short",
        (Query(or_none(f"sum(setpoint_measures_left_out{{{_ONE}}})")),),
        width=4,
        height=4,
        scale=NONE_IS_GOOD,
    ),
    Panel(
        "Fields that differ",
        "How many fields differ from the declaration.",
        View.STAT,
        "short",
        (Query(f"sum(setpoint_drifted_fields{{{_ONE}}}) or vector(0)"),),
        width=4,
        height=4,
        scale=NONE_IS_GOOD,
    ),
    Panel(
        "Its target",
        "Whether the target answers and lets Setpoint in. While it is down, nothing is known of what it holds.",
        View.STAT,
        "none",
        (Query(f"setpoint_target_up{{{_TARGET}}}"),),
        width=4,
        height=4,
        scale=UP,
    ),
)

_DRIFT: Final = (
    Panel(
        "What differs, and since when",
        "Run the command under `look` to see the declared and the present value of each field.",
        View.TABLE,
        "s",
        (Query(command("drift", f"(time() - setpoint_drift_since_timestamp_seconds{{{_ONE}}})")),),
        width=12,
        columns={"namespace": "namespace", "kind": "kind", "name": "name", "Value": "for", "look": "look"},
    ),
    Panel(
        "What is held",
        "Changes that a rule holds back. Run the command under `look` to see why, and who can release them.",
        View.TABLE,
        "none",
        (Query(command("status", f"setpoint_held_changes{{{_ONE}}}")),),
        width=12,
        columns={"rule": "rule", "Value": "changes", "look": "look"},
    ),
    Panel(
        "Fields that differ, by group",
        "By the first part of their path; `object` when the whole object is missing or too much.",
        View.GRAPH,
        "short",
        (Query(f"sum by (group) (setpoint_drifted_fields{{{_ONE}}})", "{{group}}"),),
        width=12,
        stacked=True,
    ),
    Panel(
        "Conditions",
        "Ready and Synced always; Progressing, Stalled, Held and Healthy while they are true.",
        View.STATES,
        "none",
        (Query(f"setpoint_resource_condition{{{_ONE}}}", "{{type}}"),),
        width=12,
        scale=TRUTH,
    ),
    Panel(
        "Operation under way",
        "What was begun and has not been seen to end, and for how long it has run.",
        View.TABLE,
        "s",
        (Query(command("status", f"(time() - setpoint_operation_started_timestamp_seconds{{{_ONE}}})")),),
        width=12,
        columns={"verb": "verb", "Value": "for", "look": "look"},
    ),
    Panel(
        "Held changes",
        "How many changes each rule holds back.",
        View.GRAPH,
        "short",
        (Query(f"sum by (rule) (setpoint_held_changes{{{_ONE}}})", "{{rule}}"),),
        width=12,
        stacked=True,
    ),
)

_AROUND: Final = (
    Panel(
        "Reconciles of its kind",
        "How reconciles of everything of this kind end: whether it is alone with its trouble.",
        View.GRAPH,
        "ops",
        (Query(rate("setpoint_reconciles_total", "outcome", _KIND), "{{outcome}}"),),
        stacked=True,
    ),
    Panel(
        "Duration of reconciles of its kind",
        "The middle one and the slow ones (19 of 20 are faster).",
        View.GRAPH,
        "s",
        (
            Query(quantile(0.5, "setpoint_reconcile_seconds", "kind", _KIND), "p50"),
            Query(quantile(0.95, "setpoint_reconcile_seconds", "kind", _KIND), "p95"),
        ),
    ),
    Panel(
        "Calls of its target",
        "Calls by what became of them.",
        View.GRAPH,
        "reqps",
        (Query(rate("setpoint_api_calls_total", "class", _TARGET), "{{class}}"),),
        stacked=True,
    ),
    Panel(
        "Breakers of its target",
        "Parts of the target to which calls are stopped because they do not answer.",
        View.STATES,
        "none",
        (Query(f"setpoint_breaker_state{{{_TARGET}}}", "{{scope}}"),),
        scale=OPEN,
    ),
    Panel(
        "Queue of its target",
        "Resources that are due now.",
        View.GRAPH,
        "short",
        (Query(f"sum by (class) (setpoint_queue_depth{{{_TARGET}}})", "{{class}}"),),
        stacked=True,
    ),
    Panel(
        "Operations of its target",
        "Operations under way by part of the target; a part takes only so many at once.",
        View.GRAPH,
        "short",
        (Query(f"setpoint_lane_places{{{_TARGET}}}", "{{scope}}"),),
        stacked=True,
    ),
)

ROWS: Final = (Row("Now", _NOW), Row("What differs", _DRIFT), Row("Around it", _AROUND))
