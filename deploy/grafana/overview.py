"""The overview: what is wrong and since when, how work goes; `surroundings` shows what it depends on."""

from __future__ import annotations

from typing import Final

from deploy.grafana.panel import (
    ALL_IS_GOOD,
    NONE_IS_GOOD,
    NONE_MUST_BE,
    TRUTH,
    Panel,
    Query,
    Row,
    View,
)
from deploy.grafana.promql import command, or_none, quantile, rate
from deploy.grafana.surroundings import DAEMON, TARGETS

_PICK: Final = 'namespace=~"$namespace",kind=~"$kind",name=~"$name",target=~"$target"'
_KIND: Final = 'kind=~"$kind"'
_TARGET: Final = 'target=~"$target"'
_KEY: Final = {"namespace": "namespace", "kind": "kind", "name": "name", "target": "target"}

_NOW: Final = (
    Panel(
        "Ready",
        "The share of declared resources that are in sync and healthy. Below it stands which are not.",
        View.STAT,
        "percentunit",
        (Query(f'avg(setpoint_resource_condition{{type="Ready",{_PICK}}} == bool 1)'),),
        width=3,
        height=4,
        scale=ALL_IS_GOOD,
    ),
    Panel(
        "Drifted",
        "Resources that somebody or something changed behind the declarations; the table below names them.",
        View.STAT,
        "short",
        (Query(or_none(f"count(setpoint_drift_since_timestamp_seconds{{{_PICK}}})")),),
        width=3,
        height=4,
        scale=NONE_IS_GOOD,
    ),
    Panel(
        "Failing",
        "Resources whose last reconcile failed, or that stay wrong until somebody changes something.",
        View.STAT,
        "short",
        (Query(or_none(f'sum(setpoint_resources{{outcome=~"Failed|Stalled",{_KIND},{_TARGET}}})')),),
        width=3,
        height=4,
        scale=NONE_MUST_BE,
    ),
    Panel(
        "Held",
        "Resources with changes that a rule holds back; the table below says which rule.",
        View.STAT,
        "short",
        (Query(or_none(f"count(count by (namespace, kind, name) (setpoint_held_changes{{{_PICK}}}))")),),
        width=3,
        height=4,
        scale=NONE_IS_GOOD,
    ),
    Panel(
        "Targets down",
        "Targets that do not answer or let nobody in. What they hold is unknown, never taken for gone.",
        View.STAT,
        "short",
        (Query(or_none(f"count(setpoint_target_up{{{_TARGET}}} == 0)")),),
        width=3,
        height=4,
        scale=NONE_MUST_BE,
    ),
    Panel(
        "Operations running",
        "Steps such as a create or a clone whose end was not seen yet.",
        View.STAT,
        "short",
        (Query(f"sum(setpoint_operations_running{{{_TARGET}}})"),),
        width=3,
        height=4,
    ),
    Panel(
        "Declarations fetched",
        "How long ago the source of the declarations was last read with success.",
        View.STAT,
        "s",
        (Query("time() - setpoint_git_last_fetch_success_timestamp_seconds", "{{source}}"),),
        width=3,
        height=4,
    ),
    Panel(
        "Daemon up for",
        "How long ago the daemon was started. No value: Prometheus gets no metrics from it.",
        View.STAT,
        "s",
        (
            Query(
                "(time() - process_start_time_seconds) * on (job, instance) group_left () setpoint_build_info"
            ),
        ),
        width=3,
        height=4,
    ),
)

_WRONG: Final = (
    Panel(
        "What has drifted, and since when",
        "Everything that was changed behind the declarations and is not as declared again. Run the command under "
        "`look` to see the declared and the present value of each field.",
        View.TABLE,
        "s",
        (Query(command("drift", f"(time() - setpoint_drift_since_timestamp_seconds{{{_PICK}}})")),),
        width=12,
        height=8,
        columns={**_KEY, "Value": "for", "look": "look"},
    ),
    Panel(
        "What is not ready",
        "Everything that is not in sync and healthy: false is known to be wrong, unknown could not be looked at. Run the "
        "command under `look` to see why.",
        View.TABLE,
        "none",
        (Query(command("status", f'(setpoint_resource_condition{{type="Ready",{_PICK}}} < 1)')),),
        width=12,
        height=8,
        scale=TRUTH,
        columns={**_KEY, "Value": "ready", "look": "look"},
    ),
    Panel(
        "What is held",
        "Changes that a rule holds back. Run the command under `look` to see why, and who can release them.",
        View.TABLE,
        "none",
        (Query(command("status", f"setpoint_held_changes{{{_PICK}}}")),),
        width=12,
        height=8,
        columns={**_KEY, "rule": "rule", "Value": "changes", "look": "look"},
    ),
    Panel(
        "What is under way",
        "Operations whose end was not seen yet, and for how long they have run.",
        View.TABLE,
        "s",
        (Query(command("status", f"(time() - setpoint_operation_started_timestamp_seconds{{{_PICK}}})")),),
        width=12,
        height=8,
        columns={**_KEY, "verb": "verb", "Value": "for", "look": "look"},
    ),
    Panel(
        "Fields that differ",
        "Differing fields by kind and by the first part of their path, whether declared anew or changed behind.",
        View.GRAPH,
        "short",
        (Query(f"sum by (kind, group) (setpoint_drifted_fields{{{_PICK}}})", "{{kind}} {{group}}"),),
        width=12,
        stacked=True,
    ),
    Panel(
        "Resources by outcome",
        "How the last reconcile of each resource ended. `none` was not looked at since its declaration changed.",
        View.GRAPH,
        "short",
        (Query(f"sum by (outcome) (setpoint_resources{{{_KIND},{_TARGET}}})", "{{outcome}}"),),
        width=12,
        stacked=True,
    ),
)

