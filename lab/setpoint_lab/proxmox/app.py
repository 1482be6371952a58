"""Where the emulator's parts come together: importing this module fills the tables of routes, readers and events."""

from __future__ import annotations

from setpoint_lab.proxmox import bulk, frozen, graphs, interference, outside, troubles
from setpoint_lab.proxmox.backup import handlers as backup
from setpoint_lab.proxmox.console import handlers as console
from setpoint_lab.proxmox.firewall import handlers as firewall
from setpoint_lab.proxmox.ha import handlers as ha
from setpoint_lab.proxmox.ha.guest_calls import register_managed
from setpoint_lab.proxmox.handlers import (
    acl,
    appliances,
    cluster,
    copies,
    hardware,
    node_config,
    nodes,
    options,
    pools,
    registry,
    roles,
    storage_config,
    storages,
    tasks,
    ticket,
    tokens,
    transfers,
    users,
    version,
    volumes,
)
from setpoint_lab.proxmox.indexes import register_indexes
from setpoint_lab.proxmox.lab import Lab, Settings
from setpoint_lab.proxmox.lxc import handlers as lxc
from setpoint_lab.proxmox.network import calls as network
from setpoint_lab.proxmox.qemu import handlers as qemu
from setpoint_lab.proxmox.replication import handlers as replication
from setpoint_lab.proxmox.sdn import handlers as sdn
from setpoint_lab.proxmox.server import listen

__all__ = ["HANDLERS", "Lab", "Settings", "listen"]

HANDLERS = (
    acl,
    appliances,
    bulk,
    cluster,
    copies,
    frozen,
    graphs,
    hardware,
    interference,
    network,
    node_config,
    nodes,
    options,
    outside,
    pools,
    registry,
    roles,
    storage_config,
    storages,
    tasks,
    ticket,
    tokens,
    transfers,
    troubles,
    users,
    version,
    volumes,
    *backup.HANDLERS,
    *console.HANDLERS,
    *firewall.HANDLERS,
    *ha.HANDLERS,
    *lxc.HANDLERS,
    *qemu.HANDLERS,
    *replication.HANDLERS,
    *sdn.HANDLERS,
)
"""The modules that hold handlers of requests and events."""

register_indexes()
register_managed()
