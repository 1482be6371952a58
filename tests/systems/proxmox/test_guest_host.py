"""`host: {}` of a guest, end to end: an emulated cluster, real sshds in the place of its guests, and the whole daemon."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from setpoint_lab.process import start_proxmox
from tests.rig import living
from tests.rig.estate import SECRET_NAME, cluster
from tests.rig.living import Life, manifest
from tests.systems.nixos.servers.sshd import Sshd
from tests.systems.proxmox.drive import SECRET, Lab
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate

FILE = "/etc/ssh/ssh_host_ed25519_key.pub"
VM = "VirtualMachine/web01"
CT = "Container/ct01"
NIC = {"bridge": "vmbr0"}
DISK = {"scsi0": {"storage": "local-zfs", "size": "1GiB"}}
FIXED = {"storage": "local-zfs", "ip": {"net0": {"ipv4": "192.0.2.77/24"}}}


@pytest.fixture(scope="module")
def cluster_url() -> Generator[str]:
    with start_proxmox(lag=0) as running:
        yield running.url


@pytest.fixture
def lab(cluster_url: str, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv(SECRET_NAME, SECRET)
    monkeypatch.setenv("GUEST_PASSWORD", "first-of-all")
    lab = Lab(cluster_url)
    lab.begin(estate())
    lab.happen("guest_behaviour", guest_agent="running")
    return lab


@pytest.fixture
def sshd() -> Generator[Sshd]:
    with Sshd() as server:
        yield server


def entered(server: Sshd, **more: Any) -> dict[str, Any]:
    """A host where a test can reach it: the address that a guest of the emulator tells is nobody's."""
    access = {"address": "127.0.0.1", "port": server.port, "user": server.user}
    return {**access, "key": {"file": str(server.root / "key")}, **more}


def vm(host: dict[str, Any] | None, **spec: Any) -> str:
    usual = {"node": "pve1", "disks": DISK, "nics": {"net0": NIC}, "agent": True, "power": "running"}
    policy = spec.pop("policy", {})
    return manifest("VirtualMachine", "web01", {**usual, "host": host, **spec}, policy=policy)


def alive(folder: Path, files: Mapping[str, str]) -> AbstractAsyncContextManager[Life]:
    return living.alive(folder, files, VM)


def declared(lab: Lab, **files: str) -> dict[str, str]:
    return {"lab": cluster(lab.url), **files}


def outputs(life: Life, name: str) -> dict[str, Any]:
    return life.status(name).outputs or {}


def vmid(life: Life) -> int:
    return int(outputs(life, VM)["vmid"])


def show_key(lab: Lab, life: Life, line: str) -> None:
    """Let the guest have a host key, as its first start makes one."""
    path = f"nodes/pve1/qemu/{vmid(life)}/agent/file-write"
    lab.api("POST", path, file=FILE, content=f"{line}\n")


def seen(life: Life, name: str) -> bool:
    return life.estate.store.status(life.key(name)) is not None


def rests(life: Life, name: str, *outcomes: str) -> bool:
    return seen(life, name) and life.outcome(name) in outcomes


async def test_a_vm_becomes_its_host_by_the_key_that_its_agent_reads(
    lab: Lab, sshd: Sshd, tmp_path: Path
) -> None:
    async with alive(tmp_path, declared(lab, web01=vm(entered(sshd)))) as life:
        await life.until(lambda: rests(life, VM, "Done") and rests(life, "Host/web01", "Blocked"))
        assert life.sentence("Host/web01") == f"{VM} does not publish hostKey yet"
        assert "No such file" in str((life.status(VM).detail or {})["hostKey"])
        assert sshd.entered == 0
        show_key(lab, life, sshd.host_key)  # nobody asks for a look: who waits for it has it looked at
        await life.until(lambda: rests(life, "Host/web01", "Done"))
        found = outputs(life, "Host/web01")
        assert found["hostKey"] == " ".join(sshd.host_key.split()[:2])
        assert found["age"].startswith("age1")
        assert sshd.entered == 1


async def test_a_vm_whose_sshd_shows_another_key_than_its_agent_reads_is_not_entered(
    lab: Lab, sshd: Sshd, tmp_path: Path
) -> None:
    with Sshd() as other:
        stranger = other.host_key
    async with alive(tmp_path, declared(lab, web01=vm(entered(sshd)))) as life:
        await life.until(lambda: rests(life, VM, "Done"))
        show_key(lab, life, stranger)
        await life.look_again(VM)
        await life.until(lambda: rests(life, "Host/web01", "Failed"))
        assert life.sentence("Host/web01").count("SHA256:") == 2
    assert sshd.entered == 0


async def test_another_key_of_the_same_guest_is_held_until_somebody_agrees(
    lab: Lab, sshd: Sshd, tmp_path: Path
) -> None:
    async with alive(tmp_path, declared(lab, web01=vm(entered(sshd)))) as life:
        await becomes_its_host(lab, life, sshd)
        sshd.rekey()
        show_key(lab, life, sshd.host_key)
        await life.look_again(VM)
        await life.until(lambda: rests(life, "Host/web01", "Held"))
        assert life.rules("Host/web01") == ["Identity"]
        assert "SHA256:" in life.sentence("Host/web01")
        await life.approve("Host/web01")
        assert life.outcome("Host/web01") == "Done"


async def becomes_its_host(lab: Lab, life: Life, sshd: Sshd) -> None:
    await life.until(lambda: rests(life, VM, "Done"))
    show_key(lab, life, sshd.host_key)
    await life.look_again(VM)
    await life.until(lambda: rests(life, "Host/web01", "Done"))


