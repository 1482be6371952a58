"""Names that guests ask for: a real PowerDNS beside an emulated cluster, and the whole daemon in real time."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from setpoint_lab.process import start_proxmox
from tests.rig.estate import SECRET_NAME, cluster
from tests.systems.dns.living import ZONE, alive, manifest, powerdns, zone
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.proxmox.drive import SECRET, Lab
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate

NIC = {"bridge": "vmbr0", "ipv4": "192.0.2.77/24", "gateway4": "192.0.2.1"}
ASKED = [{"zone": ZONE, "names": ["web01", "www"], "ttl": 300}]


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Generator[Lab]:
    monkeypatch.setenv(SECRET_NAME, SECRET)
    monkeypatch.setenv("GUEST_PASSWORD", "first-of-all")
    with start_proxmox(lag=0) as running:
        lab = Lab(running.url)
        lab.begin(estate())
        yield lab


def guest(**spec: Any) -> str:
    usual = {
        "node": "pve1",
        "template": TEMPLATE,
        "rootfs": ROOTFS,
        "nics": {"net0": NIC},
        "password": {"env": "GUEST_PASSWORD"},
        "power": "running",
    }
    return manifest("Container", "web01", {**usual, **spec})


def answers(pdns: Pdns, name: str, rtype: str = "A") -> list[str]:
    """What the server answers for a name in the zone."""
    return pdns.values(f"{name}.{ZONE}", rtype)


async def test_a_guest_s_names_have_its_address_and_go_when_it_asks_no_more(
    lab: Lab, pdns: Pdns, tmp_path: Path
) -> None:
    declared = {
        "lab": cluster(lab.url),
        "web01": guest(dns=ASKED),
        "ns1": powerdns(pdns, tmp_path),
        "zone": zone(),
    }
    async with alive(tmp_path, declared) as life:
        # The zone is made at once, and each name comes when the guest tells its address.
        await life.until(lambda: answers(pdns, "www") == ["192.0.2.77"])
        await life.settle()
        assert life.outcome("Container/web01") == "Done"
        assert answers(pdns, "web01") == ["192.0.2.77"]
        assert answers(pdns, "web01", "AAAA") == []

        await life.declare(web01=guest(dns=[{"zone": ZONE}]))
        assert (answers(pdns, "web01"), answers(pdns, "www")) == (["192.0.2.77"], [])
