"""What is read from the estate at a scrape: lanes, targets, operations, the source."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from setpoint.model.conflict import Conflict
from setpoint.model.errors import TransportError
from setpoint.model.inventory import Content
from setpoint.model.origin import Origin
from setpoint.model.tombstone import Tombstone
from setpoint.run.estate import SourceState
from setpoint.run.wake import wake
from setpoint.sources.snapshot import Share
from setpoint.surface.metrics.measures import metrics_of
from setpoint.surface.metrics.names import METRICS
from tests.toy import KINDS
from tests.unit.surface.metrics.measured import SHELF, Measured, box, boxed, measured
from tests.unit.surface.metrics.reading import families, series

TOP = "drawer/top"
CONFLICT = Conflict("/colour", "red", Origin("a.yaml", 1), "blue", Origin("@stock/a.yaml", 3))


def test_a_quiet_estate_shows_every_target_as_up_and_nothing_as_due() -> None:
    async def body(rig: Measured) -> None:
        await rig.is_ready("a")
        await rig.is_ready("s")
        assert rig.value("target_up", target="Shelf/s") == 1
        assert rig.value("breaker_state", target="Shelf/s", scope="all") == 0
        assert rig.value("operations_running", target="Shelf/s") == 0
        assert rig.value("lane_running", target="Shelf/s") == 0
        for cls in ("changed", "resync"):
            assert rig.value("queue_depth", **{"class": cls}) == 0
            assert rig.value("queue_oldest_seconds", **{"class": cls}) == 0
        assert rig.value("resources", kind="Box", target="Shelf/s", outcome="Done") == 1
        assert rig.value("resources", kind="Box", target="Shelf/s", outcome="Failed") == 0

    measured(body, boxed("a", colour="red"))


def test_before_the_first_look_nothing_is_known() -> None:
    async def body(rig: Measured) -> None:
        assert rig.value("resource_condition", name="a", type="Ready") == -1
        assert rig.value("resources", kind="Box", target="Shelf/s", outcome="none") == 1
        assert rig.value("target_up", target="Shelf/s") == 0

    measured(body, boxed("a", colour="red"))


def test_a_target_that_does_not_answer_is_down_and_comes_back() -> None:
    async def body(rig: Measured) -> None:
        await rig.is_ready("a")
        rig.world.down = True
        await rig.until(lambda: rig.value("target_up", target="Shelf/s") == 0)
        rig.world.down = False
        await rig.until(lambda: rig.value("target_up", target="Shelf/s") == 1)

    measured(body, boxed("a", colour="red"))


def test_an_open_breaker_shows_with_its_scope() -> None:
    async def body(rig: Measured) -> None:
        await rig.is_ready("a")
        assert rig.value("breaker_state", target="Shelf/s", scope=TOP) == 0

        async def cut(scopes: tuple[str, ...]) -> None:
            if TOP in scopes:
                raise TransportError("the drawer is stuck", scope=TOP)

        rig.world.trouble = cut
        wake(rig.estate, box("a"))
        await rig.until(lambda: rig.value("breaker_state", target="Shelf/s", scope=TOP) == 1)
        assert rig.value("breaker_state", target="Shelf/s", scope="all") == 0
        assert rig.value("target_up", target="Shelf/s") == 1

    measured(body, boxed("a", colour="red", drawer="top"))


def test_an_operation_shows_from_its_begin_until_its_end_was_seen() -> None:
    async def body(rig: Measured) -> None:
        rig.world.slow = True
        await rig.until(lambda: rig.value("operations_running", target="Shelf/s"))
        began = rig.value("operation_started_timestamp_seconds", name="a", verb="create")
        assert began == pytest.approx(rig.estate.ports.now(), abs=10)
        assert rig.value("lane_places", target="Shelf/s", scope="cart") == 1
        rig.world.finish()
        await rig.is_ready("a")
        assert rig.value("operations_running", target="Shelf/s") == 0
        assert not any(series(rig.page(), "setpoint_operation_started_timestamp_seconds"))
        assert not any(series(rig.page(), "setpoint_lane_places"))

    measured(body, boxed("a", colour="red", drawer="top"))


def test_what_waits_shows_with_its_age() -> None:
    async def body(rig: Measured) -> None:
        queue = rig.estate.lanes[SHELF].queue
        await rig.is_ready("a")
        for key in list(rig.estate.resources):
            queue.discard(key)
        queue.close()
        await asyncio.sleep(1)
        queue.add(box("a"))
        await asyncio.sleep(30)
        queue.add(box("b"))
        await asyncio.sleep(10)
        assert rig.value("queue_depth", **{"class": "changed"}) == 2
        assert rig.value("queue_oldest_seconds", **{"class": "changed"}) == pytest.approx(40, abs=0.1)
        assert rig.value("queue_oldest_seconds", **{"class": "resync"}) == 0

    measured(body, boxed("a", colour="red"), boxed("b", colour="red"))


def test_what_left_the_declarations_has_no_series_at_the_next_scrape() -> None:
    async def body(rig: Measured) -> None:
        await rig.is_ready("a")
        del rig.estate.resources[box("a")]
        page = rig.page()
        assert 'name="a"' not in page
        assert rig.value("resource_condition", name="b", type="Ready") is not None

    measured(body, boxed("a", colour="red"), boxed("b", colour="red"))


@pytest.mark.parametrize(
    ("state", "good", "held", "fetched"),
    [
        pytest.param(SourceState(good=False, sentence="x", at=1.0), 0, 0, None, id="never read"),
        pytest.param(SourceState(good=True, sentence="x", at=5.0, fetched=5.0), 1, 0, 5, id="good"),
        pytest.param(SourceState(good=False, sentence="x", at=9.0, fetched=5.0), 0, 0, 5, id="failing"),
        pytest.param(
            SourceState(good=False, sentence="x", at=9.0, token="c0ffee", fetched=9.0), 0, 1, 9, id="held"
        ),
    ],
)
def test_the_source_shows_how_its_last_look_went(
    state: SourceState, good: float, held: float, fetched: float | None
) -> None:
    async def body(rig: Measured) -> None:
        rig.estate.source, rig.estate.version = state, "abc"
        assert rig.value("source_good", source="directory") == good
        assert rig.value("source_held", source="directory") == held
        assert rig.value("source_problems", source="directory") == 0
        assert rig.value("git_last_fetch_success_timestamp_seconds", source="directory") == fetched
        assert rig.value("git_commit_info", source="directory", commit="abc") == 1

    measured(body)


@pytest.mark.parametrize(
    ("state", "up", "held", "read"),
    [
        pytest.param(SourceState(good=False, sentence="x", at=0.0), 0, 0, None, id="never read"),
        pytest.param(SourceState(good=True, sentence="x", at=5.0, fetched=5.0), 1, 0, 5, id="good"),
        pytest.param(SourceState(good=False, sentence="x", at=9.0, fetched=5.0), 0, 0, 5, id="failing"),
        pytest.param(SourceState(good=False, sentence="x", at=9.0, token="4711"), 0, 1, None, id="held"),
    ],
)
def test_an_inventory_shows_how_its_last_reading_went_and_what_counts_of_it(
    state: SourceState, up: float, held: float, read: float | None
) -> None:
    async def body(rig: Measured) -> None:
        assert rig.value("inventory_up", inventory="stock") is None
        rig.estate.inventories["stock"] = state
        rig.estate.shares = {"stock": Share(Content("1", {}), sheets=7)}
        rig.estate.conflicts = {box("a"): (CONFLICT, CONFLICT)}
        assert rig.value("inventory_up", inventory="stock") == up
        assert rig.value("inventory_held", inventory="stock") == held
        assert rig.value("inventory_last_success_timestamp_seconds", inventory="stock") == read
        assert rig.value("inventory_declarations", inventory="stock") == 7
        assert rig.value("inventory_conflicts", inventory="stock") == 2

    measured(body)


class TestTable:
    """The table of names, against a page of an estate in which much goes on."""

    def page(self) -> str:
        pages: list[str] = []

        async def body(rig: Measured) -> None:
            for name in ("a", "warned"):
                await rig.is_ready(name)
            warned = next(t for t in rig.world.things.values() if t.mark and t.mark.key.name == "warned")
            warned.fields |= {"colour": "blue", "weight": 2, "heat": {"top": 1.5, "left": 2, "back": 3}}
            wake(rig.estate, box("warned"))
            rig.world.slow = True
            next(t for t in rig.world.things.values() if t is not warned).fields["cursed"] = True
            wake(rig.estate, box("a"))
            late = boxed("late", colour="red", drawer="top")
            rig.estate.resources[late.key] = late
            rig.estate.source = replace(rig.estate.source, fetched=1.0)
            rig.estate.version = "abc"
            rig.estate.inventories["stock"] = SourceState(good=True, sentence="x", at=1.0, fetched=1.0)
            wake(rig.estate, late.key)
            left = Tombstone(boxed("left", colour="red"), 1.0, "abc")
            rig.estate.store.put_in_force(rig.estate.resources, [left], ())
            await rig.until(lambda: rig.value("operations_running", target="Shelf/s"))
            await rig.until(lambda: rig.value("held_changes", name="warned", rule="DriftWarn"))
            await rig.until(lambda: rig.value("reconcile_crashes_total", kind="Box"))
            assert rig.value("deletions", kind="Box", target="Shelf/s", phase="held") == 1
            rig.meters.told("stock", 1, failed=True)
            rig.meters.untold("stock", 1)
            pages.append(rig.page())

        measured(body, boxed("a", colour="red"), boxed("warned", {"drift": "warn"}, colour="red"))
        return pages[0]

    def test_every_name_of_the_table_is_served_with_its_type_labels_and_help(self) -> None:
        found = families(self.page())
        measured = metrics_of(KINDS)
        for metric in (*METRICS, *(one for metrics in measured.values() for one in metrics.values())):
            family = found.pop(metric.name.removesuffix("_total"))
            assert (family.type, family.documentation) == (metric.type, metric.help)
            assert family.samples, metric.name
            for sample in family.samples:
                assert set(sample.labels) - {"le"} == set(metric.labels), metric.name
        assert {name.partition("_")[0] for name in found} <= {"process", "python"}

    def test_the_table_is_in_good_form(self) -> None:
        names = [metric.name for metric in METRICS]
        assert len(set(names)) == len(names)
        for metric in METRICS:
            assert metric.name.startswith("setpoint_")
            assert metric.name.endswith("_total") == (metric.type == "counter")
            assert bool(metric.buckets) == (metric.type == "histogram")
            assert list(metric.buckets) == sorted(metric.buckets)
            assert not set(metric.help) & set('\n\\"'), metric.name