async def test_an_agent_that_falls_silent_takes_nobody_s_host_away(
    lab: Lab, sshd: Sshd, tmp_path: Path
) -> None:
    async with alive(tmp_path, declared(lab, web01=vm(entered(sshd)))) as life:
        await becomes_its_host(lab, life, sshd)
        lab.happen("guest_behaviour", guest_agent="absent")
        await life.look_again(VM)
        assert outputs(life, VM)["hostKey"] is None
        await life.look_again("Host/web01")
        assert life.outcome("Host/web01") == "Done"
        assert sshd.entered == 1


async def test_a_guest_that_was_made_anew_is_entered_by_its_new_key_also_after_a_restart(
    lab: Lab, sshd: Sshd, tmp_path: Path
) -> None:
    files = declared(lab, web01=vm(entered(sshd)))
    async with alive(tmp_path, files) as life:
        await becomes_its_host(lab, life, sshd)
        before = outputs(life, VM)["incarnation"]
        place = f"nodes/pve1/qemu/{vmid(life)}"
        lab.api("POST", f"{place}/status/stop")
        lab.api("DELETE", place)
        await life.look_again(VM)
        await life.until(lambda: rests(life, VM, "Held"))
        sshd.rekey()
    async with alive(tmp_path, files) as life:
        await life.until(lambda: rests(life, VM, "Held"))
        await life.approve(VM)
        await life.until(lambda: rests(life, VM, "Done"))
        show_key(lab, life, sshd.host_key)
        await life.look_again(VM)
        await life.until(lambda: rests(life, "Host/web01", "Done"))
        assert outputs(life, VM)["incarnation"] != before
        assert life.rules("Host/web01") == []


async def test_without_an_agent_the_vm_says_what_would_tell_its_key(
    lab: Lab, sshd: Sshd, tmp_path: Path
) -> None:
    async with alive(tmp_path, declared(lab, web01=vm(entered(sshd), agent=False))) as life:
        await life.until(lambda: rests(life, VM, "Done") and seen(life, "Host/web01"))
        assert "HostKeyUnknown" in life.reasons(VM)
        assert "set agent: true" in str((life.status(VM).detail or {})["hostKey"])
        told = entered(sshd, hostKey=sshd.host_key)
        await life.submit(web01=vm(told, agent=False))
        await life.until(lambda: rests(life, "Host/web01", "Done"))
        assert "HostKeyUnknown" not in life.reasons(VM)


async def test_the_address_is_what_the_guest_tells_or_what_cloud_init_was_given(
    lab: Lab, sshd: Sshd, tmp_path: Path
) -> None:
    own = entered(sshd, hostKey=sshd.host_key)
    del own["address"]
    lab.happen("guest_behaviour", guest_agent="absent")
    async with alive(tmp_path, declared(lab, web01=vm(own, cloudInit=FIXED))) as life:
        await life.until(lambda: rests(life, VM, "Done"))
        assert outputs(life, VM)["address"] == "192.0.2.77"
        target = life.estate.lanes[life.key("Host/web01")].client()
        assert str(target.session.access) == f"{sshd.user}@192.0.2.77:{sshd.port}"


async def test_a_container_is_behind_its_node_which_reads_its_key(
    lab: Lab, sshd: Sshd, tmp_path: Path
) -> None:
    with Sshd() as node:
        (node.root / "authorized").write_text((sshd.root / "key.pub").read_text())
        node.shadow(pct=f'[ "$1 $3" = "exec --" ] || exit 3\ncat {sshd.root}/host.pub')
        files = declared(
            lab,
            ct01=manifest(
                "Container",
                "ct01",
                {
                    "node": "pve1",
                    "template": TEMPLATE,
                    "rootfs": ROOTFS,
                    "nics": {"net0": {"bridge": "vmbr0", "ipv4": "192.0.2.78/24"}},
                    "password": {"env": "GUEST_PASSWORD"},
                    "power": "running",
                    "host": entered(sshd),
                },
            ),
            pve1=manifest(
                "Host", "pve1", entered(node, hostKey=node.host_key, key={"file": str(sshd.root / "key")})
            ),
        )
        async with alive(tmp_path, files) as life:
            await life.until(lambda: rests(life, "Host/ct01", "Done"))
            found = outputs(life, "Host/ct01")
            assert found["hostKey"] == " ".join(sshd.host_key.split()[:2])
            assert life.estate.resources[life.key("Host/ct01")].spec["jump"] == [{"host": "pve1"}]
        assert sshd.entered == 1


async def test_a_container_whose_node_is_no_declared_host_says_so(
    lab: Lab, sshd: Sshd, tmp_path: Path
) -> None:
    spec = {"node": "pve1", "template": TEMPLATE, "rootfs": ROOTFS, "host": entered(sshd)}
    async with alive(tmp_path, declared(lab, ct01=manifest("Container", "ct01", spec))) as life:
        await life.until(lambda: bool(life.estate.problems))
        (problem,) = life.estate.problems
        assert "there is no Host 'pve1'" in str(problem)


async def test_the_system_of_a_guest_is_declared_with_it(lab: Lab, sshd: Sshd, tmp_path: Path) -> None:
    flake = {"url": "git+https://git.example.net/infra"}
    defaults = "kind: NixosHost\nspec: {flake: {url: 'git+https://git.example.net/infra', ref: main}}\n"
    async with alive(
        tmp_path, declared(lab, web01=vm(entered(sshd, nixos={"mode": "boot"})), defaults=defaults)
    ) as life:
        await life.until(lambda: seen(life, VM))
        made = life.estate.resources[life.key("NixosHost/web01")]
        assert made.spec == {"flake": {**flake, "ref": "main"}, "mode": "boot"}
        assert str(made.target) == "Host/web01"
