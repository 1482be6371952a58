"""Declared and observed meet in one normal form, whatever form Proxmox keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from setpoint.model.diff import MISSING
from setpoint.model.kind import Planning
from setpoint.model.tree import Json, Scalar, lookup
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.mark import with_mark
from tests.systems.proxmox.made import MARK, OWNER, SPECS, VMID, differ, facts, kept, spec, steps, vm


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_what_was_created_as_declared_does_not_differ(declared: VirtualMachineSpec) -> None:
    assert differ(declared, _state(_created(declared))).changes == ()


def _created(declared: VirtualMachineSpec) -> dict[str, Scalar]:
    (create,) = steps(declared, None)
    config = create.arguments["config"]
    assert isinstance(config, dict)
    return {**kept(config), "description": with_mark(declared.description, MARK)}


def _state(current: Mapping[str, Scalar]) -> VmState:
    return VmState(VMID, "pve1", current=current, coming=current)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS, SPECS)
@example(
    before=spec(watchdog={"model": "ib700", "action": "reset"}),
    after=spec(watchdog={"model": "i6300esb", "action": None}),
)
def test_one_write_corrects_what_it_says(before: VirtualMachineSpec, after: VirtualMachineSpec) -> None:
    current = _created(before)
    write = next((step for step in steps(after, _state(current)) if step.verb == "configure"), None)
    if write is None:
        return
    config, delete = write.arguments["config"], write.arguments["delete"]
    assert isinstance(config, dict)
    assert isinstance(delete, list)
    assert delete == [option for option in delete if option in current and option not in config]

    written = {**current, **kept(config)}
    left = differ(after, _state({name: text for name, text in written.items() if name not in delete}))

    assert not {change.path for change in left.changes} & {change.path for change in write.changes}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_only_what_was_written_is_compared(declared: VirtualMachineSpec) -> None:
    written = {to_camel(field) for field in declared.model_fields_set}

    assert set(KIND.declare(declared)) == written - {"node"}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_the_declaration_is_normal_already(declared: VirtualMachineSpec) -> None:
    again = VirtualMachineSpec.model_validate(
        declared.model_dump(mode="json", exclude_unset=True, by_alias=True)
    )

    assert KIND.declare(again) == KIND.declare(declared)


_NAMES = sorted({option.name.replace("#", "1") for option in LAYOUT.options} | {"unused0", "scsi0", "net0"})
_TEXTS = st.sampled_from(
    [
        "",
        "1",
        "x",
        "a=",
        "=b",
        "a,b",
        "a=1,a=2",
        "none",
        "none,media=cdrom",
        "nas:vm-101-disk-1,size=1G",
        "nas:vm-101-disk-1",
        "size=9Q",
        "-1",
        " ",
        "nas:vm-101-cloudinit,media=cdrom",
        "virtio=02:00:00:00:00:01,tag=x",
        "up=99999999999999999999",
        "order=1e9",
        "nan",
    ]
)
_GARBAGE = st.dictionaries(st.sampled_from(_NAMES), _TEXTS | st.text(max_size=9))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    SPECS,
    _GARBAGE,
    _GARBAGE,
    st.sampled_from(["stopped", "running"]),
    st.sampled_from(["none", "all", "nothing"]),
)
def test_whatever_proxmox_keeps_a_plan_is_made(
    declared: VirtualMachineSpec, now: dict[str, str], later: dict[str, str], power: str, memory: str
) -> None:
    """What cannot be read is said not to be seen, and no other text is written in its place."""
    state = VmState(VMID, "pve1", power=power, current=now, coming={**now, **later})
    applied = {"none": None, "nothing": {}, "all": KIND.declare(declared)}[memory]
    found = differ(declared, state, applied=applied)

    planned = KIND.plan(found, Planning(declared, OWNER, state, {"vmid": VMID}, facts()))

    for path in found.unseen:
        spot = LAYOUT.spot(path)
        for step in planned:
            config = step.arguments.get("config") or {}
            assert isinstance(config, dict)
            assert spot is None or spot.row is not None or spot.name not in config


NIC = "virtio=BC:24:11:22:24:D8,bridge=vmbr0"
SEEN: list[tuple[str, Scalar, str, Json]] = [
    ("memory", "512", "/memory", "512MiB"),
    ("memory", "current=512", "/memory", "512MiB"),
    ("memory", "0512", "/memory", "512MiB"),
    ("memory", "2048", "/memory", "2GiB"),
    ("cores", 2, "/cores", 2),
    ("onboot", 1, "/onboot", True),
    ("onboot", 0, "/onboot", False),
    ("tags", "setpoint;web", "/tags", ["web"]),
    ("tags", "Web;setpoint", "/tags", ["web"]),
    ("tags", " ", "/tags", []),
    ("net0", NIC, "/nics/net0/mac", "BC:24:11:22:24:D8"),
    ("net0", "virtio=aa:bb:cc:dd:ee:01,bridge=vmbr0", "/nics/net0/mac", "AA:BB:CC:DD:EE:01"),
    ("net0", "model=e1000,macaddr=aa:bb:cc:dd:ee:01,bridge=vmbr1", "/nics/net0/model", "e1000"),
    ("net0", NIC, "/nics/net0/firewall", False),
    ("net0", f"{NIC},firewall=0", "/nics/net0/firewall", False),
    ("net0", f"{NIC},firewall=1", "/nics/net0/firewall", True),
    ("net0", NIC, "/nics/net0/vlan", None),
    ("net0", f"{NIC},tag=20", "/nics/net0/vlan", 20),
    ("net0", "virtio=BC:24:11:7B:C5:7E", "/nics/net0/bridge", None),
    ("scsi0", "local-zfs:vm-101-disk-0,discard=on,size=3584M,ssd=1", "/disks/scsi0/size", "3584MiB"),
    ("scsi0", "local:101/vm-101-disk-0.qcow2,size=1G", "/disks/scsi0/storage", "local"),
    ("scsi0", "local-zfs:base-140-disk-0/vm-101-disk-0,size=1G", "/disks/scsi0/storage", "local-zfs"),
    ("ide2", "none,media=cdrom", "/cdroms/ide2", {"iso": None}),
    ("ide2", "local:iso/x.iso,media=cdrom,size=1M", "/cdroms/ide2/iso", "local:iso/x.iso"),
]


@pytest.mark.parametrize(
    ("option", "raw", "pointer", "value"), SEEN, ids=[f"{row[0]}={row[1]} {row[2]}" for row in SEEN]
)
def test_what_proxmox_keeps_is_seen_as(option: str, raw: Scalar, pointer: str, value: Json) -> None:
    current: dict[str, Any] = {option: raw}

    assert lookup(KIND.project(vm(**current)).tree, pointer) == value


@pytest.mark.parametrize(
    ("pointer", "value"), [("/cores", 1), ("/memory", "512MiB"), ("/onboot", False), ("/description", "")]
)
def test_an_option_that_is_not_there_has_its_default(pointer: str, value: Json) -> None:
    assert lookup(KIND.project(vm()).tree, pointer) == value


def test_our_mark_and_tag_are_not_shown_as_the_persons() -> None:
    tree = KIND.project(vm(tags="setpoint;web", description=with_mark("Shop", MARK))).tree

    assert tree["tags"] == ["web"]
    assert tree["description"] == "Shop"


def test_what_waits_for_a_restart_is_accepted_and_not_in_force() -> None:
    (change,) = differ(spec(memory="1GiB"), vm({"memory": "1024"}, "running", memory="512")).changes

    assert (change.observed, change.accepted) == ("512MiB", True)


def test_a_disk_of_unknown_size_is_no_difference() -> None:
    found = differ(spec(disks={"scsi0": {"storage": "nas", "size": "1GiB"}}), vm(scsi0="nas:vm-101-disk-0"))

    assert (found.changes, found.unseen) == ((), ("/disks/scsi0/size",))


def test_a_moment_between_power_states_is_no_difference() -> None:
    found = differ(spec(power="running"), vm(power="prelaunch"))

    assert (found.changes, found.unseen) == ((), ("/power",))


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="nothing written"),
        pytest.param({"nics": {}}, id="an empty map"),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0"}}}, id="a NIC's other options"),
        pytest.param({"vmid": VMID, "node": "pve7"}, id="where it is"),
    ],
)
def test_what_was_not_written_is_no_difference(fields: dict[str, Any]) -> None:
    seen = vm(
        net0=f"{NIC},tag=20,firewall=1,queues=4", net1=NIC, scsi0="nas:vm-101-disk-0,size=1G", memory="512"
    )

    assert differ(spec(**fields), seen).changes == ()


def test_a_container_in_the_way_shows_nothing() -> None:
    (change,) = differ(spec(cores=1), VmState(VMID, "pve1", "lxc")).changes

    assert change.observed is MISSING
