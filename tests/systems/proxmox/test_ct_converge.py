"""A container against the emulated API: made, changed while it runs, grown, detached, found again, taken away."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from setpoint.model.errors import ConflictError, OutcomeUnknownError
from setpoint.model.observation import Absent, Present, Unknown
from setpoint.model.plan import Disruption, Finished, Intent
from setpoint.model.secret import Secret
from setpoint_proxmox.kinds.container import KIND
from setpoint_proxmox.kinds.container.strings import NIC
from setpoint_proxmox.tasks import find, poll
from tests.systems.proxmox.drive import ROLES, Driver, Lab, world
from tests.systems.proxmox.made_ct import OWNER, ROOTFS, TEMPLATE, spec

CT = "nodes/pve1/lxc/1000"
DATA = {"storage": "local-zfs", "size": "1GiB", "path": "/data"}
NET0 = {"bridge": "vmbr0", "ipv4": "192.0.2.9/24", "gateway4": "192.0.2.1"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr/0+mzHk2r8sDq0nQ1u7cPz anna@example.org"
FULL: dict[str, Any] = {
    "cores": 2,
    "memory": "1GiB",
    "swap": 0,
    "mountPoints": {"mp0": DATA | {"backup": True}},
    "nics": {"net0": NET0 | {"vlan": 20, "firewall": True}},
    "nameservers": ["9.9.9.9", "1.1.1.1"],
    "searchDomains": ["example.org"],
    "features": {"nesting": True},
    "startup": {"order": 2, "up": "30s"},
    "tags": ["Web", "prod"],
    "description": "Names\n",
    "onboot": True,
    "password": {"env": "PW"},
    "sshKeys": [KEY],
    "console": {"mode": "shell"},
    "timeZone": "host",
}


def estate(**parts: Any) -> dict[str, Any]:
    """Where containers can be made."""
    storages = world()["storages"]
    storages["local"]["content"] += ",vztmpl,rootdir"
    template = {"volid": TEMPLATE, "node": "pve1", "content": "vztmpl", "format": "tzst", "size": 58276231}
    granted = {**ROLES, "/pool": "PVEPoolAdmin"}
    return world(granted, storages=storages, content=[template], pools=[{"poolid": "ops"}], **parts)


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    found.begin(estate())
    return found


@pytest.fixture
async def driver(lab: Lab) -> AsyncGenerator[Driver]:
    cluster = lab.connect()
    secrets = {"/password": Secret("first-of-all")}
    yield Driver(lab, cluster, OWNER, KIND, secrets=secrets)
    await cluster.api.close()


def config(driver: Driver) -> dict[str, Any]:
    found: dict[str, Any] = driver.lab.api("GET", f"{CT}/config")
    return found


def volumes(driver: Driver) -> list[str]:
    found = (volume["volid"] for volume in driver.lab.get("state")["content"])
    return sorted(volid for volid in found if volid != TEMPLATE)


async def test_an_absent_container_is_made_and_started_with_two_calls(driver: Driver) -> None:
    declared = spec(power="running", **FULL)

    assert await driver.converge(declared) == ["create", "start"]

    again = await driver.look(declared)
    assert (again.found.changes, again.found.unseen, again.steps) == ((), (), ())
    assert driver.identity == {"vmid": 1000}
    assert driver.lab.writes() == ["POST /nodes/pve1/lxc", "POST /nodes/pve1/lxc/1000/status/start"]


async def test_a_container_bears_our_mark_from_its_first_moment(driver: Driver) -> None:
    (create,) = (await driver.look(spec(**FULL))).steps
    await driver.act(create, finish=False)
    driver.lab.finish()

    (sent,) = driver.lab.get("ledger")

    assert sent["params"]["tags"] == "prod;setpoint;web"
    assert sent["params"]["description"].endswith("setpoint: home default/Container/dns01 vmid=1000")
    assert sent["params"]["ssh-public-keys"] == KEY


async def test_a_container_is_found_again_by_its_mark_alone(driver: Driver) -> None:
    await driver.converge(spec(**FULL))
    driver.identity = None
    driver.cluster.marks.clear()

    seen = await driver.look(spec(**FULL))

    assert isinstance(seen.observation, Present)
    assert seen.observation.identity["vmid"] == 1000
    assert OWNER.owns(seen.observation.mark, "1000")
    assert seen.steps == ()


async def test_a_moved_container_is_no_drift(driver: Driver) -> None:
    await driver.converge(spec(**FULL))
    state = driver.lab.get("state")
    next(guest for guest in state["guests"] if guest["vmid"] == 1000)["node"] = "pve2"
    driver.lab.begin(state)

    seen = await driver.look(spec(**FULL))

    assert (seen.state.node, seen.found.changes) == ("pve2", ())


LIVE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("memory and swap", {"memory": "512MiB", "swap": "512MiB"}, {"memory": "1GiB", "swap": 0}),
    ("cores", {"cores": 1}, {"cores": 2}),
    ("limit and units", {}, {"cpu": {"limit": 1.5, "units": 200}}),
    ("a nic more", {"nics": {"net0": NET0}}, {"nics": {"net0": NET0, "net1": {"bridge": "vmbr1"}}}),
    ("a nic changed", {"nics": {"net0": NET0}}, {"nics": {"net0": NET0 | {"bridge": "vmbr1", "ipv4": "192.0.2.10/24"}}}),
    ("a nic less", {"nics": {"net0": NET0, "net1": {"bridge": "vmbr1"}}}, {"nics": {"net0": NET0}}),
    ("a mount point more", {}, {"mountPoints": {"mp0": DATA}}),
    ("tags, notes and flags", {}, {"tags": ["a"], "description": "x", "onboot": True, "protection": True}),
    ("startup", {}, {"startup": {"order": 1}}),
]  # fmt: skip

WAITING: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("nesting", {}, {"features": {"nesting": True}}),
    ("servers", {}, {"nameservers": ["9.9.9.9"]}),
    ("console", {}, {"console": {"ttys": 1}}),
    ("time zone", {}, {"timeZone": "host"}),
    ("a mount point elsewhere", {"mountPoints": {"mp0": DATA}}, {"mountPoints": {"mp0": DATA | {"path": "/srv"}}}),
    ("a mount point less", {"mountPoints": {"mp0": DATA}}, {}),
    ("options of the root", {}, {"rootfs": ROOTFS | {"mountOptions": ["noatime"]}}),
]  # fmt: skip


@pytest.mark.parametrize("power", ["stopped", "running"])
@pytest.mark.parametrize(("before", "after"), [row[1:] for row in LIVE], ids=[row[0] for row in LIVE])
async def test_what_is_changed_at_once_is_one_write(
    driver: Driver, before: dict[str, Any], after: dict[str, Any], power: str
) -> None:
    await driver.converge(spec(power=power, **before))

    assert await driver.converge(spec(power=power, **after), restart=True) == ["configure"]

    again = await driver.look(spec(power=power, **after))
    assert (again.found.changes, again.found.unseen, again.steps) == ((), (), ())


@pytest.mark.parametrize(
    ("power", "verbs"), [("stopped", ["configure"]), ("running", ["configure", "restart"])]
)
@pytest.mark.parametrize(("before", "after"), [row[1:] for row in WAITING], ids=[row[0] for row in WAITING])
async def test_what_waits_for_a_restart_is_told_before_and_written_once(
    driver: Driver, before: dict[str, Any], after: dict[str, Any], power: str, verbs: list[str]
) -> None:
    await driver.converge(spec(power=power, **before))
    (write,) = (await driver.look(spec(power=power, **after))).steps
    assert (write.then is not None) is (power == "running")

    assert await driver.converge(spec(power=power, **after)) == ["configure"]
    held = await driver.look(spec(power=power, **after))
    assert [step.disruption for step in held.steps] == [Disruption.RESTART] * (len(verbs) - 1)
    assert await driver.converge(spec(power=power, **after), restart=True) == verbs[1:]

    again = await driver.look(spec(power=power, **after))
    assert (again.found.changes, again.found.unseen, again.steps) == ((), (), ())


async def test_a_mount_point_is_added_grown_and_detached_on_the_running_container(driver: Driver) -> None:
    await driver.converge(spec(power="running"))
    began = (await driver.look(spec())).state.current["rootfs"]

    assert await driver.converge(spec(power="running", mountPoints={"mp0": DATA})) == ["configure"]
    grown = DATA | {"size": "2GiB"}
    assert await driver.converge(spec(power="running", mountPoints={"mp0": grown})) == ["resize"]
    volume = str(config(driver)["mp0"]).partition(",")[0]
    assert config(driver)["mp0"] == f"{volume},mp=/data,size=2G"
    assert await driver.converge(spec(power="running"), restart=True) == ["configure", "restart"]

    seen = await driver.look(spec(power="running"))
    assert seen.found.changes == ()
    assert KIND.status(seen.state)["detachedVolumes"] == {"unused0": volume}
    assert volume in volumes(driver)
    assert seen.state.current["rootfs"] == began
    assert [write for write in driver.lab.writes() if write.startswith("DELETE") or "/lxc?" in write] == []


async def test_a_detached_volume_is_attached_again(driver: Driver) -> None:
    await driver.converge(spec(mountPoints={"mp0": DATA}))
    volume = str(config(driver)["mp0"]).partition(",")[0]
    await driver.converge(spec())

    declared = spec(mountPoints={"mp3": DATA | {"volume": volume}})
    assert await driver.converge(declared) == ["configure"]

    assert (await driver.look(declared)).found.changes == ()
    assert not [option for option in config(driver) if option.startswith("unused")]


async def test_a_mount_point_that_was_to_go_stays_when_it_is_declared_again(driver: Driver) -> None:
    declared = spec(power="running", mountPoints={"mp0": DATA})
    await driver.converge(declared)
    before = config(driver)["mp0"]
    assert await driver.converge(spec(power="running")) == ["configure"]

    assert await driver.converge(declared, restart=True) == ["configure"]

    seen = await driver.look(declared)
    assert (seen.found.changes, seen.state.current["mp0"]) == ((), before)
    assert len(volumes(driver)) == 2


async def test_the_root_grows_while_it_runs(driver: Driver) -> None:
    await driver.converge(spec(power="running"))
    declared = spec(power="running", rootfs=ROOTFS | {"size": "9GiB"})

    assert await driver.converge(declared) == ["resize"]

    assert (await driver.look(declared)).found.changes == ()


@pytest.mark.parametrize("power", ["stopped", "running"])
async def test_a_chosen_mac_address_is_kept_for_ever(driver: Driver, power: str) -> None:
    await driver.converge(spec(nics={"net0": {"bridge": "vmbr0"}}, power=power))
    before = NIC.split(str(config(driver)["net0"]))["hwaddr"]

    await driver.converge(spec(nics={"net0": {"bridge": "vmbr1", "vlan": 7}}, power=power))

    assert before.startswith("BC:24:11:")
    assert NIC.split(str(config(driver)["net0"])) == {
        "name": "eth0", "bridge": "vmbr1", "hwaddr": before, "tag": "7", "type": "veth",
    }  # fmt: skip


BY_HAND: list[tuple[str, dict[str, Any], list[str]]] = [
    ("memory", {"memory": 256}, ["configure"]),
    ("a nic changed", {"net0": "name=eth0,bridge=vmbr1,hwaddr=02:00:00:00:00:01"}, ["configure"]),
    ("a nic removed", {"delete": "net0"}, ["configure"]),
    ("tags", {"tags": "other;setpoint"}, ["configure"]),
    ("onboot", {"onboot": 0}, ["configure"]),
    ("nesting", {"delete": "features"}, ["configure"]),
    ("servers", {"nameserver": "1.1.1.1"}, ["configure"]),
]


@pytest.mark.parametrize(("change", "verbs"), [row[1:] for row in BY_HAND], ids=[row[0] for row in BY_HAND])
async def test_what_was_changed_by_hand_is_seen_and_corrected(
    driver: Driver, change: dict[str, Any], verbs: list[str]
) -> None:
    await driver.converge(spec(**FULL))
    driver.lab.api("PUT", f"{CT}/config", **change)

    assert await driver.converge(spec(**FULL)) == verbs

    assert (await driver.look(spec(**FULL))).found.changes == ()


async def test_a_container_that_somebody_stopped_is_started(driver: Driver) -> None:
    await driver.converge(spec(power="running"))
    driver.lab.api("POST", f"{CT}/status/stop")

    assert await driver.converge(spec(power="running")) == ["start"]


async def test_power_goes_both_ways(driver: Driver) -> None:
    await driver.converge(spec(power="running"))

    assert await driver.converge(spec(power="stopped")) == ["shutdown"]
    assert await driver.converge(spec(power="running")) == ["start"]


async def test_a_container_is_put_into_a_pool_and_taken_out(driver: Driver) -> None:
    await driver.converge(spec(pool=None))
    assert await driver.converge(spec(pool="ops")) == ["enroll"]
    assert (await driver.look(spec(pool="ops"))).found.changes == ()
    assert await driver.converge(spec(pool=None)) == ["enroll"]


async def test_a_password_is_sent_once_and_another_one_held(driver: Driver) -> None:
    declared = spec(password={"env": "PW"})
    await driver.converge(declared)
    assert (await driver.look(declared)).found.changes == ()

    driver.secrets["/password"] = Secret("second-of-all")
    (step,) = (await driver.look(declared)).steps

    assert step.obstacle is not None
    assert "pct exec 1000 -- passwd" in step.obstacle.remedy


async def test_what_only_root_may_do_is_held_and_seen_once_root_did_it(driver: Driver) -> None:
    declared = spec(
        bindMounts={"mp5": {"source": "/srv", "path": "/srv"}}, features={"keyctl": True}, power="running"
    )

    assert await driver.converge(declared) == ["create"]
    seen = await driver.look(declared)
    assert [step.obstacle.remedy for step in seen.steps if step.obstacle is not None] == [
        "run on pve1: pct set 1000 --features keyctl=1",
        "run on pve1: pct set 1000 --mp5 /srv,mp=/srv",
    ]
    driver.lab.api("PUT", f"{CT}/config", mp5="/srv,mp=/srv", features="keyctl=1")

    assert await driver.converge(declared) == ["start"]
    assert (await driver.look(declared)).found.changes == ()


async def test_what_was_written_meanwhile_is_looked_at_again(driver: Driver) -> None:
    await driver.converge(spec(memory="512MiB"))
    (step,) = (await driver.look(spec(memory="1GiB"))).steps
    driver.lab.api("PUT", f"{CT}/config", cores=2)

    with pytest.raises(ConflictError):
        await driver.act(step)

    assert await driver.converge(spec(memory="1GiB")) == ["configure"]


async def test_a_container_is_taken_away_with_its_volumes(driver: Driver) -> None:
    await driver.converge(spec(power="running", mountPoints={"mp0": DATA}))
    seen = await driver.look(spec(power="running"))
    assert KIND.remove is not None
    for step in KIND.remove(OWNER, seen.state, (await driver.survey()).facts):
        assert await driver.act(step) == ""

    observation, _ = await driver.observe(spec())
    assert isinstance(observation, Absent)
    assert volumes(driver) == []


async def test_a_failed_making_leaves_nothing(driver: Driver) -> None:
    declared = spec(template="local:vztmpl/nope.tar.zst")
    (create,) = (await driver.look(declared)).steps

    assert "does not exist" in await driver.act(create)

    observation, _ = await driver.observe(declared)
    assert isinstance(observation, Absent)


async def test_a_container_in_the_making_is_not_known(driver: Driver) -> None:
    (create,) = (await driver.look(spec())).steps
    await driver.act(create, finish=False)
    driver.lab.post("clock", {"advance": 0.2})

    observation, _ = await driver.observe(spec())

    assert isinstance(observation, Unknown)
    driver.lab.finish()
    assert (await driver.look(spec())).found.changes == ()


async def test_a_virtual_machine_under_its_number_is_never_touched(lab: Lab, driver: Driver) -> None:
    lab.api("POST", "nodes/pve1/qemu", vmid=150)

    seen = await driver.look(spec(vmid=150))

    assert seen.state.foreign
    assert KIND.mark(OWNER, seen.state) is None
    assert KIND.remove is not None
    (step,) = KIND.remove(OWNER, seen.state, (await driver.survey()).facts)
    assert step.obstacle is not None


@pytest.mark.parametrize("verb", ["create", "start", "shutdown", "restart", "resize", "destroy"])
async def test_an_effect_whose_reply_is_lost_is_found_and_happens_once(driver: Driver, verb: str) -> None:
    path = {"create": "/nodes/pve1/lxc", "resize": f"/{CT}/resize", "destroy": f"/{CT}"}
    suffix = {"start": "start", "shutdown": "shutdown", "restart": "reboot"}
    arguments: dict[str, Any] = {"node": "pve1", "force": False}
    if verb != "create":
        await driver.converge(spec(power="stopped" if verb in ("start", "destroy") else "running"))
        state = (await driver.look(spec())).state
        arguments |= {"digest": state.digest, "disk": "rootfs", "size": "9G"}
    else:
        (step,) = (await driver.look(spec())).steps
        arguments = dict(step.arguments)
        driver.identity = {"vmid": 1000}
    began = driver.lab.get("clock")["now"]
    before = len(driver.lab.writes())
    driver.lab.happen("reply_lost", path=path.get(verb, f"/{CT}/status/{suffix.get(verb)}"), status=0)
    from setpoint.model.kind import Acting

    acting = Acting(OWNER, driver.identity or {}, arguments)
    with pytest.raises(OutcomeUnknownError):
        await KIND.acts[verb](driver.cluster, acting)

    assert len(driver.lab.writes()) == before + 1
    operation = await find(driver.cluster, Intent(verb, acting.identity, arguments, began))
    assert operation is not None
    driver.lab.finish()
    assert await poll(driver.cluster, operation) == Finished()


async def test_a_write_whose_reply_is_lost_is_read_back_and_not_repeated(driver: Driver) -> None:
    await driver.converge(spec(memory="512MiB"))
    declared = spec(memory="1GiB", mountPoints={"mp0": DATA})
    (step,) = (await driver.look(declared)).steps
    driver.lab.happen("reply_lost", path=f"/{CT}/config", method="PUT", status=0)
    with pytest.raises(OutcomeUnknownError):
        await driver.act(step)
    before = driver.lab.writes()

    assert await driver.converge(declared) == []

    assert driver.lab.writes() == before
    assert len(volumes(driver)) == 2
