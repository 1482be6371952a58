"""What the agent inside a running VM answers; whether it runs, and what it knows, the VM's behaviour says."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING

from setpoint_lab.clock import Background, in_background
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.indexes import names_below
from setpoint_lab.proxmox.inside import Insides
from setpoint_lab.proxmox.named_shapes import NAMED
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.qemu import nets, options
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.qemu.figures import agent_enabled, cpus
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.qemu.guest import Vm
    from setpoint_lab.proxmox.routes import Handler

_AGENT = "/nodes/{node}/qemu/{vmid}/agent"
SILENT_SECONDS = 3.0
"""How long an agent is waited for that says nothing."""

VERSION = "10.0.2"
_COMMANDS = ("guest-get-osinfo", "guest-info", "guest-network-get-interfaces", "guest-ping", "guest-shutdown")
_COUNTERS = tuple(f"{way}-{what}" for way in ("rx", "tx") for what in ("bytes", "dropped", "errs", "packets"))
_SYSTEM = {
    "id": "debian",
    "kernel-release": "6.12.48+deb13-amd64",
    "kernel-version": "#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)",
    "machine": "x86_64",
    "name": "Debian GNU/Linux",
    "pretty-name": "Debian GNU/Linux 13 (trixie)",
    "version": "13 (trixie)",
    "version-id": "13",
}
_BLOCK_BYTES = 128 << 20

Answer = Callable[["Vm"], object]


@route("GET", _AGENT)
async def list_commands(call: Call) -> object:  # noqa: ARG001  # the same for every VM
    """What an agent can be asked."""
    return [{"name": name} for name in names_below(_AGENT)]


async def require_agent(vm: Vm) -> None:
    """Raise unless the agent answers; a silent one costs three seconds.

    Raises:
        ApiError: it is not configured, the VM does not run, or nothing answers.
    """
    if not agent_enabled(vm.load().current):
        raise ApiError.internal("No QEMU guest agent configured")
    if vm.machine is None:
        raise ApiError.internal(f"VM {vm.vmid} is not running")
    behaviour = vm.behaviour
    up = vm.world.clock.now() - vm.machine.started
    if not behaviour.agent or vm.machine.paused or up < behaviour.agent_after:
        await vm.world.clock.sleep(SILENT_SECONDS)
        raise ApiError.internal("QEMU guest agent is not running")


def _ask(answer: Answer) -> Handler:
    async def handler(call: Call) -> object:
        """What the agent answers, below `result`."""
        vm = requested_vm(call)
        await require_agent(vm)
        return {"result": answer(vm)}

    return handler


def interfaces(vm: Vm) -> list[dict[str, object]]:
    """The interfaces inside: the loopback, and a card per `netN` with the addresses that it has."""
    values = vm.load().current
    rows = [_interface("lo", "00:00:00:00:00:00", ["127.0.0.1/8", "::1/128"])]
    for number in range(32):
        key = f"net{number}"
        if key in values:
            mac = nets.parse(values[key])["macaddr"].lower()
            given = vm.behaviour.addresses.get(key)
            rows.append(
                _interface(f"eth{number}", mac, configured(values, number) if given is None else given)
            )
    return rows


def configured(values: Section, number: int) -> list[str]:
    """The static addresses that cloud-init gives to a card."""
    found = split_properties(NAMED["pve-qm-ipconfig"], values.get(f"ipconfig{number}", ""))
    return [found[key] for key in ("ip", "ip6") if found.get(key, "dhcp") not in {"dhcp", "auto"}]


def _interface(name: str, mac: str, addresses: list[str]) -> dict[str, object]:
    row: dict[str, object] = {
        "name": name,
        "hardware-address": mac,
        "statistics": dict.fromkeys(_COUNTERS, 0),
    }
    parsed = [ipaddress.ip_interface(address) for address in addresses]
    listed = [
        {
            "ip-address": str(address.ip),
            "ip-address-type": f"ipv{address.version}",
            "prefix": address.network.prefixlen,
        }
        for address in parsed
    ]
    return row | ({"ip-addresses": listed} if listed else {})


def _host_name(vm: Vm) -> object:
    return {
        "host-name": vm.behaviour.host_name or vm.load().current.get("name", "localhost").partition(".")[0]
    }


def _time(vm: Vm) -> object:
    return int(vm.world.clock.now() * 1_000_000_000)


def _processors(vm: Vm) -> object:
    return [
        {"can-offline": bool(number), "logical-id": number, "online": True}
        for number in range(cpus(vm.load().current))
    ]


def _info(_: Vm) -> object:
    listed = [{"enabled": True, "name": name, "success-response": True} for name in _COMMANDS]
    return {"supported_commands": listed, "version": VERSION}


def _mounted(vm: Vm) -> list[object]:
    disk = next((key for key in options.boot_drives() if key in vm.load().current), None)
    if disk is None:
        return []
    found: dict[str, object] = {"disk": [], "mountpoint": "/", "name": "sda1", "type": "ext4"}
    return [found]


def _is_frozen(vm: Vm) -> bool:
    machine = vm.machine
    return machine is not None and vm.world.part(Insides).of(vm.vmid).frozen == machine.started


def _freeze(vm: Vm, *, frozen: bool) -> object:
    """Hold or release every file system; how many were."""
    before, machine = _is_frozen(vm), vm.machine
    if frozen and before:
        raise ApiError.internal(
            "Agent error: Command guest-fsfreeze-freeze has been disabled: the agent is frozen"
        )
    vm.world.part(Insides).of(vm.vmid).frozen = machine.started if frozen and machine is not None else None
    vm.world.changed()
    return len(_mounted(vm)) if frozen is not before else 0


def _halt(vm: Vm, seconds: float) -> object:
    """Let the system turn its machine off, which takes a while; nobody waits for an answer."""
    machine = vm.machine

    async def end() -> None:
        with in_background(Background()):
            await vm.world.clock.sleep(seconds)
            if vm.machine is machine:
                vm.die()
                vm.world.changed()

    vm.world.late.append(asyncio.create_task(end()))
    return {}


def _sleep(vm: Vm) -> object:
    if vm.machine is not None:
        vm.machine.paused = vm.machine.asleep = True
        vm.world.changed()
    return {}


_ANSWERS: dict[tuple[str, str], Answer] = {
    ("POST", "ping"): lambda _: {},
    ("GET", "info"): _info,
    ("GET", "network-get-interfaces"): interfaces,
    ("GET", "get-osinfo"): lambda _: _SYSTEM,
    ("GET", "get-host-name"): _host_name,
    ("GET", "get-time"): _time,
    ("GET", "get-timezone"): lambda _: {"offset": 0, "zone": "UTC"},
    ("GET", "get-users"): lambda _: [],
    ("GET", "get-vcpus"): _processors,
    ("GET", "get-fsinfo"): _mounted,
    ("GET", "get-memory-blocks"): lambda _: [],
    ("GET", "get-memory-block-info"): lambda _: {"size": _BLOCK_BYTES},
    ("POST", "fsfreeze-status"): lambda vm: "frozen" if _is_frozen(vm) else "thawed",
    ("POST", "fsfreeze-freeze"): lambda vm: _freeze(vm, frozen=True),
    ("POST", "fsfreeze-thaw"): lambda vm: _freeze(vm, frozen=False),
    ("POST", "fstrim"): lambda _: {"paths": []},
    ("POST", "shutdown"): lambda vm: _halt(vm, vm.world.pace.shutdown),
    ("POST", "suspend-disk"): lambda vm: _halt(vm, vm.world.pace.shutdown),
    ("POST", "suspend-ram"): _sleep,
    ("POST", "suspend-hybrid"): _sleep,
}

for (_method, _name), _answer in _ANSWERS.items():
    route(_method, f"{_AGENT}/{_name}")(_ask(_answer))

_BY_NAME = {name: answer for (_, name), answer in _ANSWERS.items()}


@route("POST", _AGENT)
async def ask_by_name(call: Call) -> object:
    """The answer to a command that is named in the request."""
    return await _ask(_BY_NAME[call.text("command")])(call)
