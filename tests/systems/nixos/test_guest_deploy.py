"""One manifest from nothing to a deployed NixOS: an emulated cluster, a simulated host in the place of its guest, real Nix."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from setpoint_lab.process import start_proxmox
from setpoint_nixos.nix.run import Nix
from tests.rig import living
from tests.rig.estate import SECRET_NAME, cluster
from tests.rig.living import Life, manifest
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.living import NAME, PATIENCE, systems
from tests.systems.nixos.nixes import call
from tests.systems.nixos.simhost import SimHost
from tests.systems.proxmox.drive import SECRET, Lab, world

FILE = "/etc/ssh/ssh_host_ed25519_key.pub"
VM = "VirtualMachine/web01"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Generator[Lab]:
    monkeypatch.setenv(SECRET_NAME, SECRET)
    with start_proxmox(lag=0) as running:
        lab = Lab(running.url)
        lab.begin(world())
        lab.happen("guest_behaviour", guest_agent="running")
        yield lab


def guest(host: SimHost, fleet: Fleet) -> str:
    """All that is declared; the address is written, for that of an emulated guest leads nowhere."""
    spec = {
        "node": "pve1",
        "disks": {"scsi0": {"storage": "local-zfs", "size": "1GiB"}},
        "nics": {"net0": {"bridge": "vmbr0"}},
        "agent": True,
        "power": "running",
        "host": {
            "address": host.address,
            "port": host.port,
            "key": {"file": str(host.root / "key")},
            "nixos": {
                "flake": {"url": f"git+{fleet.url}", "ref": "main"},
                "onForeign": "revert",
            },
        },
    }
    return manifest("VirtualMachine", "web01", spec)


def reached(life: Life, name: str, outcome: str) -> bool:
    return life.looked_at(name) and life.outcome(name) == outcome


@pytest.fixture
def machine(
    simhost: Callable[..., SimHost],
    nix: Nix,
    built: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> SimHost:
    """A host as an image begins, and the daemon's Nix with a store of its own."""
    for name, value in {**nix.environment, "NIX_REMOTE": nix.store}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    image = built("web01", payload="image")
    host: SimHost = simhost("web01", systemd=True)
    host.receive(nix, image)
    host.deploy(image)
    host.reboot()
    return host


async def test_a_guest_is_made_entered_by_its_own_key_and_deployed(
    lab: Lab, machine: SimHost, fleet: Fleet, nix: Nix, tmp_path: Path
) -> None:
    fleet.host("web01", payload="one")
    wanted = call(nix, "nix", "eval", "--raw", f"{fleet.reference('web01', fleet.commit())}.outPath")
    state = tmp_path / "state"
    state.mkdir()
    files = {"lab": cluster(lab.url), "web01": guest(machine, fleet)}
    async with living.alive(state, files, NAME, patience=PATIENCE) as life:
        await life.until(lambda: reached(life, VM, "Done") and reached(life, "Host/web01", "Blocked"))
        assert "Starting session" not in machine.console
        lab.api("POST", f"nodes/pve1/qemu/{vmid(life)}/agent/file-write", file=FILE, content=machine.host_key)
        await life.until(lambda: reached(life, NAME, "Done") or reached(life, NAME, "Held"))
        assert life.outcome(NAME) == "Done", json.dumps(life.status(NAME).detail)
        assert systems(machine) == (wanted, wanted)
        assert life.estate.resources[life.key(NAME)].target == life.key("Host/web01")


def vmid(life: Life) -> Any:
    return (life.status(VM).outputs or {})["vmid"]
