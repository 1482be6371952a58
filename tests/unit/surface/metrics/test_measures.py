"""The numbers of kinds on the page: named after them, bounded, kept over a restart, and gone when they are old."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.measure import Measure, Measured, Unit, only, take_measures
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.run.wake import wake
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.surface.metrics.measures import SHORTEST, lasts, metrics_of
from setpoint.surface.metrics.series import ResourceSeries
from tests.toy import BOX, KINDS
from tests.unit.surface.metrics.measured import Measured as Rig
from tests.unit.surface.metrics.measured import box, boxed, measured
from tests.unit.surface.metrics.reading import families, series

KEY = Key("default", "Box", "b")
WEIGHT = "setpoint_box_weight"
HEAT = "setpoint_box_side_heat_celsius"
NAME = {"namespace": "default", "kind": "Box", "name": "b", "target": "Shelf/s"}


def declared(**policy: Any) -> Resource:
    return Resource(
        KEY,
        {},
        Policy.model_validate(policy),
        Origin("x.yaml", 1, 1),
        repr(policy),
        Key("default", "Shelf", "s"),
    )


def seen(numbers: Measured | None, **other: Any) -> Status:
    return replace(Status(KEY, "h", "v", "Done", "in sync", (), 0.0, measured=numbers), **other)


def page(found: Status, now: float, shown: ResourceSeries | None = None, **policy: Any) -> str:
    return (shown or ResourceSeries(metrics_of(KINDS))).render({KEY: declared(**policy)}, {KEY: found}, now)[
        0
    ]


HEAVY = Measured(1000.0, {"weight": (((), 2.5),), "side_heat_celsius": ((("top",), 1.0), (("left",), 2.0))})


def test_a_number_bears_the_name_of_its_kind_and_its_unit_and_the_labels_of_its_resource() -> None:
    text = page(seen(HEAVY), 1000.0)
    assert list(series(text, WEIGHT)) == [(NAME, 2.5)]
    assert list(series(text, HEAT)) == [({**NAME, "side": "top"}, 1), ({**NAME, "side": "left"}, 2)]
    found = families(text)
    assert (found[HEAT].type, found[HEAT].documentation) == ("gauge", "How warm each side is.")


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        pytest.param("1m", SHORTEST, id="at least ten minutes"),
        pytest.param("1h", 3 * 3600.0, id="three looks"),
    ],
)
def test_a_number_that_is_not_seen_again_is_shown_no_more(interval: str, shown: float) -> None:
    rendered = ResourceSeries(metrics_of(KINDS))
    found = seen(HEAVY)
    assert list(series(page(found, 1000.0, rendered, interval=interval), WEIGHT))
    assert list(series(page(found, 999.9 + shown, rendered, interval=interval), WEIGHT))
    assert not list(series(page(found, 1000.0 + shown, rendered, interval=interval), WEIGHT))
    assert not list(series(page(found, 2000.0 + shown, rendered, interval=interval), WEIGHT))
    again = seen(replace(HEAVY, at=2000.0 + shown))
    assert list(series(page(again, 2000.0 + shown, rendered, interval=interval), WEIGHT))


def test_what_is_left_out_is_counted_only_while_there_is_any() -> None:
    assert list(series(page(seen(replace(HEAVY, left_out=3)), 1000.0), "setpoint_measures_left_out")) == [
        (NAME, 3)
    ]
    assert not list(series(page(seen(HEAVY), 1000.0), "setpoint_measures_left_out"))


def test_numbers_of_another_version_with_other_labels_are_not_shown() -> None:
    old = Measured(1000.0, {"weight": ((("gone",), 1.0),), "forgotten": (((), 1.0),)})
    text = page(seen(old), 1000.0)
    assert not list(series(text, WEIGHT))
    assert "forgotten" not in text


@given(
    heat=st.dictionaries(st.text(st.characters(exclude_categories=()), max_size=5), st.floats(), max_size=4)
)
def test_whatever_a_machine_says_the_page_can_be_read(heat: dict[str, float]) -> None:
    state = {(side,): value for side, value in heat.items()}
    measure = Measure[Any]("side_heat", Unit.CELSIUS, "How warm.", dict, labels=("side",))
    found = take_measures((measure,), state, 1000.0)
    text = page(seen(found), 1000.0).encode().decode()
    assert len(list(series(text, HEAT))) == len(heat) - found.left_out


def clashing(kind: str, name: str) -> Kind[Any, Any]:
    weight = Measure[Any](name, Unit.NONE, "How heavy it is.", lambda _: only(1))
    return replace(BOX, name=kind, measures=(weight,))


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param([clashing("Box", "lid_weight"), clashing("BoxLid", "weight")], id="of two kinds"),
        pytest.param([clashing("Resource", "condition")], id="of the engine"),
    ],
)
def test_two_metrics_of_one_name_are_refused(kinds: list[Kind[Any, Any]]) -> None:
    with pytest.raises(SetpointError, match="the metric setpoint_"):
        metrics_of({kind.name: kind for kind in kinds})


def test_the_daemon_shows_what_it_sees_and_keeps_it_while_it_cannot() -> None:
    async def body(rig: Rig) -> None:
        await rig.is_ready("a")
        (thing,) = rig.world.things.values()
        thing.fields |= {"weight": 4, "heat": {"top": 1, "left": 2, "back": 3}}
        wake(rig.estate, box("a"))
        await rig.until(lambda: rig.value("box_weight", name="a") == 4)
        assert rig.value("measures_left_out", name="a") == 1
        at = rig.estate.ports.now()
        rig.world.down = True
        wake(rig.estate, box("a"))
        await rig.until(lambda: rig.value("target_up") == 0)
        assert rig.value("box_weight", name="a") == 4
        await rig.until(lambda: rig.value("box_weight", name="a") is None)
        assert lasts(timedelta(minutes=10)) - 10 <= rig.estate.ports.now() - at < 3600
        rig.world.down = False
        await rig.until(lambda: rig.value("box_weight", name="a") == 4)
        rig.world.things.clear()
        wake(rig.estate, box("a"))
        await rig.until(lambda: rig.value("box_weight", name="a") is None)

    measured(body, boxed("a", colour="red"))


def test_numbers_outlive_a_restart_although_they_alone_write_nothing(tmp_path: Any) -> None:
    store = Store.open(tmp_path / "s.db")
    store.save_status(seen(None))
    assert store.renew_status(seen(HEAVY))
    assert store.status(KEY) == seen(HEAVY)
    store.flush()
    store.close()
    again = Store.open(tmp_path / "s.db")
    assert again.status(KEY) == seen(HEAVY)
    again.close()
