"""An estate that grew by hand is read into a repository and taken over: nothing restarts, and nothing is written but marks."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from setpoint_lab.process import start_proxmox
from tests.rig.admin import Admin, Said, come_in
from tests.systems.proxmox.drive import SECRET, TOKEN, Lab, world
from tests.systems.proxmox.handmade_estate import handmade
from tests.systems.proxmox.test_vm_adoption import others

GUESTS = 50


@dataclass(frozen=True)
class ClusterAdmin(Admin):
    """Somebody who takes over the guests of a cluster."""

    lab: Lab

    def init(self, *arguments: str | Path, url: str = "") -> Said:
        where = ("--endpoint", url or self.lab.url, "--token", TOKEN, "--token-file", self.root / "token")
        return self.say("init", self.folder, "--from", "proxmox", *where, *arguments)

    def files(self) -> dict[int, str]:
        """Every guest's file in /etc/pve."""
        return {guest["vmid"]: guest["file"] for guest in self.lab.get("state")["guests"]}

    def manifests(self) -> list[Path]:
        return [path for path in (self.folder / "estate").rglob("*.yaml") if path.name != "defaults.yaml"]


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(lag=0) as running:
        yield running.url


@pytest.fixture
def admin(
    emulator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> ClusterAdmin:
    lab = Lab(emulator)
    lab.begin(handmade())
    come_in(tmp_path, monkeypatch, token=SECRET)
    return ClusterAdmin(tmp_path, capsys, lab)


@pytest.mark.timeout(900)
def test_an_estate_of_fifty_is_taken_over_and_then_changed_by_one_default(admin: ClusterAdmin) -> None:
    lab, before = admin.lab, admin.files()
    said = admin.init("-o", "json")
    assert said.code == 0, said.err
    assert (len(said.told["declared"]), said.told["complete"], lab.writes()) == (GUESTS, True, [])
    assert len(admin.manifests()) == GUESTS + 1, "and the cluster"
    lines = sum(path.read_text().count("\n") for path in admin.folder.rglob("*.yaml"))
    assert lines < 400, "the whole repository"
    assert SECRET not in admin.text()
    assert admin.say("validate", admin.folder / "estate").code == 0

    admin.commit("Begin")
    told = admin.do("adopt", "--all", "-o", "json")
    assert (told.code, len(told.told["marks"]), told.told["others"]) == (0, GUESTS, [])
    assert lab.writes() == []

    done = admin.do("adopt", "--all", "--yes")
    assert (done.code, done.out) == (0, f"{GUESTS} objects adopted, nothing else was written.\n"), done.err
    assert sorted(path.split("/")[-2] for path in lab.writes()) == sorted(
        str(vmid) for vmid in before if vmid < 9000
    )
    assert all(path.endswith("/config") for path in lab.writes())
    assert lab.get("effects") == []
    now = admin.files()
    assert {vmid: lines_of(text) for vmid, text in now.items()} == {
        vmid: lines_of(text) for vmid, text in before.items()
    }

    written = len(lab.writes())
    assert admin.do("plan").code == 0
    again = admin.do("adopt", "--all")
    assert (again.code, again.out) == (0, f"Nothing to adopt: {GUESTS + 1} resources in sync.\n")
    assert len(lab.writes()) == written

    layers = admin.folder / "estate/lab/defaults.yaml"
    layers.write_text(layers.read_text().replace("spec:\n", "spec:\n  protection: true\n"))
    admin.commit("Protect all")
    planned = admin.do("plan", "-o", "json")
    assert (planned.code, planned.told["summary"]["change"]) == (2, GUESTS)
    assert admin.do("apply").code == 0
    assert all("protection: 1" in text for vmid, text in admin.files().items() if vmid < 9000)
    assert lab.get("effects") == []
    assert admin.do("plan").code == 0


def lines_of(text: str) -> list[str]:
    """The lines of a guest's file that our mark has nothing to do with."""
    return [line for line in others(text) if not line.startswith("hostname: ")]


def few(**parts: Any) -> dict[str, Any]:
    """A part of the estate: what is quickly read."""
    state = handmade()
    guests = [guest for guest in state["guests"] if guest["vmid"] in (101, 120, 201, 9000)]
    pools = [{"poolid": "Web_Shop", "members": [{"vmid": 101}]}]
    return {**state, "guests": guests, "pools": pools, **parts}


def changed(admin: ClusterAdmin) -> None:
    """Somebody changes a machine after it was read."""
    admin.lab.begin(few())
    assert admin.init().code == 0
    admin.commit("Begin")
    admin.lab.api("PUT", "nodes/pve1/qemu/120/config", onboot=0)


def test_what_was_changed_since_it_was_read_is_shown_before_anything_is_written(admin: ClusterAdmin) -> None:
    changed(admin)
    before, files = admin.lab.writes(), admin.files()
    shown = admin.do("adopt", "--all")
    assert shown.code == 2
    assert "onboot" in shown.out
    assert "2 objects to be marked; 1 resource would be changed beyond that" in shown.out
    held = admin.do("adopt", "--all", "--yes", "-o", "json")
    assert (held.code, held.told["others"], held.told["adopted"]) == (2, ["VirtualMachine/git"], False)
    assert (admin.lab.writes(), admin.files()) == (before, files)


def test_it_is_not_reverted_even_if_nobody_looked(admin: ClusterAdmin) -> None:
    changed(admin)
    assert admin.do("apply").code == 2
    assert "onboot: 0" in admin.files()[120]
    status = {row["key"]: row for row in admin.do("plan", "-o", "json").told["resources"]}
    assert [hold["rule"] for hold in status["VirtualMachine/git"]["holds"]] == ["DriftWarn"]


def declared(admin: ClusterAdmin) -> set[str]:
    return {path.relative_to(admin.folder / "estate").as_posix() for path in admin.manifests()}


@pytest.mark.parametrize(
    ("by", "places"),
    [
        ("pool", {"lab/web-shop/web01.yaml", "lab/default/git.yaml", "lab/default/dns2.yaml"}),
        ("tag", {"lab/web/web01.yaml", "lab/default/git.yaml", "lab/prod/dns2.yaml"}),
        ("none", {"lab/web01.yaml", "lab/git.yaml", "lab/dns2.yaml"}),
    ],
)
def test_namespaces_are_pools_or_tags_or_none(admin: ClusterAdmin, by: str, places: set[str]) -> None:
    admin.lab.begin(few())
    said = admin.init("--namespace-by", by, "-o", "json")
    assert declared(admin) == places | {"lab.yaml"}
    namespaces = {one["key"].rpartition("VirtualMachine/web01")[0] for one in said.told["declared"]}
    assert {"pool": "web-shop/", "tag": "web/", "none": ""}[by] in namespaces
    assert admin.say("validate", admin.folder / "estate").code == 0


def test_what_is_not_declared_is_told_with_its_reason(admin: ClusterAdmin) -> None:
    state = few()
    (git,) = (guest for guest in state["guests"] if guest["vmid"] == 120)
    git["file"] += "args: -no-hpet\n"
    admin.lab.begin(state)
    theirs = "setpoint: work default/Container/dns2 vmid=201"
    admin.lab.api("PUT", "nodes/pve1/lxc/201/config", description=theirs)
    said = admin.init()
    assert said.code == 0
    assert (
        "Left: Container 201 dns2: 201 of ProxmoxCluster/proxmox belongs to Container/dns2 of estate work"
        in said.out
    )
    assert "Left: VirtualMachine 9000 template-debian: it is a template" in said.out
    assert "Not declared of VirtualMachine/git, and left as it is: args" in said.out
    text = (admin.folder / "estate/lab/default/git.yaml").read_text()
    assert text.startswith("# Not declared, and left as it is: args\n")


def test_when_guests_may_be_hidden_nothing_is_written_unless_that_is_wanted(admin: ClusterAdmin) -> None:
    seen = {"/": "ClusterOnly", "/vms/120": "PVEVMAdmin"}
    blind = world(seen, roles=[{"roleid": "ClusterOnly", "privs": "Sys.Audit"}])
    admin.lab.begin(few(acls=blind["acls"], roles=blind["roles"]))
    said = admin.init()
    assert (said.code, admin.folder.exists()) == (1, False)
    assert "not everything can be seen, so nothing was written: guests may be hidden" in said.err
    assert "pveum acl modify /vms" in said.err
    part = admin.init("--incomplete")
    assert (part.code, declared(admin)) == (2, {"lab.yaml", "lab/git.yaml"})
    assert "Not all: guests may be hidden" in part.out


def test_a_node_that_never_joined_a_cluster_is_called_by_its_name(admin: ClusterAdmin) -> None:
    alone = handmade()["nodes"][:1]
    guests = [guest for guest in handmade()["guests"] if guest["vmid"] == 120]
    admin.lab.begin(few(nodes=alone, cluster=None, guests=guests, pools=[]))
    said = admin.init("-o", "json")
    assert (said.code, said.told["target"], declared(admin)) == (0, "pve1", {"pve1.yaml", "pve1/git.yaml"})


def test_what_is_ours_already_is_not_declared_once_more(admin: ClusterAdmin) -> None:
    admin.lab.begin(few())
    assert admin.init("--estate", "home").code == 0
    admin.commit("Begin")
    assert admin.do("adopt", "--all", "--yes").code == 0
    said = admin.say(
        "init", admin.root / "again", "--estate", "home", "--from", "proxmox", "--endpoint", admin.lab.url,
        "--token", TOKEN, "--token-file", admin.root / "token",
    )  # fmt: skip
    assert said.code == 0
    assert said.out.count(" is ours already: it is ") == 3


def test_reading_needs_no_more_than_an_auditor(admin: ClusterAdmin) -> None:
    admin.lab.begin(few(acls=world({"/": "PVEAuditor"})["acls"]))
    said = admin.init("-o", "json")
    assert (said.code, said.told["complete"], len(said.told["declared"])) == (0, True, 3)
    assert "pool: Web_Shop" in (admin.folder / "estate/lab/web-shop/web01.yaml").read_text()


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"reply_fails": {"status": 500, "reason": "broken"}}, id="it fails"),
        pytest.param({"reply_lost": {"status": 596, "executed": False}}, id="its node does not answer"),
    ],
)
def test_when_one_cannot_be_read_nothing_is_written(admin: ClusterAdmin, trouble: dict[str, Any]) -> None:
    admin.lab.begin(few())
    for kind, spec in trouble.items():
        admin.lab.happen(kind, method="GET", path="/nodes/*/qemu/120/pending", share=1, **spec)
    said = admin.init()
    assert (said.code, admin.folder.exists()) == (1, False)
    assert "VirtualMachine 120: " in said.err
    part = admin.init("--incomplete", "-o", "json")
    assert [one["id"] for one in part.told["left"] if one["unread"]] == ["120"]
    assert part.code == 2


