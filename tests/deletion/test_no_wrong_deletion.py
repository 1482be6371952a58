"""What ends projects of this kind: in each of these nothing is destroyed, and people are told what is the matter.

Every machine here has `deletion: delete` and no grace, which is the least careful that anybody can be.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from setpoint.model.tombstone import Phase
from setpoint.run.undelete import undelete
from setpoint_lab.process import start_proxmox
from tests.deletion.site import (
    DAY,
    HOUR,
    Site,
    cluster_at,
    key,
    machine,
    machines,
    phase,
    redeclare,
    rules,
    said,
    told,
)
from tests.outages.test_outages import TROUBLES
from tests.rig.daemon import Running
from tests.rig.estate import manifest
from tests.systems.proxmox.drive import ROLES, Lab, world

RASH = {"deletion": "delete", "grace": "0s", "interval": "6h"}
TEN = machines(*range(10), policy=RASH)


def some(*numbers: int) -> dict[str, str]:
    return machines(*numbers, policy=RASH)


def rash(name: str, folder: str = "", **spec: object) -> dict[str, str]:
    return machine(name, policy=RASH, folder=folder, **spec)


def test_an_empty_checkout(site: Site) -> None:
    site.declare(TEN)

    async def script(running: Running) -> None:
        await running.settle()
        await running.declare(dict.fromkeys(running.source.files))
        await asyncio.sleep(2 * DAY)
        status = await told(running)
        assert "declares nothing, 11 resources stay as they were" in status["source"]["sentence"]
        assert (status["source"]["good"], status["deletions"], len(status["resources"])) == (False, [], 11)

    site.run(script)
    site.assert_untouched()


@pytest.mark.parametrize(
    "with_cluster", [True, False], ids=["the cluster is there", "the cluster is gone too"]
)
def test_half_a_checkout(site: Site, *, with_cluster: bool) -> None:
    site.declare(TEN)

    async def script(running: Running) -> None:
        await running.settle()
        lost: dict[str, str | None] = {f"w{number}.yaml": None for number in range(5)}
        await running.declare(lost if with_cluster else {**lost, "lab.yaml": None})
        await asyncio.sleep(2 * DAY)
        # Without its cluster the other half is a mistake in itself.
        mistaken = set() if with_cluster else {"Source"}
        assert await rules(running, "w0") == {"DeletionLimit"} | mistaken
        assert len((await told(running))["problems"]) == (0 if with_cluster else 5)

    site.run(script)
    site.assert_untouched()


def test_a_source_that_shrinks_to_forty_percent(site: Site) -> None:
    site.declare(TEN)

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(running, some(0, 1, 2, 3))
        await asyncio.sleep(2 * DAY)
        (held,) = (await told(running))["heldSets"]
        assert (held["keys"], held["allowed"]) == ([f"VirtualMachine/w{n}" for n in range(4, 10)], 3)
        row = await said(running, "w9")
        assert "6 of 10 VirtualMachine on ProxmoxCluster/lab would be deleted within a day" in row["sentence"]
        assert f"setpoint approve {held['token']}" in row["sentence"]

    site.run(script)
    site.assert_untouched()


def test_commits_that_each_delete_three(site: Site) -> None:
    """The first three are what may go in a day; with their usual grace they, too, are held by those that follow."""
    careful = {"deletion": "delete", "interval": "6h"}
    site.declare(machines(*range(10), policy=careful))

    async def script(running: Running) -> None:
        await running.settle()
        for left in (7, 4, 1):
            await redeclare(running, machines(*range(left), policy=careful))
            await asyncio.sleep(HOUR)
        (held,) = (await told(running))["heldSets"]
        assert len(held["keys"]) == 9
        await asyncio.sleep(3 * DAY)
        assert "DeletionLimit" in await rules(running, "w9")

    site.run(script)
    site.assert_nothing_destroyed()
    assert site.count("stopped") == 3


@pytest.mark.parametrize("name", TROUBLES)
def test_a_target_that_cannot_be_looked_at(emulator: str, tmp_path: Path, name: str) -> None:
    """Unreachable, cut off, without quorum, with the token revoked or any permission lost."""
    lab = Lab(emulator)
    lab.begin(world({**ROLES, "/": "Looker"}, roles=[{"roleid": "Looker", "privs": "Sys.Audit"}]))
    site = Site(lab, tmp_path)
    # One lies on the node that some of the troubles hit.
    site.declare(rash("stays"), rash("gone", node="pve2"))

    async def script(running: Running) -> None:
        await running.settle()
        for kind, details in TROUBLES[name].events:
            lab.happen(kind, **details)
        await redeclare(running, rash("stays"))
        await asyncio.sleep(3 * HOUR)
        assert phase(running, "gone") is Phase.HELD
        assert running.estate.store.item(key("gone")) is not None
        assert TROUBLES[name].says in (await said(running, "gone"))["sentence"]
        assert running.status("VirtualMachine/stays").outcome != "Released"

    site.run(script)
    site.assert_untouched()


def test_an_endpoint_that_is_edited_to_an_empty_cluster(site: Site) -> None:
    site.declare(TEN)
    with start_proxmox(clock="virtual", lag=0) as other:
        empty = Lab(other.url)
        empty.begin(world(cluster={"name": "elsewhere"}))

        async def script(running: Running) -> None:
            await running.settle()
            await running.declare({"lab.yaml": cluster_at(other.url), "w9.yaml": None})
            await asyncio.sleep(2 * DAY)
            assert "answers as" in (await said(running, "w9"))["sentence"]
            assert phase(running, "w9") is not None
            assert running.status("VirtualMachine/w0").holds[0].rule == "Identity"
            assert running.estate.store.item(key("w9")) is not None

        site.run(script)
        assert empty.writes() == []
    site.assert_untouched()


def test_an_empty_cluster_that_has_the_name_of_the_right_one(site: Site) -> None:
    """What is wanted gone is taken for gone there; back at the right one it is found again, and left alone."""
    site.declare(some(0, 1))
    with start_proxmox(clock="virtual", lag=0) as other:
        empty = Lab(other.url)
        empty.begin(world())

        async def script(running: Running) -> None:
            await running.settle()
            await running.declare({"lab.yaml": cluster_at(other.url), "w1.yaml": None})
            await asyncio.sleep(DAY)
            assert running.status("VirtualMachine/w0").holds[0].rule == "Recreate"
            await running.declare({"lab.yaml": cluster_at(site.lab.url)})
            await running.until(lambda: running.status("VirtualMachine/w0").outcome == "Done")
            await asyncio.sleep(DAY)
            status = await told(running)
            assert [row["key"] for row in status["released"]] == ["VirtualMachine/w1"]

        site.run(script)
        assert empty.writes() == []
    site.assert_untouched()


def test_a_file_and_a_folder_that_are_moved(site: Site) -> None:
    site.declare(rash("web01"), rash("web02", description="second"))

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(
            running, rash("web01", "prod/web/"), rash("web02", "elsewhere/", description="second")
        )
        await running.settle()
        await asyncio.sleep(2 * DAY)
        status = await told(running)
        assert (status["deletions"], status["released"]) == ([], [])
        assert {row["outcome"] for row in status["resources"]} == {"Done"}

    site.run(script)
    site.assert_untouched()


def renamed(name: str, former: str | None) -> dict[str, str]:
    """`rash(former)` under a new name."""
    spec = json.loads(rash("old")["old.yaml"])["spec"]
    document = json.loads(manifest("VirtualMachine", name, spec, **RASH))
    if former is not None:
        document["metadata"]["formerly"] = former
    return {f"{name}.yaml": json.dumps(document)}


def test_a_new_name_that_says_its_former_one(site: Site) -> None:
    site.declare(rash("old"))

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(running, renamed("new", "old"))
        await asyncio.sleep(2 * DAY)
        assert (await told(running))["deletions"] == []
        assert running.status("VirtualMachine/new").outcome == "Done"

    site.run(script)
    site.assert_untouched()
    assert (site.guests(), site.count("guest_made")) == ({"new"}, 1)


def test_a_new_name_that_does_not(site: Site) -> None:
    site.declare(rash("old"))

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(running, renamed("new", None))
        await asyncio.sleep(2 * DAY)
        assert await rules(running, "old") == {"Renamed"}
        assert "write metadata.formerly: old" in (await said(running, "old"))["sentence"]
        assert "write metadata.formerly: old" in running.status("VirtualMachine/new").sentence
        assert site.guests() == {"old"}
        await redeclare(running, renamed("new", "old"))
        await running.until(lambda: running.status("VirtualMachine/new").outcome == "Done")
        assert (site.guests(), (await told(running))["deletions"]) == ({"new"}, [])

    site.run(script)
    site.assert_untouched()
    assert site.count("guest_made") == 1


def test_a_new_thing_that_only_looks_the_same(site: Site) -> None:
    site.declare(rash("old"), rash("stays", description="other"))

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(running, renamed("new", None), rash("stays", description="other"))
        await asyncio.sleep(HOUR)
        (token,) = {hold["token"] for hold in (await said(running, "old"))["holds"]}
        await running.supervisor.approve(token, "anna")
        await running.until(lambda: site.guests() == {"new", "stays"})

    site.run(script)


def test_the_database_is_lost(site: Site) -> None:
    site.declare(TEN)

    async def first(running: Running) -> None:
        await running.settle()

    async def second(running: Running) -> None:
        await running.settle()
        await asyncio.sleep(2 * DAY)
        status = await told(running)
        assert status["deletions"] == []
        assert [row["key"] for row in status["released"]] == ["VirtualMachine/w9"]

    site.run(first)
    for file in Path(site.folder).glob("setpoint.db*"):
        file.unlink()
    del site.files["w9.yaml"]
    site.run(second)
    site.assert_untouched()


def test_the_database_is_lost_while_something_is_to_be_deleted(site: Site) -> None:
    site.declare(machines(*range(3), policy={"deletion": "delete"}))

    async def first(running: Running) -> None:
        await running.settle()
        await redeclare(running, machines(0, 1, policy={"deletion": "delete"}))
        await asyncio.sleep(HOUR)

    async def second(running: Running) -> None:
        await running.settle()
        await asyncio.sleep(3 * DAY)
        assert [row["key"] for row in (await told(running))["released"]] == ["VirtualMachine/w2"]

    site.run(first)
    for file in Path(site.folder).glob("setpoint.db*"):
        file.unlink()
    site.run(second)
    site.assert_nothing_destroyed()


@pytest.mark.parametrize(
    "mistake",
    [
        {"broken.yaml": "kind: VirtualMachine\nmetadata: {name: [\n"},
        {"other.yaml": manifest("VirtualMachine", "other", {"nodes": "pve1"})},
        {"strange.yaml": manifest("Spaceship", "one", {})},
    ],
    ids=["not YAML", "not valid", "of no kind"],
)
def test_a_mistake_somewhere_else(site: Site, mistake: Mapping[str, str]) -> None:
    site.declare(some(*range(4)))

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(running, some(0, 1, 2), mistake)
        await asyncio.sleep(DAY)
        status = await told(running)
        assert len(status["problems"]) == 1
        assert [hold["rule"] for row in status["deletions"] for hold in row["holds"]] in ([], ["Source"])
        site.assert_untouched()
        await redeclare(running, some(0, 1, 2))
        await running.until(lambda: site.guests() == {"w0", "w1", "w2"})

    site.run(script)


def test_a_mark_that_is_gone_or_anothers(site: Site) -> None:
    site.declare(some(*range(4)))

    async def script(running: Running) -> None:
        await running.settle()
        # Between the last look and the removal, so that nobody has had the time to write the mark again.
        first, second = site.vmid("w0"), site.vmid("w1")
        site.lab.api("PUT", f"nodes/pve1/qemu/{first}/config", description="mine now")
        other = f"setpoint: elsewhere default/VirtualMachine/w1 vmid={second}"
        site.lab.api("PUT", f"nodes/pve1/qemu/{second}/config", description=other)
        await redeclare(running, some(2, 3))
        await asyncio.sleep(2 * DAY)
        assert await rules(running, "w0") == await rules(running, "w1") == {"Deletion"}
        assert "does not bear our mark any more" in (await said(running, "w0"))["sentence"]
        assert "of estate elsewhere" in (await said(running, "w1"))["sentence"]

    site.run(script)
    site.assert_untouched()


def test_undelete_keeps_it_for_good(site: Site) -> None:
    site.declare(machines(0, 1, policy={"deletion": "delete", "interval": "6h"}))

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(running, machines(0))
        await asyncio.sleep(HOUR)
        await undelete(running.estate, key("w1"), "anna")
        await asyncio.sleep(3 * DAY)
        assert site.count("started") == 2
        await redeclare(running, machines(0, 1))
        await running.until(lambda: site.count("started") == 3)
        await running.settle()
        assert (await told(running))["released"] == []

    site.run(script)
    site.assert_nothing_destroyed()
