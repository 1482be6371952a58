"""Which kinds there are, and what is said when the installation is at odds with itself."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from setpoint.model.errors import SetpointError, SettingsError
from setpoint.model.kind import System
from setpoint.systems import GROUP, apportion, installed_kinds, installed_systems, load_system, registry
from tests.unit.desired.estate import KINDS

BOX, THING = KINDS["Box"], KINDS["Thing"]


def test_kinds_of_all_systems_are_found_by_name() -> None:
    kinds = registry([System("a", (BOX,)), System("b", (THING,))])
    assert dict(kinds) == {"Box": BOX, "Thing": THING}


CLASHES = {
    "two systems": (
        [System("a", (BOX,)), System("b", (BOX,))],
        "the kind Box comes from the system 'a' and from 'b'; uninstall one of the two",
    ),
    "one system twice": (
        [System("a", (BOX, replace(BOX, summary="another")))],
        "the kind Box comes from the system 'a' and from 'a'; uninstall one of the two",
    ),
    "no host": (
        [System("b", (THING,))],
        (
            "the kind Thing is held by Box, which no installed system provides; "
            "install the system that provides Box, or uninstall 'b'"
        ),
    ),
}


@pytest.mark.parametrize(("systems", "sentence"), CLASHES.values(), ids=CLASHES.keys())
def test_kinds_that_clash_are_told(systems: list[System], sentence: str) -> None:
    with pytest.raises(SetpointError) as caught:
        registry(systems)
    assert str(caught.value) == sentence


def test_each_system_is_told_how_much_of_its_work_goes_on_at_once() -> None:
    told: list[dict[str, int]] = []
    busy = System(
        "a", (BOX,), work={"weighing": 2, "moving": 4}, apportion=lambda work: told.append({**work})
    )
    apportion([busy, System("b", (THING,))], {"a": {"moving": 1}})
    apportion([busy], {})
    assert told == [{"weighing": 2, "moving": 1}, {"weighing": 2, "moving": 4}]


@pytest.mark.parametrize("name", ["a", "nobody"])
def test_work_that_nobody_does_is_told_with_what_there_is(name: str) -> None:
    busy = System("a", (BOX,), work={"weighing": 2, "moving": 4})
    with pytest.raises(SettingsError) as caught:
        apportion([busy], {name: {"flying": 1}})
    assert str(caught.value) == (
        f"work.{name}.flying of the settings names no work of an installed system; write one of a.moving, a.weighing"
    )


BAD = {
    "no module": ("not_there:SYSTEM", "cannot be loaded: No module named 'not_there'; install the package"),
    "no attribute": ("json:SYSTEM", "cannot be loaded: "),
    "something else": ("json:dumps", "is no System; correct the entry point in the group setpoint.systems"),
}


@pytest.mark.parametrize(("target", "sentence"), BAD.values(), ids=BAD.keys())
def test_a_system_that_cannot_be_loaded_is_told(target: str, sentence: str) -> None:
    with pytest.raises(SetpointError) as caught:
        load_system(EntryPoint("x", target, GROUP))
    assert f"the system 'x' ({target}) {sentence}" in str(caught.value)


def test_what_is_installed_fits_together() -> None:
    assert {kind.name for system in installed_systems() for kind in system.kinds} == set(installed_kinds())
