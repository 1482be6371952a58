"""What the overview shows of that on which all resources depend: targets, declarations and the daemon."""

from __future__ import annotations

from typing import Final

from deploy.grafana.panel import NONE_MUST_BE, OPEN, TRUTH, UP, Panel, Query, View
from deploy.grafana.promql import quantile, rate

_TARGET: Final = 'target=~"$target"'

TARGETS: Final = (
    Panel(
        "Targets",
        "Whether each target answers and lets Setpoint in.",
        View.STATES,
        "none",
        (Query(f"setpoint_target_up{{{_TARGET}}}", "{{target}}"),),
        width=12,
        scale=UP,
    ),
    Panel(
        "Breakers",
        "Parts of targets to which calls are stopped because they do not answer; a probe now and then closes them again.",
        View.STATES,
        "none",
        (Query(f"setpoint_breaker_state{{{_TARGET}}}", "{{target}} {{scope}}"),),
        width=12,
        scale=OPEN,
    ),
    Panel(
        "Calls by class",
        "Calls of the targets' APIs by what became of them. Other than `answered` is worth a look when it lasts.",
        View.GRAPH,
        "reqps",
        (Query(rate("setpoint_api_calls_total", "target, class", _TARGET), "{{target}} {{class}}"),),
        stacked=True,
    ),
    Panel(
        "Calls by mode",
        "Calls that read and calls that write. An estate in sync has no writes.",
        View.GRAPH,
        "reqps",
        (Query(rate("setpoint_api_calls_total", "target, mode", _TARGET), "{{target}} {{mode}}"),),
        stacked=True,
    ),
    Panel(
        "Duration of calls",
        "How long targets take to answer: 19 of 20 calls were faster.",
        View.GRAPH,
        "s",
        (
            Query(
                quantile(0.95, "setpoint_api_call_seconds", "target, mode", _TARGET),
                "{{target}} {{mode}} p95",
            ),
        ),
    ),
    Panel(
        "Reconciles under way",
        "Reconciles that run at this moment, by target.",
        View.GRAPH,
        "short",
        (Query(f"setpoint_lane_running{{{_TARGET}}}", "{{target}}"),),
    ),
    Panel(
        "Places in use",
        "Operations that run on each part of a target; each part takes only so many at once.",
        View.GRAPH,
        "short",
        (Query(f"setpoint_lane_places{{{_TARGET}}}", "{{target}} {{scope}}"),),
    ),
    Panel(
        "Operations",
        "Steps whose end was not seen yet, by target.",
        View.GRAPH,
        "short",
        (Query(f"setpoint_operations_running{{{_TARGET}}}", "{{target}}"),),
    ),
)

DAEMON: Final = (
    Panel(
        "Declarations in force",
        "The commit that the estate is held at.",
        View.TABLE,
        "none",
        (Query("setpoint_git_commit_info"),),
        height=5,
        columns={"source": "source", "commit": "commit"},
    ),
    Panel(
        "The source",
        "Whether the last look at the source went well. If not, what was last good stays in force.",
        View.STATES,
        "none",
        (
            Query("setpoint_source_good", "{{source}} works"),
            Query("1 - setpoint_source_held", "{{source}} follows new commits"),
        ),
        height=5,
        scale=TRUTH,
    ),
    Panel(
        "Mistakes in declarations",
        "What `setpoint status` lists as mistakes; what they concern stays as it was.",
        View.STAT,
        "short",
        (Query("setpoint_source_problems", "{{source}}"),),
        width=4,
        height=5,
        scale=NONE_MUST_BE,
    ),
    Panel(
        "Database errors",
        "Reads and writes of the daemon's memory that failed in the shown time. Look at the disk.",
        View.STAT,
        "short",
        (Query("sum(increase(setpoint_store_write_errors_total[$__range]))"),),
        width=4,
        height=5,
        scale=NONE_MUST_BE,
    ),
    Panel(
        "Age of inventories",
        "Since when each inventory was not read with success; what was read then counts.",
        View.GRAPH,
        "s",
        (Query("time() - setpoint_inventory_last_success_timestamp_seconds", "{{inventory}}"),),
    ),
    Panel(
        "Declared by inventories",
        "How many declarations were made of what each inventory holds.",
        View.GRAPH,
        "short",
        (Query("setpoint_inventory_declarations", "{{inventory}}"),),
    ),
    Panel(
        "Not told to inventories",
        "Resources whose inventory was not told yet how they stand now. Not zero for long, and the log says why.",
        View.GRAPH,
        "short",
        (Query("setpoint_inventory_standings_untold", "{{inventory}}"),),
    ),
    Panel(
        "Told to inventories",
        "How many resources inventories were told of, and how often they did not take it in; that is told again.",
        View.GRAPH,
        "short",
        (
            Query(rate("setpoint_inventory_standings_told_total", "inventory", ""), "{{inventory}} told"),
            Query(rate("setpoint_inventory_tell_failures_total", "inventory", ""), "{{inventory}} failed"),
        ),
    ),
    Panel(
        "Lag of the loop",
        "How late timers of the daemon fire. More than half a second, and the host is overloaded or something blocks it.",
        View.GRAPH,
        "s",
        (
            Query(quantile(0.5, "setpoint_event_loop_lag_seconds", ""), "p50"),
            Query(quantile(0.99, "setpoint_event_loop_lag_seconds", ""), "p99"),
        ),
    ),
    Panel(
        "Memory",
        "Resident memory of the daemon.",
        View.GRAPH,
        "bytes",
        (
            Query(
                "process_resident_memory_bytes * on (job, instance) group_left () setpoint_build_info",
                "{{instance}}",
            ),
        ),
    ),
    Panel(
        "Processor",
        "Processor time of the daemon; 1 is one core in full use.",
        View.GRAPH,
        "short",
        (
            Query(
                "rate(process_cpu_seconds_total[$__rate_interval]) "
                "* on (job, instance) group_left (version) setpoint_build_info",
                "{{instance}} {{version}}",
            ),
        ),
    ),
)