def test_a_cluster_without_quorum_is_not_taken_for_what_it_was(admin: ClusterAdmin) -> None:
    admin.lab.begin(few())
    admin.lab.happen("quorum", value=False)
    said = admin.init()
    assert (said.code, admin.folder.exists(), "has no quorum" in said.err) == (1, False, True)


def test_when_a_node_is_off_its_guests_are_named(admin: ClusterAdmin) -> None:
    state = few()
    state["nodes"][2]["online"] = False
    admin.lab.begin(state)
    said = admin.init()
    assert (said.code, admin.folder.exists()) == (1, False)
    assert "VirtualMachine 101: 101 of ProxmoxCluster/proxmox cannot be looked at" in said.err
    assert "VM 101 is on node pve3, which is offline; mend that" in said.err
    part = admin.init("--incomplete", "-o", "json")
    assert (part.code, part.told["complete"]) == (2, False)
    assert [one["id"] for one in part.told["left"] if one["unread"]] == ["101"]
    assert declared(admin) == {"lab.yaml", "lab/git.yaml", "lab/dns2.yaml"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--from", "netbox"),
            "no estate can be read from 'netbox'; an estate can be read from axfr, powerdns, proxmox, zonefile",
        ),
        (("--from", "proxmox"), "--from needs --endpoint"),
        (
            ("--from", "proxmox", "--endpoint", "127.0.0.1", "--namespace-by", "tags"),
            "--namespace-by: nothing is grouped by 'tags'; did you mean tag?",
        ),
        (("--endpoint", "pve1"), "where to read is said, and not what; add --from SYSTEM"),
        (
            ("--from", "proxmox", "--endpoint", "127.0.0.1", "--token", "root", "--token-env", "TOKEN"),
            "spec.token.id",
        ),
        (
            ("--from", "proxmox", "--endpoint", "127.0.0.1", "--token", TOKEN, "--token-env", "NO_TOKEN"),
            "NO_TOKEN",
        ),
        (
            ("--from", "proxmox", "--endpoint", "127.0.0.1", "--token", TOKEN, "--token-file", "token", "--token-env", "T"),
            "--token-file and --token-env exclude each other",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence_and_nothing_is_written(
    admin: ClusterAdmin, arguments: tuple[str, ...], sentence: str
) -> None:
    said = admin.say("init", admin.folder, *arguments)
    assert (said.code, admin.folder.exists()) == (1, False)
    assert sentence in said.err


def test_a_cluster_that_does_not_answer_is_told(admin: ClusterAdmin) -> None:
    said = admin.init(url="http://127.0.0.1:1")
    assert (said.code, admin.folder.exists()) == (1, False)
    assert "127.0.0.1:1" in said.err


def test_the_token_never_becomes_a_part_of_the_repository(admin: ClusterAdmin) -> None:
    admin.folder.mkdir()
    (admin.root / "token").rename(admin.folder / "token")
    where = ("--endpoint", admin.lab.url, "--token", TOKEN, "--token-file", admin.folder / "token")
    said = admin.say("init", admin.folder, "--from", "proxmox", *where)
    assert said.code == 1
    assert "so the token would be committed; put it elsewhere" in said.err


def test_no_file_is_written_over_and_the_cluster_not_even_asked(admin: ClusterAdmin) -> None:
    admin.folder.mkdir()
    (admin.folder / "setpoint.yaml").write_text("mine")
    said = admin.init(url="http://127.0.0.1:1")
    assert (said.code, "has setpoint.yaml already, so nothing was written" in said.err) == (1, True)
