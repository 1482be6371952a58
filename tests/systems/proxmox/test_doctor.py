"""What `doctor` finds of a cluster: every fault by name, and commands after which it is gone."""

from __future__ import annotations

import http.server
import shlex
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from setpoint.model.examine import Check, Examination, Verdict
from setpoint.model.key import Key
from setpoint.model.secret import Secret
from setpoint_lab.clock import EPOCH
from setpoint_lab.process import start_proxmox
from setpoint_proxmox import doctor, doctor_endpoints, transport
from setpoint_proxmox.access import NEEDS
from setpoint_proxmox.doctor_endpoints import Met, endpoint_checks
from setpoint_proxmox.doctor_needs import grant_commands, lacking, named, requirements
from setpoint_proxmox.endpoint import Endpoint
from setpoint_proxmox.kinds.backup_job.spec import BackupJobSpec
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.firewall.spec import FirewallSpec
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.kinds.ha_resource.spec import HaResourceSpec
from setpoint_proxmox.kinds.ha_rule.spec import HaRuleSpec
from setpoint_proxmox.kinds.network.spec import NetworkSpec
from setpoint_proxmox.kinds.pool.spec import PoolSpec
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.transport import Greeting
from tests.systems.proxmox.certificates import Certificate
from tests.systems.proxmox.drive import ROLES, SECRET, TOKEN, Lab, cluster_spec, world

OK, WARNING, WRONG = Verdict.OK, Verdict.WARNING, Verdict.WRONG
USER = TOKEN.partition("!")[0]

PLAIN: dict[str, Any] = {
    "node": "pve1",
    "disks": {"scsi0": {"storage": "local-zfs", "size": "4GiB"}},
    "nics": {"net0": {"bridge": "vmbr0"}, "net1": {"bridge": "vmbr1", "vlan": 20}},
}
RICH: dict[str, Any] = {
    **PLAIN,
    "vmid": 150,
    "clone": {"from": 9000},
    "cloudInit": {"user": "admin", "storage": "tank"},
    "cdroms": {"ide0": {"iso": "local:iso/debian.iso"}},
    "agent": True,
    "startup": {"order": 1},
    "pool": "prod",
    "pci": {"hostpci0": {"mapping": "gpu"}},
    "usb": {"usb0": {"mapping": "key"}},
}


@pytest.fixture(autouse=True)
def same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """This host's clock shows what the emulator's begins with."""
    host = SimpleNamespace(time=lambda: EPOCH)
    monkeypatch.setattr(doctor_endpoints, "time", host)


def held(*specs: Mapping[str, Any]) -> dict[Key, VirtualMachineSpec]:
    return {
        Key("default", "VirtualMachine", f"m{number}"): VirtualMachineSpec.model_validate(spec)
        for number, spec in enumerate(specs)
    }


async def examined(
    *endpoints: str, specs: tuple[Mapping[str, Any], ...] = (PLAIN,), secret: str = SECRET, **fields: Any
) -> list[Check]:
    asked = Examination(cluster_spec(*endpoints, **fields), {"token": Secret(secret)}, held(*specs))
    return [check async for check in doctor.examine(asked)]


def of(checks: list[Check], *verdicts: Verdict) -> list[str]:
    return [check.name for check in checks if check.verdict in verdicts]


def missing(checks: list[Check]) -> set[tuple[str, str]]:
    """The privileges that are told to be missing, with their paths."""
    return {
        (check.name.removeprefix("privilege "), check.sentence.partition(" on ")[2].partition(",")[0])
        for check in checks
        if check.name.startswith("privilege ")
    }


def commands(checks: list[Check]) -> list[str]:
    return [command for check in checks for command in check.commands]


