"""What is counted while the engine works, over real lanes of the toy in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from setpoint.cli.engine import open_engine
from setpoint.model.errors import (
    BusyError,
    ConflictError,
    DownError,
    OutcomeUnknownError,
    RefusalError,
    StateError,
    TargetError,
    TransportError,
)
from setpoint.run.gate import LaneGate
from setpoint.run.meters import Reply, reply_of
from setpoint.run.ports import Ports
from setpoint.run.wake import wake
from setpoint.settings import DirectorySettings, Settings, SourceSettings
from setpoint.surface.metrics.meters import OUTCOMES, PrometheusMeters
from setpoint.testing.clock import virtual_loop, virtual_run
from tests.toy import KINDS
from tests.unit.surface.metrics.measured import Measured, box, boxed, measured
from tests.unit.surface.metrics.reading import series


def test_every_count_of_a_known_kind_begins_at_zero() -> None:
    meters = PrometheusMeters()
    meters.expect(KINDS)
    count = meters.registry.get_sample_value
    for kind in KINDS:
        for outcome in OUTCOMES:
            labels = {"kind": kind, "outcome": outcome}
            assert count("setpoint_reconciles_total", labels) == 0
        assert count("setpoint_reconcile_crashes_total", {"kind": kind}) == 0
        assert count("setpoint_reconcile_seconds_count", {"kind": kind}) == 0
    assert count("setpoint_steps_total", {"kind": "Box", "verb": "create"}) == 0


def test_reconciles_steps_and_calls_are_counted_as_they_happen() -> None:
    async def body(rig: Measured) -> None:
        await rig.is_ready("a")
        assert rig.value("steps_total", kind="Box", verb="create") == 1
        assert rig.value("reconciles_total", kind="Box", outcome="Changed") == 1
        assert rig.value("reconciles_total", kind="Box", outcome="Done") == 1
        assert rig.value("reconciles_total", kind="Shelf", outcome="Done")
        writes = {"target": "Shelf/s", "scope": "drawer/top", "mode": "write", "class": "answered"}
        assert rig.value("api_calls_total", **writes) == 1
        assert rig.value("api_calls_total", **{**writes, "scope": "all", "mode": "read"})
        assert rig.value("api_call_seconds_count", target="Shelf/s", mode="write") == 1
        assert rig.value("reconcile_seconds_count", kind="Box") == 2
        assert rig.value("reconcile_delay_seconds_count", **{"class": "changed"})

    measured(body, boxed("a", colour="red", drawer="top"))


def test_the_first_time_to_ready_is_told_once() -> None:
    async def body(rig: Measured) -> None:
        rig.world.down = True
        await asyncio.sleep(100)
        rig.world.down = False
        await rig.is_ready("a")
        assert rig.value("first_time_to_ready_seconds_count", kind="Box") == 1
        assert (rig.value("first_time_to_ready_seconds_sum", kind="Box") or 0) >= 100
        rig.world.things[1].fields["colour"] = "blue"
        wake(rig.estate, box("a"))
        await asyncio.sleep(60)
        await rig.is_ready("a")
        assert rig.value("first_time_to_ready_seconds_count", kind="Box") == 1

    measured(body, boxed("a", colour="red"))


def test_drift_is_told_once_with_the_age_of_the_last_good_look() -> None:
    async def body(rig: Measured) -> None:
        await rig.is_ready("a")
        rig.world.things[1].fields["colour"] = "blue"
        seen = rig.value("last_success_timestamp_seconds", name="a") or 0
        await rig.until(lambda: rig.value("drift_detected_after_seconds_count", kind="Box"))
        since = rig.value("drift_since_timestamp_seconds", name="a") or 0
        assert rig.value("drift_detected_after_seconds_sum", kind="Box") == pytest.approx(
            since - seen, abs=0.01
        )
        assert rig.value("drifted_fields", name="a", group="colour") == 1
        await asyncio.sleep(3600)
        assert rig.value("drift_detected_after_seconds_count", kind="Box") == 1

    measured(body, boxed("a", {"drift": "warn"}, colour="red"))


def test_a_bug_in_a_kind_is_counted() -> None:
    async def body(rig: Measured) -> None:
        await rig.is_ready("a")
        rig.world.things[1].fields["cursed"] = True
        await rig.until(lambda: rig.value("reconcile_crashes_total", kind="Box"))
        assert rig.value("resource_condition", name="a", type="Ready") == -1

    measured(body, boxed("a", colour="red"))


def test_lateness_is_told_by_class() -> None:
    async def body(rig: Measured) -> None:
        await rig.is_ready("a")
        await rig.until(lambda: rig.value("reconcile_delay_seconds_count", **{"class": "resync"}))
        assert (rig.value("reconcile_delay_seconds_sum", **{"class": "resync"}) or 0) < 1

    measured(body, boxed("a", colour="red"))


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (TransportError("x"), Reply.TRANSPORT),
        (DownError("x"), Reply.DOWN),
        (RefusalError("x"), Reply.REFUSAL),
        (BusyError("x"), Reply.BUSY),
        (ConflictError("x"), Reply.CONFLICT),
        (OutcomeUnknownError("x"), Reply.OUTCOME_UNKNOWN),
        (asyncio.CancelledError(), Reply.CANCELLED),
        (TargetError("x"), Reply.ANSWERED),
    ],
    ids=lambda one: type(one).__name__,
)
def test_each_error_has_its_class(error: TargetError | asyncio.CancelledError, reply: Reply) -> None:
    assert reply_of(error) is reply


class TestCalls:
    """A gate, and what its calls come to."""

    def calls(self, *errors: Exception | None) -> dict[str, float]:
        """How many calls of each class were counted when these were made of one scope."""
        meters = PrometheusMeters()

        async def main() -> None:
            gate = LaneGate("Shelf/s", Ports(virtual_loop().wall, lambda: 0.5, lambda: "r", meters))
            for error in errors:
                try:
                    async with gate.using("drawer/top"):
                        await asyncio.sleep(0.5)
                        if error is not None:
                            raise error
                except TargetError:
                    pass

        virtual_run(main())
        self.registry = meters.registry
        labels = {"target": "Shelf/s", "scope": "drawer/top", "mode": "read"}
        counts = {
            reply: self.registry.get_sample_value("setpoint_api_calls_total", {**labels, "class": reply})
            for reply in Reply
        }
        return {str(reply): count for reply, count in counts.items() if count}

    def test_calls_are_counted_by_what_became_of_them(self) -> None:
        found = self.calls(None, None, RefusalError("x"), ConflictError("x"))
        assert found == {"answered": 2, "refusal": 1, "conflict": 1}

    def test_the_seconds_of_a_call_are_its_own(self) -> None:
        self.calls(None, None)
        labels = {"target": "Shelf/s", "mode": "read"}
        assert self.registry.get_sample_value("setpoint_api_call_seconds_sum", labels) == pytest.approx(
            1, abs=0.01
        )

    def test_a_call_that_a_breaker_stopped_counts_and_took_no_time(self) -> None:
        found = self.calls(*(TransportError("x", scope="drawer/top") for _ in range(8)))
        assert found == {"transport": 5, "down": 3}
        labels = {"target": "Shelf/s", "mode": "read"}
        assert self.registry.get_sample_value("setpoint_api_call_seconds_count", labels) == 5

    def test_one_given_up_while_it_waits_is_no_call(self) -> None:
        meters = PrometheusMeters()

        async def main() -> None:
            gate = LaneGate("Shelf/s", Ports(virtual_loop().wall, lambda: 0.5, lambda: "r", meters))

            async def call() -> None:
                async with gate.using("drawer/top"):
                    await asyncio.sleep(5)

            calls = [asyncio.create_task(call()) for _ in range(5)]
            await asyncio.sleep(1)
            for task in calls:
                task.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

        virtual_run(main())
        labels = {"target": "Shelf/s", "scope": "drawer/top", "mode": "read", "class": "cancelled"}
        assert meters.registry.get_sample_value("setpoint_api_calls_total", labels) == 3


def test_what_was_counted_of_a_target_goes_with_it() -> None:
    async def body(rig: Measured) -> None:
        await rig.is_ready("a")
        assert any(series(rig.page(), "setpoint_api_calls_total"))
        await rig.estate.lanes.popitem()[1].close()
        page = rig.page()
        for name in (
            "api_calls_total",
            "api_call_seconds_count",
            "target_up",
            "queue_depth",
            "breaker_state",
        ):
            assert not any(series(page, f"setpoint_{name}"))

    measured(body, boxed("a", colour="red"))


def test_failures_of_the_store_and_lateness_of_the_loop_are_counted() -> None:
    meters = PrometheusMeters()
    meters.store_failed()
    meters.lagged(0.25)
    count = meters.registry.get_sample_value
    assert count("setpoint_store_write_errors_total") == 1
    assert count("setpoint_event_loop_lag_seconds_sum") == 0.25


def test_what_an_inventory_was_told_and_was_not_is_counted() -> None:
    meters = PrometheusMeters()
    count = meters.registry.get_sample_value
    meters.untold("stock", 3)
    meters.told("stock", 2, failed=False)
    assert count("setpoint_inventory_tell_failures_total", {"inventory": "stock"}) == 0
    meters.told("stock", 0, failed=True)
    assert count("setpoint_inventory_standings_told_total", {"inventory": "stock"}) == 2
    assert count("setpoint_inventory_tell_failures_total", {"inventory": "stock"}) == 1
    assert count("setpoint_inventory_standings_untold", {"inventory": "stock"}) == 3


async def test_the_daemons_engine_counts_what_its_database_refuses(tmp_path: Path) -> None:
    source = SourceSettings(directory=DirectorySettings(path=tmp_path))
    meters = PrometheusMeters()
    async with open_engine(
        Settings(estate="home", source=source, state=tmp_path / "state"), meters
    ) as supervisor:
        estate = supervisor.estate
        assert estate.ports.meters is meters
        estate.store._db.run("PRAGMA query_only = ON")
        with pytest.raises(StateError):
            await estate.calls.call(estate.store.accept, "git", "c1", 1.0)
        estate.store._db.run("PRAGMA query_only = OFF")
    assert meters.registry.get_sample_value("setpoint_store_write_errors_total") == 1
