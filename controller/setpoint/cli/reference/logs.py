"""The page of what is told while it happens: log lines, which have fixed names, and the history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.cli.reference.markdown import code, page, section, table
from setpoint.cli.reference.words import meanings
from setpoint.store.records import EventKind

LINES: Final[Mapping[str, tuple[str, str]]] = {
    "daemon_started": ("info", "The settings are read and the state folder is ours."),
    "daemon_ready": ("info", "The source was looked at and the first reconciles begin."),
    "stop_asked": ("info", "A signal came; the step under way is ended first."),
    "daemon_stopped": ("info", "Everything has ended in order."),
    "socket_open": ("info", "The command line is answered."),
    "peer_refused": ("warning", "A user asked the socket for what its role does not allow."),
    "hook_open": ("info", "Calls of the forge, or of an inventory, are taken at this address."),
    "hook_called": (
        "info",
        "The forge told of a push to the branch, or an inventory of a change; the source is looked at now.",
    ),
    "hook_refused": (
        "warning",
        "Calls of the hook were refused: not signed, too large or too slow; one line a minute, with their number.",
    ),
    "hook_secret_unreadable": (
        "error",
        "The secret of the hook cannot be read; calls are refused until it can.",
    ),
    "metrics_open": ("info", "Metrics and health are served at this address."),
    "metrics_reader_too_slow": ("warning", "A reader of the metrics took too long and was let go."),
    "systemd_not_told": ("warning", "systemd could not be told how it is."),
    "source_looked_at": (
        "info or warning",
        "The source was looked at, and what came of it; a warning when it is in trouble.",
    ),
    "inventory_read": (
        "info or warning",
        "An inventory was read, or why not; only where that is news.",
    ),
    "declaration_broken": (
        "warning",
        "A mistake in a declaration, with its place; what it declared stays as it was.",
    ),
    "reconcile_ended": ("info", "One reconcile: key, lane, outcome, what was done."),
    "reconcile_crashed": ("error", "A bug, with its traceback; that key is tried again, the rest goes on."),
    "breaker_opened": ("warning", "Calls to a part of a target are stopped, for they do not arrive."),
    "breaker_closed": ("info", "Calls to it pass again."),
    "written_back": ("info", "An inventory was told how things stand; how many writes that took."),
    "standings_not_told": (
        "warning",
        "An inventory did not take in how some things stand; it is tried again.",
    ),
    "custom_fields_missing": (
        "warning",
        "Fields into which it is to be written how things stand are not there; the others are written.",
    ),
    "journal_full": (
        "warning",
        "An inventory has as many journal entries of an hour as it gets; this one is only told here.",
    ),
    "times_not_written": ("warning", "When things were last looked at could not be kept; it is tried again."),
    "history_not_written": ("warning", "An event could not be kept; the database is in trouble."),
}
"""Name -> level and meaning; a test holds it against the code."""


def events_page() -> str:
    """Log lines and history."""
    lines = ((code(name), level, meaning) for name, (level, meaning) in LINES.items())
    history = ((code(name), meaning) for name, meaning in meanings(EventKind).items())
    return page(
        "Events",
        "For whoever searches logs or the history. The names are fixed, the sentences beside them are not.",
        section(
            "Log lines",
            [
                "On standard error, as `log.format` of the [settings](settings.md) says. In JSON the name is `event`, beside",
                "`timestamp`, `level`, `logger` and the line's own fields, such as `key`, `lane` and `reconcile_id`. Secrets are never",
                "written.",
            ],
            table(("event", "level", "meaning"), lines),
        ),
        section(
            "History",
            ["Kept in the database, shown by `setpoint history`; the column BY says who caused it."],
            table(("event", "meaning"), history),
        ),
    )