def obey(lab: Lab, checks: list[Check]) -> None:
    """Do what the printed commands do, as root on a node."""
    for command in commands(checks):
        match shlex.split(command):
            case ["pveum", "role", "add", role, "--privs", privileges]:
                lab.api("POST", "access/roles", roleid=role, privs=privileges)
            case ["pveum", "role", "modify", role, "--append", "1", "--privs", privileges]:
                lab.api("PUT", f"access/roles/{role}", privs=privileges, append=1)
            case ["pveum", "acl", "modify", path, "--users", users, "--tokens", tokens, "--roles", role]:
                lab.api("PUT", f"access/acl?path={path}", users=users, tokens=tokens, roles=role)
            case words:
                raise AssertionError(words)


async def test_a_good_cluster_is_well(lab: Lab) -> None:
    checks = await examined(lab.url)

    assert of(checks, WARNING, WRONG) == []
    assert [check.name.split()[0] for check in checks] == [
        "endpoint", "version", "clock", "token", "nodes", "privileges",
    ]  # fmt: skip
    assert lab.writes() == []


def test_a_pool_needs_rights_on_pools_and_on_its_storages() -> None:
    found = requirements([PoolSpec(storages=("tank",))], {}, ())
    assert {(one.path, one.name) for one in found} >= {
        ("/pool", "Pool.Allocate"),
        ("/pool", "Pool.Audit"),
        ("/storage/tank", "Datastore.Allocate"),
    }


@pytest.mark.parametrize(
    ("node", "path", "below"), [("pve1", "/nodes/pve1", False), (None, "/nodes", True)], ids=["one", "any"]
)
def test_an_image_needs_rights_on_its_storage_and_on_the_node_that_fetches_it(
    node: str | None, path: str, *, below: bool
) -> None:
    image = GuestImageSpec.model_validate(
        {
            "node": node,
            "storage": "nas",
            "url": "http://h/a.raw",
            "checksum": f"md5:{'0' * 32}",
            "replace": True,
        }
    )
    found = requirements([image], {}, ())
    assert {(one.path, one.name, one.below) for one in found} >= {
        ("/storage/nas", "Datastore.AllocateTemplate", False),
        ("/storage/nas", "Datastore.Allocate", False),
        ("/storage/nas", "Datastore.Audit|Datastore.AllocateSpace", False),
        (path, "Sys.AccessNetwork", below),
    }


def test_a_backup_job_needs_rights_on_the_cluster_its_storage_and_its_pool() -> None:
    job = BackupJobSpec.model_validate(
        {"guests": {"pool": "p"}, "schedule": "daily", "storage": "nas", "retention": {"keepLast": 1}}
    )
    assert {(one.path, one.name) for one in requirements([job], {}, ())} >= {
        ("/", "Sys.Modify"),
        ("/storage/nas", "Datastore.AllocateSpace"),
        ("/storage/nas", "Datastore.Allocate"),
        ("/pool/p", "VM.Backup"),
    }


@pytest.mark.parametrize(
    "spec",
    [
        HaResourceSpec.model_validate({"sid": "vm:100", "state": "started"}),
        HaRuleSpec.model_validate({"resources": ["vm:100"], "nodes": {"pve1": 0}}),
    ],
    ids=["resource", "rule"],
)
def test_high_availability_needs_a_right_on_the_cluster(spec: object) -> None:
    assert ("/", "Sys.Console") in {(one.path, one.name) for one in requirements([spec], {}, ())}


def test_a_container_needs_rights_on_what_it_lies_on_is_made_from_and_is_connected_to() -> None:
    container = ContainerSpec.model_validate(
        {
            "template": "local:vztmpl/debian.tar.zst",
            "unprivileged": False,
            "rootfs": {"storage": "tank", "size": "8GiB"},
            "mountPoints": {"mp0": {"storage": "ceph", "size": "8GiB", "path": "/data"}},
            "nics": {"net0": {"bridge": "vmbr0"}},
            "pool": "prod",
        }
    )
    found = {(one.name, one.path) for one in requirements([container], {}, ())}
    assert found >= {
        ("Datastore.AllocateSpace", "/storage/tank"),
        ("Datastore.AllocateSpace", "/storage/ceph"),
        ("Datastore.Audit|Datastore.AllocateSpace", "/storage/local"),
        ("SDN.Use", "/sdn/zones/localnetwork/vmbr0"),
        ("Pool.Allocate", "/pool/prod"),
        ("Sys.Modify", "/"),
    }


