"""Names that guests ask for: a real PowerDNS beside an emulated cluster, and the whole daemon in real time."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from setpoint_lab.process import start_proxmox
from tests.rig.estate import SECRET_NAME, cluster
from tests.rig.living import manifest
from tests.systems.dns.living import ZONE, alive, powerdns, zone
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


REVERSE = "2.0.192.in-addr.arpa"
TO_WEB01 = f"web01.{ZONE}."


def pointed(pdns: Pdns, last: int = 77) -> list[str]:
    """What the PTR of an address points to."""
    return pdns.values(f"{last}.{REVERSE}", "PTR")


async def test_the_reverse_zone_points_to_a_guest_once_its_address_is_told_and_as_long_as_it_asks(
    lab: Lab, pdns: Pdns, tmp_path: Path
) -> None:
    declared = {
        "lab": cluster(lab.url),
        "web01": guest(dns=ASKED),
        "ns1": powerdns(pdns, tmp_path),
        "zone": zone(),
        "reverse": zone({"9": {"PTR": "nine.example.net."}}, name=REVERSE, pointers=True),
    }
    async with alive(tmp_path, declared) as life:
        await life.until(lambda: pointed(pdns) == [TO_WEB01])
        await life.settle()
        assert life.outcome(f"DnsZone/{REVERSE}") == "Done"

        # By hand beside it: what points to nobody of ours goes, and the PTR that was changed comes back.
        pdns.put(REVERSE, f"78.{REVERSE}", "PTR", TO_WEB01)
        pdns.put(REVERSE, f"77.{REVERSE}", "PTR", "strange.example.net.")
        await life.look_again(f"DnsZone/{REVERSE}")
        await life.settle()
        assert (pointed(pdns), pointed(pdns, 78)) == ([TO_WEB01], [])

        await life.declare(web01=guest())
        assert (pointed(pdns), pointed(pdns, 9)) == ([], ["nine.example.net."])


async def test_a_ptr_that_is_there_stays_while_nothing_is_known_of_the_guest(
    lab: Lab, pdns: Pdns, tmp_path: Path
) -> None:
    stopped = guest(dns=ASKED, nics={"net0": {"bridge": "vmbr0", "ipv4": "dhcp"}}, power="stopped")
    declared = {"lab": cluster(lab.url), "ns1": powerdns(pdns, tmp_path), "web01": stopped}
    there = {"77": {"PTR": TO_WEB01}, "78": {"PTR": "strange.example.net."}}
    async with alive(tmp_path, {**declared, "reverse": zone(there, name=REVERSE), "zone": zone()}) as life:
        await life.settle()
        assert (pointed(pdns), pointed(pdns, 78)) == ([TO_WEB01], ["strange.example.net."])
        await life.declare(reverse=zone(name=REVERSE, pointers=True))
        assert (pointed(pdns), pointed(pdns, 78)) == ([TO_WEB01], [])
        assert "OutputMissing" in life.reasons(f"DnsZone/{REVERSE}")


async def test_a_guest_that_is_to_be_deleted_keeps_its_names_while_its_grace_runs(
    lab: Lab, pdns: Pdns, tmp_path: Path
) -> None:
    leaving = json.dumps({**json.loads(guest(dns=ASKED)), "policy": {"deletion": "delete", "grace": "1h"}})
    declared = {
        "lab": cluster(lab.url),
        "web01": leaving,
        "ns1": powerdns(pdns, tmp_path),
        "zone": zone(),
        "reverse": zone(name=REVERSE, pointers=True),
    }
    async with alive(tmp_path, declared) as life:
        await life.until(lambda: answers(pdns, "www") == ["192.0.2.77"] and pointed(pdns) == [TO_WEB01])
        await life.settle()
        await life.declare(web01=None, zone=zone({"new": {"A": "192.0.2.1"}}))
        assert answers(pdns, "new") == ["192.0.2.1"]
        assert (answers(pdns, "www"), pointed(pdns)) == (["192.0.2.77"], [TO_WEB01])
