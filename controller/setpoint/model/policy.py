"""The part of a declaration that belongs to the engine: how, when and whether to converge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import assert_never

from pydantic import field_validator, model_validator

from setpoint.model.lifecycle import Lifecycle
from setpoint.model.plan import Disruption
from setpoint.model.quantity import Duration
from setpoint.model.rollout import Rollout
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Pointer, join
from setpoint.model.window import Window, WindowText


class Drift(StrEnum):
    """What happens to a difference that nobody declared."""

    ENFORCE = "enforce"
    WARN = "warn"
    OFF = "off"


class Manage(StrEnum):
    """How much of an object's life is Setpoint's."""

    FULL = "full"
    UPDATE_ONLY = "updateOnly"
    NO_DELETE = "noDelete"
    OBSERVE = "observe"


class Reboot(StrEnum):
    """Whether a change may restart what is running."""

    NEVER = "never"
    WINDOW = "window"
    WHEN_NEEDED = "whenNeeded"


class Deletion(StrEnum):
    """What becomes of an object whose declaration is removed."""

    ORPHAN = "orphan"
    DELETE = "delete"


_MONDAYS = (date(2024, 1, 15), date(2024, 7, 15))


class Windows(Spec):
    """Hours of their own for a class of disruption."""

    hot: WindowText | None = described(
        "Changes to what goes on running, and declared stops; at any time when left out.", None
    )
    restart: WindowText | None = described("Restarts; policy.window when left out.", None)
    recreate: WindowText | None = described(
        "Destroying and making anew; policy.window when left out, at any time without that.", None
    )
    destroy: WindowText | None = described(
        "Destroying; policy.window when left out, at any time without that.", None
    )


class Policy(Spec):
    """Honoured for every kind alike."""

    manage: Manage = described(
        "full makes, changes and replaces it; noDelete never destroys what is there, not even to make it anew; updateOnly "
        "makes no new one either; observe looks, shows what differs, and does nothing, whoever owns the object.",
        Manage.FULL,
    )
    drift: Drift = described(
        "enforce corrects a change made by hand, warn only reports it, off does not look for it. With policy.adopt it is "
        "warn unless said.",
        Drift.ENFORCE,
    )
    interval: Duration = described(
        "How often to look even when nothing changed in git; 10s to 365d.", timedelta(minutes=10)
    )
    ignore: tuple[str, ...] = described(
        "Pointers into the compared fields that are neither reported nor corrected, e.g. /description.", ()
    )
    reboot: Reboot = described(
        "What is done about a change that takes effect only after a restart: never leaves it pending and says so, "
        "window restarts while the window is open, whenNeeded at once.",
        Reboot.NEVER,
    )
    window: WindowText | None = described(
        "Hours in which what runs may be disturbed: days, times and time zone; UTC and every day when left out.",
        None,
        examples=["sat,sun 02:00-05:00 Europe/Berlin"],
    )
    windows: Windows = described(
        "Other hours for a class of disruption: hot, restart, recreate, destroy.", Windows()
    )
    adopt: bool = described(
        "Take over an object that is there and bears nobody's mark, instead of being stopped by it.",
        default=False,
    )

    deletion: Deletion | None = described(
        "What becomes of the object once it is declared no more: orphan leaves it alone, delete stops it and destroys it "
        "after policy.grace. It counts as it was in force before the removal. Left out: orphan for what holds data, "
        "delete for the rest.",
        None,
    )
    grace: Duration | None = described(
        "How long an object stays stopped before it is destroyed, so that `setpoint undelete` can bring it back; "
        "24h for what holds data when left out, else 0s.",
        None,
    )

    expires: datetime | None = described(
        "When it is declared no more although it still stands here: a date (from its first hour on, UTC), or a date and "
        "time with a zone. What becomes of the object then is said by policy.deletion, which has to be written.",
        None,
        examples=["2027-01-31", "2027-01-31T18:00+01:00"],
    )

    lifecycle: Lifecycle | None = described(
        "Wipe it and make it anew by schedule, and all that is on it is lost each time: for sandboxes. What holds data "
        "needs deletion: delete as well.",
        None,
        examples=[{"rebuildEvery": "14d", "at": "Sun 04:00 Europe/Berlin"}],
    )

    rollout: Rollout | None = described(
        "With whom it takes turns: of a group only some members are changed at once, and canaries first.",
        None,
        examples=[{"group": "web", "maxUnavailable": 1}],
    )

    take: Mapping[str, tuple[str, ...]] = described(
        "Which fields are taken of an inventory that declares the same resource, by the name of the inventory: names of "
        "fields of the spec, or pointers into it. With a list nothing else of its sheet counts, neither labels nor target "
        "nor policy; [] takes nothing. Everything is taken of an inventory that is not named.",
        {},
        examples=[{"cmdb": ["memory", "/nics/net0/mac"]}],
    )

    def window_for(self, disruption: Disruption) -> Window | None:
        """The hours for a class of disruption; None for at any time."""
        match disruption:
            case Disruption.NONE:
                return None
            case Disruption.HOT | Disruption.STOP:
                return self.windows.hot
            case Disruption.RESTART:
                return self.windows.restart or self.window
            case Disruption.RECREATE:
                return self.windows.recreate or self.window
            case Disruption.DESTROY:
                return self.windows.destroy or self.window
            case _:
                assert_never(disruption)

    @model_validator(mode="after")
    def _gentle_at_first(self) -> Policy:
        """Of what is adopted nothing is corrected before somebody says so: its first declaration may be a mistake."""
        if self.adopt and "drift" not in self.model_fields_set:
            # Not as if somebody had written it, which it would be for good.
            object.__setattr__(self, "drift", Drift.WARN)
        return self

    @model_validator(mode="after")
    def _window_for_reboot(self) -> Policy:
        if self.reboot is Reboot.WINDOW and self.window_for(Disruption.RESTART) is None:
            raise ValueError(
                "reboot: window needs a window; write e.g. window: 'sun 03:00-05:00 Europe/Berlin'"
            )
        return self

    @model_validator(mode="after")
    def _lifecycle_fits(self) -> Policy:
        if self.lifecycle is None:
            return self
        if self.manage is not Manage.FULL:
            raise ValueError(
                f"lifecycle destroys it, which manage: {self.manage} forbids; write manage: full, or remove lifecycle"
            )
        window, at = self.window_for(Disruption.RECREATE), self.lifecycle.at
        # One week without a change of the clocks is like every other, but for the zones; so one of each half of a year.
        week = [monday + timedelta(days=day) for monday in _MONDAYS for day in sorted(at.days)]
        if window is not None and not all(window.is_open(at.on(day)) for day in week):
            raise ValueError(
                f"lifecycle.at is {at}, and what is destroyed and made anew waits for {window}; write a moment in those "
                "hours, or hours of their own in windows.recreate"
            )
        return self

    @field_validator("expires", mode="before")
    @classmethod
    def _moment(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)
        except ValueError:
            pass
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"'{value}' is no moment; write 2027-01-31 or 2027-01-31T18:00+01:00") from None
        if moment.tzinfo is None:
            raise ValueError(f"'{value}' lacks its time zone; write {value}Z for UTC, or e.g. {value}+01:00")
        return moment

    @model_validator(mode="after")
    def _say_what_becomes_of_it(self) -> Policy:
        if self.expires is not None and self.deletion is None:
            raise ValueError(
                "expires needs a word on what becomes of the object: deletion: delete destroys it, orphan leaves it alone"
            )
        return self

    @field_validator("interval")
    @classmethod
    def _floor(cls, value: timedelta) -> timedelta:
        if value < timedelta(seconds=10):
            raise ValueError("the interval is at least 10s, so that targets are not flooded")
        if value > timedelta(days=365):
            raise ValueError("the interval is at most 365d; for no correction write drift: warn")
        return value

    @field_validator("take")
    @classmethod
    def _takeable(cls, value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for fields in value.values():
            for one in fields:
                if not one.strip("/"):
                    raise ValueError(
                        f"'{one}' is no field; write the name of one, or a pointer such as /nics/net0"
                    )
        return value

    @field_validator("ignore")
    @classmethod
    def _pointers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pointer in value:
            if not pointer.startswith("/") or pointer == "/":
                raise ValueError(
                    f"'{pointer}' is no pointer; begin with a slash, e.g. /description or /nics/net0"
                )
        return value


def field_of(taken: str) -> Pointer:
    """The pointer that an entry of `take` stands for: the name of a field is one, too."""
    return taken if taken.startswith("/") else join("", taken)