def test_a_network_needs_rights_on_all_networks() -> None:
    spec = NetworkSpec.model_validate({"type": "simple", "vnets": {"lan0": {}}})
    found = requirements([spec], {}, ())
    assert {(one.path, one.name, one.below) for one in found} >= {
        ("/sdn", "SDN.Allocate", True),
        ("/sdn", "SDN.Audit", True),
    }


def test_the_firewall_of_the_cluster_needs_more_than_that_of_a_guest() -> None:
    cluster, guest = FirewallSpec(cluster=True), FirewallSpec(virtual_machine="web01")
    wanted = ("/", "Sys.Modify")
    assert wanted in {(one.path, one.name) for one in requirements([cluster], {}, ())}
    assert wanted not in {(one.path, one.name) for one in requirements([guest], {}, ())}


def test_every_general_need_is_among_the_requirements() -> None:
    found = {(one.path, one.name) for one in requirements([], {}, ())}

    assert found == {(need.path, name) for need in NEEDS if not need.optional for name in need.names}


def test_what_is_declared_is_needed_on_its_own_path() -> None:
    found = {
        (one.name, one.path) for one in requirements(held(RICH).values(), {"vmbr1": "zone1"}, ["/vms/1001"])
    }

    assert {
        ("Datastore.AllocateSpace", "/storage/local-zfs"),
        ("Datastore.Audit", "/storage/tank"),
        ("Datastore.Audit|Datastore.AllocateSpace", "/storage/local"),
        ("SDN.Use", "/sdn/zones/localnetwork/vmbr0"),
        ("SDN.Use", "/sdn/zones/zone1/vmbr1/20"),
        ("VM.Clone", "/vms/9000"),
        ("VM.Config.Cloudinit", "/vms"),
        ("VM.Config.Cloudinit", "/vms/150"),
        ("VM.Config.CDROM", "/vms"),
        ("VM.GuestAgent.Audit|VM.Monitor", "/vms"),
        ("VM.Allocate", "/vms/1001"),
        ("Sys.Modify", "/"),
        ("Pool.Allocate", "/pool/prod"),
        ("Mapping.Use", "/mapping/pci/gpu"),
        ("Mapping.Use", "/mapping/usb/key"),
    } <= found
    assert ("Datastore.AllocateSpace", "/storage") not in found


@pytest.mark.parametrize(
    "specs", [(), (PLAIN,), (RICH,)], ids=["nothing declared", "a plain VM", "a rich VM"]
)
async def test_with_nothing_granted_each_privilege_is_named_and_the_commands_grant_them_all(
    lab: Lab, specs: tuple[Mapping[str, Any], ...]
) -> None:
    lab.begin(world({}, pools=[{"poolid": "prod"}]))
    needed = requirements(held(*specs).values(), {}, ())

    checks = await examined(lab.url, specs=specs)

    assert missing(checks) == {(one.name.split("|")[0], one.path) for one in needed}
    obey(lab, checks)
    assert of(await examined(lab.url, specs=specs), WARNING, WRONG) == []


@pytest.mark.parametrize("taken", sorted(ROLES))
async def test_a_role_that_was_lost_is_named_and_mended(lab: Lab, taken: str) -> None:
    lab.happen("acl_taken", path=taken, ugid=TOKEN)

    checks = await examined(lab.url, specs=(RICH | {"pool": None, "pci": {}, "usb": {}, "startup": {}},))
    top = {path if path == "/" else f"/{path.split('/')[1]}" for _, path in missing(checks)}

    # What root lost at the top is also lost below, where it was only inherited.
    assert top - {"/"} == ({taken} if taken != "/" else set())
    obey(lab, checks)
    again = await examined(lab.url, specs=(RICH | {"pool": None, "pci": {}, "usb": {}, "startup": {}},))
    assert of(again, WARNING, WRONG) == []