_WORK: Final = (
    Panel(
        "Reconciles by outcome",
        "How many reconciles ended, and how. Mostly Done is calm; Failed is a fault; Changed and Wait is work.",
        View.GRAPH,
        "ops",
        (Query(rate("setpoint_reconciles_total", "outcome", _KIND), "{{outcome}}"),),
        stacked=True,
    ),
    Panel(
        "Duration of reconciles",
        "The middle one and the slow ones (19 of 20 are faster), by kind.",
        View.GRAPH,
        "s",
        (
            Query(quantile(0.5, "setpoint_reconcile_seconds", "kind", _KIND), "{{kind}} p50"),
            Query(quantile(0.95, "setpoint_reconcile_seconds", "kind", _KIND), "{{kind}} p95"),
        ),
    ),
    Panel(
        "Steps",
        "Changes that were begun, by kind and verb.",
        View.GRAPH,
        "ops",
        (Query(rate("setpoint_steps_total", "kind, verb", _KIND), "{{verb}} {{kind}}"),),
        stacked=True,
    ),
    Panel(
        "Queue",
        "Resources that are due now, by target and class. It may rise at a start or a large commit, and falls again.",
        View.GRAPH,
        "short",
        (
            Query(
                f"sum by (target, class) (setpoint_queue_depth{{{_TARGET}}})",
                "{{target}} {{class}}",
            ),
        ),
        stacked=True,
    ),
    Panel(
        "Oldest in the queue",
        "For how long the longest waiting resource has been due. It grows while a target is slow or down.",
        View.GRAPH,
        "s",
        (
            Query(
                f"max by (target, class) (setpoint_queue_oldest_seconds{{{_TARGET}}})",
                "{{target}} {{class}}",
            ),
        ),
    ),
    Panel(
        "Delay of reconciles",
        "How much later than due reconciles began: 19 of 20 began earlier.",
        View.GRAPH,
        "s",
        (Query(quantile(0.95, "setpoint_reconcile_delay_seconds", "class"), "{{class}} p95"),),
    ),
    Panel(
        "From declared to ready",
        "How long what was new in the shown time took until it was ready: 19 of 20 took less. Empty without new ones.",
        View.STAT,
        "s",
        (
            Query(
                "histogram_quantile(0.95, sum by (kind, le) "
                f"(increase(setpoint_first_time_to_ready_seconds_bucket{{{_KIND}}}[$__range]))) >= 0",
                "{{kind}}",
            ),
        ),
        height=5,
    ),
    Panel(
        "From drift to its discovery, at most",
        "The time between the last good look and the one that found drift, in the shown time: 19 of 20 took less. "
        "Empty without drift.",
        View.STAT,
        "s",
        (
            Query(
                "histogram_quantile(0.95, sum by (kind, le) "
                f"(increase(setpoint_drift_detected_after_seconds_bucket{{{_KIND}}}[$__range]))) >= 0",
                "{{kind}}",
            ),
        ),
        height=5,
    ),
    Panel(
        "Crashes",
        "Reconciles that a bug of Setpoint ended, in the shown time. The log has the details: please report them.",
        View.STAT,
        "short",
        (Query(f"sum(increase(setpoint_reconcile_crashes_total{{{_KIND}}}[$__range]))"),),
        height=5,
        scale=NONE_MUST_BE,
    ),
)

ROWS: Final = (
    Row("Now", _NOW),
    Row("What is wrong, and since when", _WRONG),
    Row("Work", _WORK),
    Row("Targets and their parts", TARGETS),
    Row("Declarations and daemon", DAEMON),
)
