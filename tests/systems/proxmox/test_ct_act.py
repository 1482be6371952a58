"""Every effect on a container: the one call that it sends, and what each way to fail means for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest

from setpoint.model.errors import (
    BusyError,
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint.model.kind import Acting
from setpoint.model.plan import Applied, Started
from setpoint.model.secret import Secret
from setpoint.model.tree import Json
from setpoint_proxmox import transport
from setpoint_proxmox.kinds.container import KIND
from setpoint_proxmox.mark import with_mark
from tests.systems.proxmox.gates import connected
from tests.systems.proxmox.made_ct import OWNER, TEMPLATE
from tests.systems.proxmox.served import Served, answer, by_path, serve

UPID = "UPID:pve1:00000001:00000002:6B010E0D:vztask:1000:setpoint@pve!ctl:"
CT = "/nodes/pve1/lxc/1000"
CALLS = {
    "create": "POST /nodes/pve1/lxc",
    "clone": "POST /nodes/pve1/lxc/9000/clone",
    "configure": f"PUT {CT}/config",
    "resize": f"PUT {CT}/resize",
    "enroll": "PUT /pools",
    "move": f"POST {CT}/move_volume",
    "start": f"POST {CT}/status/start",
    "shutdown": f"POST {CT}/status/shutdown",
    "restart": f"POST {CT}/status/reboot",
    "migrate": f"POST {CT}/migrate",
    "destroy": f"DELETE {CT}",
}
ARGUMENTS: Mapping[str, Mapping[str, Json]] = {
    "create": {
        "config": {"ostemplate": TEMPLATE, "rootfs": "local-zfs:8", "net0": "name=eth0,bridge=vmbr0"},
        "description": "made",
        "secrets": {"password": "/password"},
    },
    "clone": {
        "source": 9000,
        "to": "pve1",
        "name": "copy",
        "description": "made",
        "full": True,
        "storage": "local-zfs",
    },
    "configure": {"config": {"memory": 1024, "mp0": "local-zfs:1,mp=/data"}, "delete": ["mp1", "net1"]},
    "resize": {"disk": "mp0", "size": "11G"},
    "enroll": {"pool": "prod", "former": ""},
    "move": {"disk": "mp0", "storage": "local-zfs"},
    "start": {},
    "shutdown": {"force": False},
    "restart": {},
    "migrate": {"to": "pve2", "running": True},
    "destroy": {},
}
SENT: Mapping[str, Mapping[str, str]] = {
    "create": {
        "vmid": "1000",
        "description": with_mark("made", OWNER.mark("1000")),
        "ostemplate": TEMPLATE,
        "rootfs": "local-zfs:8",
        "net0": "name=eth0,bridge=vmbr0",
        "password": "hush-hush",
    },
    "clone": {
        "newid": "1000",
        "hostname": "copy",
        "full": "1",
        "storage": "local-zfs",
        "description": with_mark("made", OWNER.mark("1000")),
    },
    "configure": {"digest": "d", "memory": "1024", "mp0": "local-zfs:1,mp=/data", "delete": "mp1,net1"},
    "resize": {"digest": "d", "disk": "mp0", "size": "11G"},
    "enroll": {"poolid": "prod", "vms": "1000", "allow-move": "1"},
    "move": {"digest": "d", "volume": "mp0", "storage": "local-zfs", "delete": "1"},
    "start": {},
    "shutdown": {"timeout": "180", "forceStop": "0"},
    "restart": {"timeout": "180"},
    "migrate": {"target": "pve2", "restart": "1", "timeout": "180"},
    "destroy": {"purge": "1", "destroy-unreferenced-disks": "0"},
}
AT_ONCE = ("configure", "enroll")
VERBS = tuple(CALLS)


def told(verb: str, **arguments: Json) -> Acting:
    secrets = {"/password": Secret("hush-hush")}
    return Acting(
        OWNER, {"vmid": 1000}, {"node": "pve1", "digest": "d", **ARGUMENTS[verb], **arguments}, secrets
    )


def replies(mark: str = "", bridge: str = "vmbr0") -> dict[str, bytes]:
    """What the reads before a write are answered."""
    config = {"description": mark or with_mark("", OWNER.mark("1000")) + "\n"}
    storages = [{"node": "pve1", "storage": "local-zfs"}, {"node": "pve2", "storage": "far"}]
    found = {"/config": config, "/cluster/resources": storages, "/network": [{"iface": bridge}]}
    return {
        f"GET /api2/json{prefix}{path}": answer("200 OK", json.dumps({"data": data}))
        for path, data in found.items()
        for prefix in ("", "/nodes/pve1", CT)
    }


def writes(server: Served) -> list[str]:
    return [request for request in server.requests if not request.startswith("GET ")]


async def take(
    verb: str, acting: Acting, reply: bytes, reads: dict[str, bytes] | None = None
) -> tuple[Any, list[str]]:
    async with serve(by_path(reads or replies(), reply)) as server:
        cluster = connected(server.port)
        try:
            return await KIND.acts[verb](cluster, acting), writes(server)
        finally:
            await cluster.api.close()


def test_every_act_is_tried_here() -> None:
    assert set(CALLS) == set(ARGUMENTS) == set(SENT) == set(KIND.acts)


@pytest.mark.parametrize("verb", VERBS)
async def test_an_act_is_one_call(verb: str) -> None:
    data = None if verb in AT_ONCE else UPID

    result, sent = await take(verb, told(verb), answer("200 OK", json.dumps({"data": data})))

    assert isinstance(result, Applied) if verb in AT_ONCE else result == Started(UPID)
    (request,) = sent
    head, _, body = request.partition("\r\n\r\n")
    method, path = CALLS[verb].split()
    line, _, query = head.split("\r\n")[0].removesuffix(" HTTP/1.1").partition("?")
    assert line == f"{method} /api2/json{path}"
    assert dict(parse_qsl(body or query)) == SENT[verb]


async def test_a_secret_is_nowhere_but_in_its_call() -> None:
    assert "hush-hush" not in repr(told("create"))
    with pytest.raises(RefusalError) as caught:
        await take("create", told("create"), answer("500 hush-hush is too short", "{}"))
    assert "hush-hush" not in str(caught.value)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in AT_ONCE])
async def test_an_answer_that_names_no_task_is_refused(verb: str) -> None:
    with pytest.raises(RefusalError, match="where a task was expected"):
        await take(verb, told(verb), answer("200 OK", '{"data":null}'))


@pytest.mark.parametrize(
    ("verb", "config", "said"),
    [
        ("create", {"rootfs": "far:8"}, "storage far is not on node pve1; it is on pve2"),
        ("create", {"net0": "name=eth0,bridge=vmbr9"}, "node pve1 has no bridge vmbr9"),
        ("configure", {"mp0": "far:1,mp=/data"}, "storage far is not on node pve1"),
        ("configure", {"net1": "name=eth1,bridge=vmbr9"}, "it has vmbr0"),
    ],
)
async def test_what_is_on_other_nodes_only_is_refused_before_anything_is_sent(
    verb: str, config: dict[str, Json], said: str
) -> None:
    with pytest.raises(RefusalError, match=said):
        await take(verb, told(verb, config=config), answer("500 must not be sent", "{}"))


async def test_nothing_is_destroyed_that_bears_another_mark() -> None:
    other = with_mark("", OWNER.mark("7"))
    with pytest.raises(RefusalError, match="CT 1000 does not bear the mark of Container/dns01"):
        await take("destroy", told("destroy"), answer("500 must not be sent", "{}"), replies(other))


FAULTS: dict[str, tuple[str, type[TargetError]]] = {
    "node not reached": ("595 Connection refused", TransportError),
    "gateway timed out": ("596 Connection timed out", OutcomeUnknownError),
    "bad gateway": ("502 Bad Gateway", OutcomeUnknownError),
    "locked": ("500 CT is locked (backup)", BusyError),
    "lock timed out": ("500 can't lock file '/run/lock/lxc/pve-config-1000.lock' - got timeout", BusyError),
    "no quorum": ("500 cluster not ready - no quorum?", BusyError),
    "somebody wrote": (
        "500 detected modified configuration - file changed by other user? Try again.",
        ConflictError,
    ),
    "moved away": ("500 Configuration file 'nodes/pve1/lxc/1000.conf' does not exist", ConflictError),
    "runs already": ("500 CT 1000 already running", ConflictError),
    "does not run": ("500 CT 1000 not running", ConflictError),
    "large enough": ("500 disk is already at specified size", ConflictError),
    "there already": ("500 CT 1000 already exists on node 'pve1'", ConflictError),
    "not allowed": ("403 Permission check failed (/vms/1000, VM.Allocate)", RefusalError),
    "root alone": (
        "403 Permission check failed (mount point type bind is only allowed for root@pam)",
        RefusalError,
    ),
    "not plugged": ("400 Parameter verification failed.", RefusalError),
    "smaller": ("500 unable to shrink disk size", RefusalError),
    "anything else": ("500 something new", RefusalError),
    "worker lost": ("500 got no worker upid - start worker failed", OutcomeUnknownError),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("status", "error"), FAULTS.values(), ids=FAULTS)
async def test_what_a_failure_means_is_the_same_for_every_act(
    verb: str, status: str, error: type[TargetError]
) -> None:
    with pytest.raises(error) as caught:
        await take(verb, told(verb), answer(status, '{"data":null}'))
    if error in (TransportError, OutcomeUnknownError):
        assert caught.value.scope == ("" if verb == "enroll" else "node/pve1")


@pytest.mark.parametrize("verb", VERBS)
async def test_a_lost_reply_is_in_doubt_and_nothing_is_repeated(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "WRITE_SECONDS", 0.2)
    async with serve(by_path(replies(), b""), keep=True) as server:
        cluster = connected(server.port)
        with pytest.raises(OutcomeUnknownError):
            await KIND.acts[verb](cluster, told(verb))
        await cluster.api.close()

        assert len(writes(server)) == 1
        assert cluster.making == ({1000} if verb in ("create", "clone") else set())


async def test_what_was_certainly_not_made_is_not_in_the_making() -> None:
    async with serve(by_path(replies(), answer("500 no such storage", "{}"))) as server:
        cluster = connected(server.port)
        with pytest.raises(RefusalError):
            await KIND.acts["create"](cluster, told("create"))
        await cluster.api.close()
    assert cluster.making == set()