async def test_a_permission_lost_on_one_path_is_told_for_that_path_alone(lab: Lab) -> None:
    acl = [{"path": "/storage/tank", "type": "token", "ugid": TOKEN, "roleid": "NoAccess", "propagate": 1}]
    lab.begin(world(acls=[*world()["acls"], *acl]))
    spec = PLAIN | {"tpm": {"storage": "tank"}}

    checks = await examined(lab.url, specs=(spec,))

    assert missing(checks) == {
        ("Datastore.AllocateSpace", "/storage/tank"),
        ("Datastore.Audit", "/storage/tank"),
    }
    assert len([command for command in commands(checks) if "acl modify" in command]) == 1
    lab.happen("acl_taken", path="/storage/tank", ugid=TOKEN)
    assert of(await examined(lab.url, specs=(spec,)), WARNING, WRONG) == []


async def test_a_role_of_ours_that_is_there_is_extended_and_keeps_what_it_has(lab: Lab) -> None:
    lab.begin(
        world(ROLES | {"/vms": "SetpointGuests"}, roles=[{"roleid": "SetpointGuests", "privs": "VM.Audit"}])
    )

    checks = await examined(lab.url)

    assert any(
        command.startswith("pveum role modify SetpointGuests --append 1") for command in commands(checks)
    )
    assert ("VM.Audit", "/vms") not in missing(checks)
    obey(lab, checks)
    assert of(await examined(lab.url), WARNING, WRONG) == []


def test_root_needs_no_entry_of_its_own() -> None:
    needed = requirements([], {}, ())
    privileges = [named(one, frozenset()) for one in lacking(needed, {})]

    found = grant_commands(privileges, privileges, (), "root@pam!ctl")

    assert "pveum acl modify / --tokens 'root@pam!ctl' --roles SetpointCluster" in found


async def test_a_wrong_secret_is_told_with_the_commands_for_tokens(lab: Lab) -> None:
    checks = await examined(lab.url, secret="11111111-2222-3333-4444-555555555555")

    assert of(checks, WRONG) == ["token"]
    assert of(checks, OK)[0].startswith("endpoint")
    assert f"pveum user token add {USER} ctl --privsep 1" in commands(checks)
    assert all("11111111" not in str(check) for check in checks)


async def test_an_expired_token_is_told(lab: Lab) -> None:
    now = int(lab.get("clock")["now"])
    lab.begin(world(tokens=[{"tokenid": TOKEN, "secret": SECRET, "privsep": 1, "expire": now - 60}]))

    checks = await examined(lab.url)

    assert of(checks, WRONG) == ["token"]
    assert f"pveum user token modify {USER} ctl --expire 0" in commands(checks)


async def test_an_endpoint_that_is_down_spoils_no_other(lab: Lab) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]

    checks = await examined(f"http://127.0.0.1:{port}", lab.url)

    assert of(checks, WRONG) == [f"endpoint 127.0.0.1:{port}"]
    assert "Connection refused" in checks[0].sentence
    assert "privileges" in of(checks, OK)


async def test_an_endpoint_that_hangs_costs_its_time_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.5)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        checks = await examined(url, lab.url)

    assert time.monotonic() - began < 10
    assert "gave no answer within" in checks[0].sentence
    assert "privileges" in of(checks, OK)


async def test_a_stranger_at_the_endpoint_is_told(lab: Lab) -> None:
    with stranger() as url:
        checks = await examined(url)

    assert [(check.verdict, "not the Proxmox API" in check.sentence) for check in checks] == [(WRONG, True)]


