"""The shape of the database: its tables, what losing each would cost, and how an older shape becomes the newest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files


class Durability(StrEnum):
    """What losing a table costs."""

    IRREPLACEABLE = "irreplaceable"
    REBUILDABLE = "rebuildable"


@dataclass(frozen=True)
class Table:
    """One table, and in one sentence what it holds or what brings it back."""

    name: str
    durability: Durability
    note: str


TABLES = (
    Table("event", Durability.IRREPLACEABLE, "the audit: who changed what, when, and why"),
    Table("approval", Durability.IRREPLACEABLE, "what a person allowed, by whom and when"),
    Table("freeze", Durability.IRREPLACEABLE, "what people froze or paused, by whom, why, and until when"),
    Table(
        "disruption",
        Durability.IRREPLACEABLE,
        "what was stopped, restarted or worse lately: without it a wave begins anew",
    ),
    Table(
        "tombstone", Durability.IRREPLACEABLE, "what left the declarations and is to be deleted, as it was"
    ),
    Table("forgotten", Durability.IRREPLACEABLE, "what somebody let go of although it bears our mark"),
    Table("reservation", Durability.IRREPLACEABLE, "numbers that belong to a key before anything bears them"),
    Table(
        "handed",
        Durability.IRREPLACEABLE,
        "addresses and the like that belong to a field before anything bears them",
    ),
    Table(
        "intent", Durability.IRREPLACEABLE, "the step under way: what a crash would otherwise leave unknown"
    ),
    Table("pin", Durability.IRREPLACEABLE, "the identity of each target at first contact"),
    Table("accepted", Durability.IRREPLACEABLE, "the version of each source that was last followed"),
    Table("request", Durability.IRREPLACEABLE, "how often each key was asked to be looked at again"),
    Table("salt", Durability.REBUILDABLE, "made anew; it only serves fingerprints in `applied`"),
    Table("layer", Durability.REBUILDABLE, "fetched again from the source"),
    Table("layer_file", Durability.REBUILDABLE, "fetched again from the source"),
    Table("desired", Durability.REBUILDABLE, "compiled again from the layers"),
    Table("status", Durability.REBUILDABLE, "observed again at the next reconcile"),
    Table(
        "item",
        Durability.REBUILDABLE,
        "found again by the marks on the objects; only `applied` and its age are lost",
    ),
)
"""Every table of the newest shape."""


def migrations() -> tuple[str, ...]:
    """The SQL that makes shape n+1 out of shape n, oldest first."""
    folder = files("setpoint.store").joinpath("migrations")
    scripts = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(script.read_text(encoding="utf-8") for script in scripts)
