"""What the cloud-init image was made of, making it anew, and the files that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.named_shapes import NAMED
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.qemu import cloudinit_record, nets
from setpoint_lab.proxmox.qemu.apply import ensure_cloudinit
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section

_CLOUDINIT = "/nodes/{node}/qemu/{vmid}/cloudinit"
NODE_RESOLVER = "10.255.255.53"
"""The name server of the emulated nodes, which guests without one of their own inherit."""


@route("GET", _CLOUDINIT)
async def get_cloudinit(call: Call) -> object:
    """The cloud-init options, with what is not yet in the image."""
    return call.world.shuffled(cloudinit_record.rows(requested_vm(call).load()))


@route("PUT", _CLOUDINIT)
async def put_cloudinit(call: Call) -> None:
    """Make the image anew."""
    vm = requested_vm(call)
    worker = Worker(call)
    async with worker.holding(vm):
        vm.check_lock()
        config = vm.load()
        for drive in drives(config.current):
            if drive.is_cloudinit:
                ensure_cloudinit(worker, vm, drive)
        cloudinit_record.forget(config)
        vm.write(config)


@route("GET", f"{_CLOUDINIT}/dump")
async def dump(call: Call) -> object:
    """One file of the image: user, network or meta."""
    vm = requested_vm(call)
    values = vm.load().current
    match call.text("type"):
        case "user":
            return user_data(values, vm.name)
        case "network":
            return network_config(values)
        case _:
            return f"instance-id: {vm.digest}\n"


def user_data(values: Section, name: str) -> str:
    """The user's file: host name, user, password and keys."""
    host = name.partition(".")[0]
    lines = ["#cloud-config", f"hostname: {host}", "manage_etc_hosts: true", f"fqdn: {name}"]
    if "ciuser" in values:
        lines.append(f"user: {values['ciuser']}")
    if "cipassword" in values:
        lines.append(f"password: {values['cipassword']}")
    keys = [key for key in unquote(values.get("sshkeys", "")).split("\n") if key.strip()]
    if keys:
        lines += ["ssh_authorized_keys:", *(f"  - {key}" for key in keys)]
    lines += ["chpasswd:", "  expire: False"]
    if values.get("ciuser") != "root":
        lines += ["users:", "  - default"]
    if values.get("ciupgrade", "1") == "1":
        lines.append("package_upgrade: true")
    return "".join(f"{line}\n" for line in lines)


def network_config(values: Section) -> str:
    """The network file: every card with its addresses, then the name servers."""
    lines = ["version: 1", "config:"]
    for number in range(32):
        if f"net{number}" in values:
            lines += _card(number, values)
    servers = split_list(values.get("nameserver", "")) or [NODE_RESOLVER]
    lines += ["    - type: nameserver", "      address:", *(f"      - '{server}'" for server in servers)]
    domains = split_list(values.get("searchdomain", ""))
    if domains:
        lines += ["      search:", *(f"      - '{domain}'" for domain in domains)]
    return "".join(f"{line}\n" for line in lines)


def _card(number: int, values: Section) -> list[str]:
    mac = nets.parse(values[f"net{number}"])["macaddr"].lower()
    lines = [
        "    - type: physical",
        f"      name: eth{number}",
        f"      mac_address: '{mac}'",
        "      subnets:",
    ]
    found = split_properties(NAMED["pve-qm-ipconfig"], values.get(f"ipconfig{number}", ""))
    return (
        lines
        + _subnet(found, "ip", "gw", "dhcp4", "static")
        + _subnet(found, "ip6", "gw6", "dhcp6", "static6")
    )


def _subnet(found: dict[str, str], address: str, gateway: str, dhcp: str, static: str) -> list[str]:
    value = found.get(address)
    if value is None:
        return []
    if value == "dhcp":
        return [f"      - type: {dhcp}"]
    if value == "auto":
        return ["      - type: ipv6_slaac"]
    lines = [f"      - type: {static}", f"        address: '{value}'"]
    return [*lines, f"        gateway: '{found[gateway]}'"] if gateway in found else lines
