"""Every metric there is: its name, type, labels and meaning. The reference, the rules and the dashboards follow it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Type(StrEnum):
    """How Prometheus reads it."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        labels: their names, in the order in which values are given.
        help: one sentence, with the unit where it has one.
        buckets: upper bounds of a histogram, seconds.
    """

    name: str
    type: Type
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()


RESOURCE: Final = ("namespace", "kind", "name", "target")
"""The labels of every series of a resource."""
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_REACTION: Final = (
    *(1.0, 2.0, 5.0, 10.0, 30.0, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 20 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY),
)

CONDITION: Final = Metric(
    "setpoint_resource_condition",
    Type.GAUGE,
    (*RESOURCE, "type"),
    "A condition of a declared resource: 1 true, 0 false, -1 unknown. Ready and Synced always, Healthy while false, others while true.",
)
FAILED_ATTEMPTS: Final = Metric(
    "setpoint_failed_attempts",
    Type.GAUGE,
    RESOURCE,
    "Reconciles of a resource that failed one after the other; only while the last one did, or is being tried again.",
)
DRIFTED_FIELDS: Final = Metric(
    "setpoint_drifted_fields",
    Type.GAUGE,
    (*RESOURCE, "group"),
    "Fields that differ from the declaration, by the first part of their path; 'object' for the whole object.",
)
DRIFT_SINCE: Final = Metric(
    "setpoint_drift_since_timestamp_seconds",
    Type.GAUGE,
    RESOURCE,
    "Since when something differs that nobody declared; only while it does.",
)
LAST_SUCCESS: Final = Metric(
    "setpoint_last_success_timestamp_seconds",
    Type.GAUGE,
    RESOURCE,
    "When the resource was last seen as declared; absent before the first time.",
)
HELD_CHANGES: Final = Metric(
    "setpoint_held_changes",
    Type.GAUGE,
    (*RESOURCE, "rule"),
    "What a rule holds back of a resource; only while it holds.",
)
LEFT_OUT: Final = Metric(
    "setpoint_measures_left_out",
    Type.GAUGE,
    RESOURCE,
    "Numbers of a resource that are not shown, for there are too many of a kind or they are none; only while there are any.",
)
DELETIONS: Final = Metric(
    "setpoint_deletions",
    Type.GAUGE,
    ("kind", "target", "phase"),
    "Objects that left the declarations and are to be deleted, by how far that has come: held, stopping, waiting, destroying.",
)
OPERATION_STARTED: Final = Metric(
    "setpoint_operation_started_timestamp_seconds",
    Type.GAUGE,
    (*RESOURCE, "verb"),
    "When the step under way began; only until its end was seen.",
)
RESOURCES: Final = Metric(
    "setpoint_resources",
    Type.GAUGE,
    ("kind", "target", "outcome"),
    "Declared resources by how their last reconcile ended; 'none' before the first one under this declaration.",
)
RECONCILES: Final = Metric(
    "setpoint_reconciles_total", Type.COUNTER, ("kind", "outcome"), "Reconciles by how they ended."
)
RECONCILE_SECONDS: Final = Metric(
    "setpoint_reconcile_seconds",
    Type.HISTOGRAM,
    ("kind",),
    "How long reconciles took.",
    (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0),
)
CRASHES: Final = Metric(
    "setpoint_reconcile_crashes_total", Type.COUNTER, ("kind",), "Reconciles that a bug ended."
)
STEPS: Final = Metric("setpoint_steps_total", Type.COUNTER, ("kind", "verb"), "Steps that were begun.")
FIRST_READY: Final = Metric(
    "setpoint_first_time_to_ready_seconds",
    Type.HISTOGRAM,
    ("kind",),
    "From being declared to being ready for the first time.",
    _REACTION,
)
DRIFT_FOUND: Final = Metric(
    "setpoint_drift_detected_after_seconds",
    Type.HISTOGRAM,
    ("kind",),
    "From the last look that saw a resource as declared to the one that found drift.",
    _REACTION,
)
QUEUE_DEPTH: Final = Metric(
    "setpoint_queue_depth", Type.GAUGE, ("target", "class"), "Resources that are due now."
)
QUEUE_OLDEST: Final = Metric(
    "setpoint_queue_oldest_seconds",
    Type.GAUGE,
    ("target", "class"),
    "For how long the longest waiting resource has been due; 0 when none is.",
)
RECONCILE_DELAY: Final = Metric(
    "setpoint_reconcile_delay_seconds",
    Type.HISTOGRAM,
    ("class",),
    "How much later than due reconciles began.",
    (0.001, 0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1000.0),
)
LANE_RUNNING: Final = Metric(
    "setpoint_lane_running", Type.GAUGE, ("target",), "Reconciles under way at a target."
)
LANE_PLACES: Final = Metric(
    "setpoint_lane_places",
    Type.GAUGE,
    ("target", "scope"),
    "Places of operations in use, by part of the target.",
)
TARGET_UP: Final = Metric(
    "setpoint_target_up",
    Type.GAUGE,
    ("target",),
    "1 when the last look at a target succeeded and calls to it are let through; 0 otherwise.",
)
BREAKER_STATE: Final = Metric(
    "setpoint_breaker_state",
    Type.GAUGE,
    ("target", "scope"),
    "1 while calls to a part of a target are stopped, 0 while they pass; 'all' for the target as a whole.",
)
OPERATIONS_RUNNING: Final = Metric(
    "setpoint_operations_running", Type.GAUGE, ("target",), "Steps whose end was not seen yet."
)
API_CALLS: Final = Metric(
    "setpoint_api_calls_total",
    Type.COUNTER,
    ("target", "scope", "mode", "class"),
    "Calls by what became of them; one that uses several parts of a target counts for each, 'all' when for none.",
)
API_CALL_SECONDS: Final = Metric(
    "setpoint_api_call_seconds",
    Type.HISTOGRAM,
    ("target", "mode"),
    "How long calls took, without the wait for their turn.",
    (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
SOURCE_GOOD: Final = Metric(
    "setpoint_source_good",
    Type.GAUGE,
    ("source",),
    "1 when the last look at the source went well, 0 otherwise.",
)
COMMIT_INFO: Final = Metric(
    "setpoint_git_commit_info",
    Type.GAUGE,
    ("source", "commit"),
    "Always 1; the label tells the commit in force, for a directory the digest of its content.",
)
LAST_FETCH: Final = Metric(
    "setpoint_git_last_fetch_success_timestamp_seconds",
    Type.GAUGE,
    ("source",),
    "When the source was last read with success; absent before the first time.",
)
SOURCE_PROBLEMS: Final = Metric(
    "setpoint_source_problems", Type.GAUGE, ("source",), "Mistakes in the declarations in force."
)
SOURCE_HELD: Final = Metric(
    "setpoint_source_held", Type.GAUGE, ("source",), "1 while a new version waits for approval, 0 otherwise."
)
LOOP_LAG: Final = Metric(
    "setpoint_event_loop_lag_seconds",
    Type.HISTOGRAM,
    (),
    "How late a timer fired, measured every second.",
    (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
STORE_ERRORS: Final = Metric(
    "setpoint_store_write_errors_total", Type.COUNTER, (), "Reads and writes of the database that failed."
)
TOLD: Final = Metric(
    "setpoint_inventory_standings_told_total",
    Type.COUNTER,
    ("inventory",),
    "How resources stand, as told to the inventory that declares them.",
)
TELL_FAILURES: Final = Metric(
    "setpoint_inventory_tell_failures_total",
    Type.COUNTER,
    ("inventory",),
    "Times that an inventory did not take in what it was told, or some of it; that is told again.",
)
UNTOLD: Final = Metric(
    "setpoint_inventory_standings_untold",
    Type.GAUGE,
    ("inventory",),
    "Resources whose inventory was not told yet how they stand now.",
)
INVENTORY_UP: Final = Metric(
    "setpoint_inventory_up",
    Type.GAUGE,
    ("inventory",),
    "1 when the last reading of an inventory went well, 0 otherwise; what was read before counts meanwhile.",
)
INVENTORY_READ: Final = Metric(
    "setpoint_inventory_last_success_timestamp_seconds",
    Type.GAUGE,
    ("inventory",),
    "When an inventory was last read with success; absent before the first time.",
)
INVENTORY_HELD: Final = Metric(
    "setpoint_inventory_held",
    Type.GAUGE,
    ("inventory",),
    "1 while what an inventory says waits for approval, 0 otherwise.",
)
INVENTORY_SHEETS: Final = Metric(
    "setpoint_inventory_declarations",
    Type.GAUGE,
    ("inventory",),
    "Declarations that were made of what an inventory holds.",
)
INVENTORY_CONFLICTS: Final = Metric(
    "setpoint_inventory_conflicts",
    Type.GAUGE,
    ("inventory",),
    "Fields that an inventory gives otherwise than the manifest above it, which counts.",
)
BUILD_INFO: Final = Metric(
    "setpoint_build_info", Type.GAUGE, ("version",), "Always 1; the label tells the version of Setpoint."
)

METRICS: Final = (
    *(
        CONDITION,
        FAILED_ATTEMPTS,
        DRIFTED_FIELDS,
        DRIFT_SINCE,
        LAST_SUCCESS,
        HELD_CHANGES,
        LEFT_OUT,
        DELETIONS,
        OPERATION_STARTED,
        RESOURCES,
    ),
    *(RECONCILES, RECONCILE_SECONDS, CRASHES, STEPS, FIRST_READY, DRIFT_FOUND),
    *(QUEUE_DEPTH, QUEUE_OLDEST, RECONCILE_DELAY, LANE_RUNNING, LANE_PLACES),
    *(TARGET_UP, BREAKER_STATE, OPERATIONS_RUNNING, API_CALLS, API_CALL_SECONDS),
    *(SOURCE_GOOD, COMMIT_INFO, LAST_FETCH, SOURCE_PROBLEMS, SOURCE_HELD),
    *(TOLD, TELL_FAILURES, UNTOLD),
    *(INVENTORY_UP, INVENTORY_READ, INVENTORY_HELD, INVENTORY_SHEETS, INVENTORY_CONFLICTS),
    *(LOOP_LAG, STORE_ERRORS, BUILD_INFO),
)
"""The whole table, in the order of the reference. The metrics `process_*` and `python_*` are the library's own."""
