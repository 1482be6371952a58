"""Which custom fields are wanted, by the maps that are lent and by what is written back."""

from __future__ import annotations

from setpoint_netbox.report.settings import FieldNames
from setpoint_netbox.settings import NetBoxSettings
from setpoint_netbox.verbs.access import lent_maps
from setpoint_netbox.verbs.fields import taken_types, wanted_fields, written_fields

MACHINE = "virtualization.virtualmachine"
TAKEN = taken_types(
    NetBoxSettings.model_validate({"url": "http://n", "token": {"env": "T"}, "prefixes": {}, "vlans": {}})
)


def test_every_kind_of_object_that_is_taken_can_be_told_how_it_stands() -> None:
    fields = written_fields(FieldNames(), TAKEN)
    assert fields["setpoint_phase"].type == "select"
    assert fields["setpoint_phase"].types == {MACHINE, "ipam.prefix", "ipam.vlan"}
    assert fields["pve_vmid"].types == {MACHINE}
    assert all(field.written for field in fields.values())


def test_a_field_that_is_read_and_written_says_both() -> None:
    names = FieldNames(vmid="setpoint_vmid", node=None)
    fields = {one.name: one for one in wanted_fields(lent_maps(None), written_fields(names, TAKEN), TAKEN)}
    assert fields["setpoint_vmid"].type == "integer"
    assert "Written by Setpoint" in fields["setpoint_vmid"].why
    assert "vmid of VirtualMachine" in fields["setpoint_vmid"].why
    assert fields["setpoint_node"].written == ""


def test_fields_of_objects_that_are_not_taken_are_not_wanted() -> None:
    machines = taken_types(NetBoxSettings.model_validate({"url": "http://n", "token": {"env": "T"}}))
    names = {one.name for one in wanted_fields(lent_maps(None), {}, machines)}
    more = {one.name for one in wanted_fields(lent_maps(None), {}, TAKEN)}
    assert "setpoint_vmid" in names
    assert "setpoint_cluster" in more - names
