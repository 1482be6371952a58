"""What is wanted gone goes: stopped at once, destroyed after its grace with its own volumes, and not before."""

from __future__ import annotations

import asyncio

from setpoint.model.tombstone import Phase
from tests.deletion.site import DAY, DISK, HOUR, Site, key, machine, phase, redeclare, rules, said
from tests.rig.daemon import Running

KEPT = machine("kept")


def test_it_is_shut_down_at_once_and_destroyed_after_a_day(site: Site) -> None:
    site.declare(machine("web01", description="mine"), KEPT)

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(running, KEPT)
        await asyncio.sleep(HOUR)
        assert (site.count("stopped"), await rules(running, "web01")) == (1, {"Grace"})
        assert "setpoint undelete VirtualMachine/web01" in (await said(running, "web01"))["sentence"]
        await asyncio.sleep(DAY - 2 * HOUR)
        site.assert_nothing_destroyed()
        await asyncio.sleep(2 * HOUR)
        assert (site.guests(), phase(running, "web01")) == ({"kept"}, Phase.GONE)
        assert (site.count("guest_gone"), site.count("volume_gone")) == (1, 1)
        assert running.estate.store.item(key("web01")) is None

    site.run(script)
    assert len([call for call in site.lab.writes() if call.startswith("DELETE")]) == 1


def test_volumes_of_others_and_images_are_left_where_they_are(site: Site) -> None:
    spec = {"disks": {"scsi0": DISK, "scsi1": DISK}, "description": "mine"}
    site.declare(machine("web01", policy={"deletion": "delete", "grace": "0s"}, **spec), KEPT)

    async def script(running: Running) -> None:
        await running.settle()
        number = site.vmid("web01")
        before = {row["volid"] for row in site.lab.get("state")["content"]}
        await redeclare(running, KEPT)
        await running.until(lambda: phase(running, "web01") is Phase.GONE)
        after = {row["volid"] for row in site.lab.get("state")["content"]}
        assert {volid.partition(":")[2] for volid in before - after} == {
            f"vm-{number}-disk-0",
            f"vm-{number}-disk-1",
        }

    site.run(script)


def test_a_restart_of_the_daemon_changes_nothing_of_it(site: Site) -> None:
    site.declare(machine("web01", description="mine"), KEPT)

    async def first(running: Running) -> None:
        await running.settle()
        await redeclare(running, KEPT)
        await asyncio.sleep(HOUR)

    async def second(running: Running) -> None:
        await asyncio.sleep(DAY - 2 * HOUR)
        assert phase(running, "web01") is Phase.WAITING
        await running.until(lambda: phase(running, "web01") is Phase.GONE)

    site.run(first)
    site.run(second)
    assert site.guests() == {"kept"}


def test_one_that_is_protected_stays_until_that_ends(site: Site) -> None:
    site.declare(machine("web01", policy={"deletion": "delete", "grace": "0s"}, description="mine"), KEPT)

    async def script(running: Running) -> None:
        await running.settle()
        path = f"nodes/pve1/qemu/{site.vmid('web01')}"
        site.lab.api("PUT", f"{path}/config", protection=1)
        await redeclare(running, KEPT)
        await asyncio.sleep(HOUR)
        assert "is protected" in (await said(running, "web01"))["sentence"]
        site.assert_untouched()
        site.lab.api("PUT", f"{path}/config", delete="protection")
        await running.until(lambda: phase(running, "web01") is Phase.GONE)

    site.run(script)


def test_what_somebody_started_again_is_not_stopped_again_until_a_person_says_so(site: Site) -> None:
    site.declare(machine("web01", description="mine"), KEPT)

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(running, KEPT)
        await asyncio.sleep(HOUR)
        site.lab.api("POST", f"nodes/pve1/qemu/{site.vmid('web01')}/status/start")
        await asyncio.sleep(3 * DAY)
        site.assert_nothing_destroyed()
        assert "somebody started it again" in (await said(running, "web01"))["sentence"]
        token = next(hold["token"] for hold in (await said(running, "web01"))["holds"] if hold["token"])
        await running.supervisor.approve(token, "anna")
        await asyncio.sleep(HOUR)
        assert (site.count("stopped"), phase(running, "web01")) == (2, Phase.WAITING)

    site.run(script)
