"""The estate that the rehearsal begins with and the docs quote is valid and shows what it should."""

from __future__ import annotations

from pathlib import Path

from setpoint.desired.compile import compile_set
from setpoint.model.policy import Drift, Reboot
from setpoint.systems import installed_kinds
from setpoint_lab.rehearsal_folder import example_estate

ROOT = example_estate()


def files() -> dict[str, bytes]:
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in ROOT.rglob("*.yaml")}


def test_it_is_the_one_in_examples() -> None:
    assert Path(__file__).parents[2] / "examples" / "estate" == ROOT


def test_it_is_valid_and_shows_namespaces_layers_and_policy() -> None:
    compiled = compile_set(files(), installed_kinds(), version="test")
    assert compiled.problems == ()
    machines = {key: r for key, r in compiled.resources.items() if key.kind == "VirtualMachine"}
    assert {key.namespace for key in machines} == {"default", "test"}
    assert {r.policy.drift for r in machines.values()} == {Drift.ENFORCE, Drift.WARN}
    for resource in machines.values():
        assert len({origin.path for origin in resource.origins.values()}) >= 2, "values from several layers"
    assert {r.policy.reboot for r in machines.values()} == set(Reboot)
    assert {key.name for key, r in machines.items() if r.policy.adopt} == {"files01"}
    database = next(r for key, r in machines.items() if key.name == "db01")
    assert len(database.spec["disks"]) == len(database.spec["nics"]) == 2  # type: ignore[arg-type]
