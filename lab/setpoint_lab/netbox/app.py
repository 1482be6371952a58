"""Where the emulator's parts come together: importing this module fills the tables of models, hooks and events."""

from __future__ import annotations

from setpoint_lab.netbox import outside, unsupported
from setpoint_lab.netbox.dns import addresses, pointers, records, roots, tables, zones
from setpoint_lab.netbox.lab import Lab, Settings
from setpoint_lab.netbox.models import (
    core,
    dcim,
    extras,
    ipam,
    tagged_objects,
    tenancy,
    users,
    virtualization,
)
from setpoint_lab.netbox.rules import (
    available_ips,
    conditions,
    custom_field_data,
    disks,
    macs,
    primary_addresses,
    sites,
)
from setpoint_lab.netbox.server import listen
from setpoint_lab.netbox.troubles import answers, backups, commits, look, others, rights
from setpoint_lab.netbox.webhooks import queues, way
from setpoint_lab.netbox.webhooks import rules as event_rules

__all__ = ["PARTS", "Lab", "Settings", "listen"]

PARTS = (
    addresses,
    pointers,
    records,
    roots,
    tables,
    zones,
    unsupported,
    available_ips,
    conditions,
    custom_field_data,
    disks,
    macs,
    primary_addresses,
    sites,
    answers,
    backups,
    commits,
    look,
    others,
    rights,
    event_rules,
    queues,
    way,
    core,
    dcim,
    extras,
    ipam,
    outside,
    tagged_objects,
    tenancy,
    users,
    virtualization,
)
"""The modules that register something."""