@contextmanager
def stranger() -> Iterator[str]:
    """A web server that knows nothing of Proxmox."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"hi")

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_daemon_that_is_stopped_is_told(lab: Lab) -> None:
    lab.happen("service_stop", value="pvedaemon", node="pve1")

    checks = await examined(lab.url)

    assert of(checks, WRONG) != []
    assert all(check.remedy for check in checks if check.verdict is WRONG)


async def test_nodes_and_quorum_are_told(lab: Lab) -> None:
    lab.happen("node_offline", value="pve2", quorum=False)

    checks = await examined(lab.url)

    assert of(checks, WRONG) == ["quorum"]
    assert of(checks, WARNING) == ["nodes"]


async def test_a_clock_that_differs_is_warned_of(lab: Lab) -> None:
    lab.post("clock", {"advance": 60})

    checks = await examined(lab.url)

    assert [name.split()[0] for name in of(checks, WARNING)] == ["clock"]


@pytest.mark.parametrize(
    ("ahead", "verdict", "words"),
    [
        (4, OK, "agrees"),
        (-4, OK, "agrees"),
        (7, WARNING, "7 s ahead of"),
        (-7, WARNING, "7 s behind"),
    ],
    ids=["a little ahead", "a little behind", "ahead", "behind"],
)
def test_clocks_agree_within_five_seconds(ahead: int, verdict: Verdict, words: str) -> None:
    greeting = Greeting(200, "OK", "9.2.11", clock=1000.5 + ahead, took=1.0)

    *_, clock = endpoint_checks(Met(Endpoint("pve1", 8006), greeting, at=1001.0), cluster_spec("pve1"))

    assert (clock.verdict, words in clock.sentence) == (verdict, True)


@pytest.mark.parametrize(
    ("version", "verdict"), [("9.2.11", OK), ("8.0", OK), ("7.4-3", WRONG)], ids=["9", "8", "7"]
)
def test_an_old_version_is_wrong(version: str, verdict: Verdict) -> None:
    greeting = Greeting(200, "OK", version, clock=None, took=0.0)

    _, found = endpoint_checks(Met(Endpoint("pve1", 8006), greeting, at=0.0), cluster_spec("pve1"))

    assert found.verdict is verdict


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def url(certificate: Certificate) -> Iterator[str]:
    with start_proxmox(
        clock="virtual", lag=0, tls=(certificate.pem, certificate.key), state=world()
    ) as running:
        yield running.url


async def test_the_declared_fingerprint_is_trusted(url: str, certificate: Certificate) -> None:
    checks = await examined(url, fingerprint=certificate.fingerprint)
    assert of(checks, WRONG) == []
    assert "has the declared fingerprint" in checks[0].sentence


async def test_the_declared_authority_is_trusted(url: str, certificate: Certificate) -> None:
    checks = await examined(url, ca=str(certificate.pem))
    assert of(checks, WRONG) == []


async def test_another_fingerprint_is_told_with_the_one_that_was_seen(
    url: str, certificate: Certificate
) -> None:
    checks = await examined(url, fingerprint="AB" * 32)
    assert [check.verdict for check in checks] == [WRONG]
    assert certificate.fingerprint.lower() in checks[0].sentence.replace(":", "").lower()
    assert "no token was sent" in checks[0].sentence
    assert "openssl" in commands(checks)[0]


async def test_an_unknown_authority_is_told_with_what_to_copy(url: str, certificate: Certificate) -> None:
    checks = await examined(url)
    assert [check.verdict for check in checks] == [WRONG]
    assert "not trusted" in checks[0].sentence
    assert "/etc/pve/pve-root-ca.pem" in checks[0].remedy


async def test_a_missing_file_of_the_authority_is_told(url: str, certificate: Certificate) -> None:
    checks = await examined(url, ca="/nonexistent/ca.pem")
    assert [check.verdict for check in checks] == [WRONG]
    assert "/nonexistent/ca.pem" in f"{checks[0].sentence} {checks[0].remedy}"
