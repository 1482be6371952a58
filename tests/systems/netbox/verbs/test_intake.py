"""Machines turned round: whatever is declared, what NetBox would hold never says anything else."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from setpoint.desired.compile import compile_set
from setpoint.desired.gather import put_together
from setpoint.model.inventory import PREFIX
from setpoint_netbox.content import encode_view
from setpoint_netbox.mapping.making import make
from setpoint_netbox.verbs.access import lent_maps
from setpoint_netbox.verbs.fields import wanted_fields
from setpoint_netbox.verbs.intake import Intake, intake
from tests.systems.netbox.mapping.views import KINDS

MACHINE = "virtualization.virtualmachine"
MAPS = lent_maps(None)
KNOWN = frozenset(one.name for one in wanted_fields(MAPS, {}, frozenset({MACHINE})))
CLUSTER = """\
kind: ProxmoxCluster
metadata: {name: lab}
spec: {endpoints: [pve1.example.org], token: {id: setpoint@pve!controller, secret: {env: TOKEN}}}
"""


def declared(kind: str, spec: dict[str, Any]) -> dict[str, bytes]:
    document = {"kind": kind, "metadata": {"name": "one"}, "target": "lab", "spec": spec}
    return {"one.yaml": yaml.safe_dump(document).encode(), "cluster.yaml": CLUSTER.encode()}


def turned(files: dict[str, bytes]) -> Intake:
    compiled = put_together(compile_set(files, KINDS, version="1"), KINDS)
    assert compiled.problems == ()
    return intake(compiled.resources.values(), MAPS, KINDS, KNOWN, ("setpoint",), lambda _: True)


MIB = st.integers(128, 1 << 20).map(lambda size: f"{size}MiB")
GIB = st.integers(1, 4096).map(lambda size: f"{size}GiB")
NAMES = st.from_regex(r"[a-z][a-z0-9]{1,7}", fullmatch=True)
NICS = st.dictionaries(
    st.integers(0, 31).map(lambda slot: f"net{slot}"),
    st.fixed_dictionaries(
        {"bridge": st.integers(0, 9).map(lambda number: f"vmbr{number}")},
        optional={
            "vlan": st.integers(1, 4094),
            "mac": st.integers(0, 255).map(lambda end: f"BC:24:11:00:00:{end:02X}"),
            "mtu": st.integers(576, 9000),
            "connected": st.booleans(),
        },
    ),
    max_size=4,
)
DISKS = st.dictionaries(
    st.integers(0, 30).map(lambda slot: f"scsi{slot}"),
    st.fixed_dictionaries({"storage": NAMES, "size": GIB}),
    max_size=4,
)
MACHINES = st.fixed_dictionaries(
    {},
    optional={
        "node": NAMES, "vmid": st.integers(100, 9999), "cores": st.integers(1, 64), "memory": MIB, "disks": DISKS,
        "nics": NICS, "description": st.text("abc ", max_size=250).map(str.strip), "onboot": st.booleans(),
        "power": st.sampled_from(["running", "stopped"]), "tags": st.lists(NAMES, unique=True, max_size=3),
        "machine": st.just("q35"), "osType": st.sampled_from(["l26", "win11"]),
    },
)  # fmt: skip


@given(MACHINES)
def test_a_sheet_never_contradicts_its_manifest(spec: dict[str, Any]) -> None:
    files = declared("VirtualMachine", spec)
    found = turned(files)
    assert found.left == {}
    (machine,) = found.machines
    sheet = make(f"{MACHINE}/1", encode_view(machine.view), "", MAPS, KINDS).sheet
    both = put_together(compile_set(files | {f"{PREFIX}netbox/one.yaml": sheet}, KINDS, version="2"), KINDS)
    assert (both.problems, dict(both.conflicts)) == ((), {})
    places = {one.split("/")[1] for one in machine.lacking}
    # Long notes find no room, and an empty text or list says nothing in NetBox.
    assert places <= {"machine", "description", "tags"}
    assert {one.split("/")[-1] for one in machine.added} <= {"connected"}


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        pytest.param("VirtualMachine", {"memory": "512MiB"}, {"memory": 512, "status": "paused"}, id="undeclared-power"),
        pytest.param("VirtualMachine", {"power": "stopped"}, {"status": "offline"}, id="stopped"),
        pytest.param("VirtualMachine", {"onboot": False}, {"start_on_boot": "off"}, id="off-at-boot"),
        pytest.param("VirtualMachine", {}, {"start_on_boot": "laststate"}, id="undeclared-boot"),
        pytest.param(
            "VirtualMachine", {"tags": ["b", "a"]}, {"tags": [{"slug": "b"}, {"slug": "a"}, {"slug": "setpoint"}]}, id="tags"
        ),
        pytest.param(
            "Container",
            {"template": "local:vztmpl/x.tar.zst", "rootfs": {"storage": "tank", "size": "8GiB"}},
            {"disk": 8192, "disks": [{"name": "rootfs", "size": 8192, "custom_fields": {"setpoint_storage": "tank"}}]},
            id="rootfs",
        ),
    ],
)  # fmt: skip
def test_what_is_declared_has_its_place(kind: str, spec: dict[str, Any], expected: dict[str, Any]) -> None:
    (machine,) = turned(declared(kind, spec)).machines
    assert {name: machine.view[name] for name in expected} == expected
