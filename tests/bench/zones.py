"""(g) Zones on a real PowerDNS, beside octoDNS: a plan, a first write, nothing to do, one changed record, one commit."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dns.message
import dns.query

from tests.bench.child import SideError
from tests.bench.compiling import commit, git
from tests.bench.daemon import COMMAND, Daemon, daemon
from tests.bench.estate import prepare
from tests.bench.figures import Figure, Spread
from tests.bench.forge import Estate, repository
from tests.bench.plan import PEER, Plan
from tests.systems.dns.servers.pdns import API_KEY, Pdns

AIM = 10.0
"""How many times faster the daemon is to be with nothing to do, and with one commit."""
PATIENCE = 120.0
REST = 1.0
"""Seconds between two commits, in which everything that the first one set off comes to its end."""
OCTODNS = PEER.with_name("octodns-sync")
SECRETS = {"BENCH_DNS": API_KEY}
NAMESERVERS = ("ns1.example.net.", "ns2.example.net.")


@dataclass(frozen=True)
class Zone:
    """A zone of so many A records, of which one is changed again and again."""

    name: str
    size: int

    def addresses(self, change: int = 0) -> Iterator[tuple[str, str]]:
        """Name and address of each record; the first one is what changes."""
        yield "h00000", f"192.0.2.{change % 250 + 1}"
        yield from ((f"h{n:05}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(1, self.size))

    def ours(self, change: int = 0) -> str:
        """As Setpoint declares it."""
        rows = (f"    {name}: {{A: {address}}}" for name, address in self.addresses(change))
        head = f"kind: DnsZone\nmetadata: {{name: {self.name}}}\ntarget: pdns\npolicy: {{interval: 24h}}\nspec:\n"
        return f"{head}  nameservers: {json.dumps(NAMESERVERS)}\n  records:\n" + "\n".join(rows) + "\n"

    def theirs(self, change: int = 0) -> str:
        """As octoDNS declares it."""
        rows = (
            f"{name}:\n  ttl: 3600\n  type: A\n  value: {address}" for name, address in self.addresses(change)
        )
        return "'':\n  type: NS\n  ttl: 3600\n  values:\n" + "\n".join(
            (*(f"  - {name}" for name in NAMESERVERS), *rows, "")
        )


@dataclass(frozen=True)
class Run:
    """One command, or one answer of the daemon.

    Attributes:
        seconds: from its beginning to its end.
        work: seconds of processors, its own and of what it called; on a machine that does other things too, this tells more.
        memory: bytes in memory at most.
        writes: by how much the zone's serial rose, and with each PATCH it does by one.
    """

    seconds: float
    work: float
    memory: int
    writes: int


@dataclass(frozen=True)
class Side:
    """Who did what, each several times: `plan`, `apply`, `no-op`, `one change`, `one commit`."""

    name: str
    runs: Mapping[str, tuple[Run, ...]]

    def seconds(self, what: str) -> Spread:
        return Spread(tuple(run.seconds for run in self.runs[what]))

    def work(self, what: str) -> Spread:
        return Spread(tuple(run.work for run in self.runs[what]))

    def memory(self) -> int:
        return max(run.memory for runs in self.runs.values() for run in runs)

    def writes(self, what: str) -> list[int]:
        return sorted({run.writes for run in self.runs[what]})


def measure(plan: Plan) -> Iterator[Figure]:
    """Both tools over zones of the same size on the same server, one after the other."""
    for size in dict.fromkeys((max(plan.small // 2, 2), plan.large)):
        server = Pdns()
        server.start()
        try:
            place = plan.folder(f"zones-{size}")
            peer = _octodns(place, server, Zone("theirs.test", size), plan) if OCTODNS.exists() else None
            cold = _command_line(place, server, Zone("ours.test", size), plan)
            warm = _daemon(place, server, Zone("watched.test", size), plan)
        finally:
            server.close()
        yield from _figures(size, peer, cold, warm)


def _figures(size: int, peer: Side | None, cold: Side, warm: Side) -> Iterator[Figure]:
    for what in ("plan", "apply", "no-op", "one change"):
        yield _compared(f"{what}, {size:,} records, command line", what, cold, peer)
    for what in ("no-op", "one commit"):
        yield _compared(f"{what}, {size:,} records, daemon", what, warm, peer, AIM)
    written = warm.writes("no-op") + cold.writes("no-op")
    yield Figure(
        part="g",
        what=f"PATCHes when nothing changed, {size:,} records",
        figure=str(sum(written)),
        beside=f"of one commit {warm.writes('one commit')}"
        + (f", octoDNS {peer.writes('no-op')} and {peer.writes('one change')}" if peer else ""),
        aim="0",
        met=sum(written) == 0,
        values={"writes": written},
    )


def _compared(label: str, what: str, mine: Side, peer: Side | None, aim: float = 0.0) -> Figure:
    here = mine.seconds(what)
    if peer is None:
        figure = f"{here.middle * 1e3:,.0f} ms"
        return Figure("g", label, figure, here.show(",.0f", 1e3), values={"here": here.runs})
    there = peer.seconds(what)
    ratio = there.middle / here.middle
    memory = f"{mine.memory() >> 20} MiB beside {peer.memory() >> 20} MiB"
    work = f"{mine.work(what).middle:.2f} s of a processor beside {peer.work(what).middle:.2f} s"
    return Figure(
        part="g",
        what=label,
        figure=f"{ratio:.1f} x faster",
        beside=f"{here.show(',.0f', 1e3)} ms, octoDNS {there.show(',.0f', 1e3)} ms; {work}; {memory}",
        aim=f">= {aim:g} x" if aim else "",
        met=ratio >= aim if aim else None,
        values={"here": here.runs, "there": there.runs},
    )


@dataclass(frozen=True)
class _Desk:
    """The server and the zone that is measured."""

    server: Pdns
    zone: Zone

    def serial(self) -> int:
        """Of the zone; 0 while there is none."""
        status, told = self.server.api("GET", f"/zones/{self.zone.name}.?rrsets=false")
        return int(told["serial"]) if status == 200 else 0

    def serves(self, change: int) -> bool:
        """Whether the changed record is what a question over DNS is answered with."""
        _, wanted = next(self.zone.addresses(change))
        query = dns.message.make_query(f"h00000.{self.zone.name}.", "A")
        answer = dns.query.udp(query, "127.0.0.1", PATIENCE, self.server.port)
        return any(wanted in rrset.to_text().split() for rrset in answer.answer)

    def await_served(self, change: int) -> bool:
        """Ask until it is served, by a question that costs the machine next to nothing; False when it never is."""
        _, wanted = next(self.zone.addresses(change))
        wire = dns.message.make_query(f"h00000.{self.zone.name}.", "A").to_wire()
        deadline, before = time.perf_counter() + PATIENCE, b""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(PATIENCE)
            line.connect(("127.0.0.1", self.server.port))
            while time.perf_counter() < deadline:
                line.send(wire)
                answer = line.recv(4096)
                if answer != before and wanted in dns.message.from_wire(answer).to_text().split():
                    return True
                before = answer
                time.sleep(0.001)
        return False

    def run(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> Run:
        """A command from beginning to end."""
        before, began = self.serial(), time.perf_counter()
        process = subprocess.Popen(
            [*map(str, command)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        said = process.stdout.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        taken = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode not in (0, 2):
            raise SideError(f"{command[0]} ended with {process.returncode}\n{said[-3000:]}")
        work = used.ru_utime + used.ru_stime
        return Run(taken, work, used.ru_maxrss << 10, self.serial() - before if before else 0)


def _octodns(root: Path, server: Pdns, zone: Zone, plan: Plan) -> Side:
    """octoDNS as its users call it; with a commit that is by a job, which fetches that first."""
    place, desk = root / "octodns", _Desk(server, zone)
    author, pulls = _cloned(root, place), list[float]()
    target = {
        "class": "octodns_powerdns.PowerDnsProvider",
        "host": "127.0.0.1",
        "port": server.api_port,
        "api_key": API_KEY,
    }
    source = {"class": "octodns.provider.yaml.YamlProvider", "directory": str(place), "enforce_order": False}
    zones = {f"{zone.name}.": {"sources": ["here"], "targets": ["pdns"]}}
    config = {"providers": {"here": source, "pdns": target}, "zones": zones}
    (root / "octodns.yaml").write_text(json.dumps(config))
    command = (OCTODNS, "--config-file", root / "octodns.yaml")

    def write(change: int) -> None:
        (author / f"{zone.name}.yaml").write_text(zone.theirs(change))
        commit(author, f"Change {change}")
        git(author, "push", "-q", "origin", "main")
        began = time.perf_counter()
        git(place, "pull", "-q", "--ff-only", "origin", "main")
        pulls.append(time.perf_counter() - began)

    def do(*more: str) -> Run:
        return desk.run((*command, *more), dict(os.environ))

    runs = _told(desk, write, plan, look=do, act=lambda: do("--doit", "--force"))
    with_pull = zip(pulls[1:], runs["one change"], strict=True)
    told = tuple(replace(run, seconds=pull + run.seconds) for pull, run in with_pull)
    return Side("octodns", {**runs, "one commit": told})


def _cloned(root: Path, place: Path) -> Path:
    """A repository of which `place` is a clone, and another clone, to commit in."""
    bare, author = root / "octodns.git", root / "octodns-author"
    git(root, "init", "-q", "--bare", "-b", "main", str(bare))
    for clone in (author, place):
        git(root, "init", "-q", "-b", "main", str(clone))
        git(clone, "remote", "add", "origin", str(bare))
    return author


def _command_line(root: Path, server: Pdns, zone: Zone, plan: Plan) -> Side:
    """`setpoint plan` and `setpoint apply`, each a process of its own."""
    desk = _Desk(server, zone)
    folder = prepare(root / "cold", _declared(server, zone), secrets=SECRETS, systems=False)

    def write(change: int) -> None:
        (folder.declarations / "zone.yaml").write_text(zone.ours(change))

    def do(verb: str) -> Run:
        return desk.run((*COMMAND, verb), folder.environment)

    return Side("command line", _told(desk, write, plan, look=lambda: do("plan"), act=lambda: do("apply")))


def _told(
    desk: _Desk,
    write: Callable[[int], None],
    plan: Plan,
    *,
    look: Callable[[], Run],
    act: Callable[[], Run],
) -> dict[str, tuple[Run, ...]]:
    """What a command does with a zone that is new, as declared, and changed in one record.

    It looks once before that, so that both find their bytecode, as where they are installed.
    """
    write(0)
    look()
    runs: dict[str, tuple[Run, ...]] = {"plan": (look(),), "apply": (act(),)}
    runs["no-op"] = tuple(act() for _ in range(plan.rounds))
    changed: list[Run] = []
    for change in range(1, plan.rounds + 1):
        write(change)
        changed.append(act())
        if not desk.serves(change):
            raise SideError(f"{desk.zone.name} does not serve change {change}")
    return {**runs, "one change": tuple(changed)}


def _daemon(root: Path, server: Pdns, zone: Zone, plan: Plan) -> Side:
    """A daemon that runs already: it is asked to look, or told of a commit."""
    desk = _Desk(server, zone)
    estate = repository(root / "warm", _declared(server, zone), SECRETS)
    with daemon(estate.folder) as running:
        running.in_sync()
        looked = tuple(_look(running, desk) for _ in range(plan.rounds))
        # The first one is not counted: it is what finds everything cold.
        changed = tuple(_change(running, estate, desk, n) for n in range(1, plan.rounds + 2))[1:]
    return Side("daemon", {"no-op": looked, "one commit": changed})


def _look(running: Daemon, desk: _Desk) -> Run:
    """From the request to look now to its answer."""
    client, before, worked, began = running.client(), desk.serial(), running.work(), time.perf_counter()
    body = {"keys": [f"DnsZone/{desk.zone.name}"], "namespace": "default"}
    ((key, number),) = client.post("/v1/resync", body)["requests"].items()
    answer = client.get("/v1/resync", key=key, number=number, wait=20.0, seconds=40.0)
    taken, work = time.perf_counter() - began, running.work() - worked
    if not answer["handled"] or answer["resource"]["outcome"] != "Done":
        raise SideError(f"{key}: {answer}")
    return Run(taken, work, running.memory()["VmHWM"], desk.serial() - before)


def _change(running: Daemon, estate: Estate, desk: _Desk, number: int) -> Run:
    """From the forge's call to the record that is served."""
    time.sleep(REST)
    (estate.folder.declarations / "zone.yaml").write_text(desk.zone.ours(number))
    commit(estate.folder.declarations, f"Change {number}")
    estate.push()
    before, worked, began = desk.serial(), running.work(), time.perf_counter()
    estate.ring()
    if not desk.await_served(number):
        raise SideError(f"{desk.zone.name} does not serve change {number}\n{running.log.read_text()[-3000:]}")
    taken = time.perf_counter() - began
    running.in_sync()
    return Run(taken, running.work() - worked, running.memory()["VmHWM"], desk.serial() - before)


def _declared(server: Pdns, zone: Zone) -> Iterator[tuple[str, str]]:
    access: dict[str, Any] = {"endpoint": server.url, "key": {"env": "BENCH_DNS"}}
    about = {"kind": "DnsServer", "metadata": {"name": "pdns"}, "spec": {"powerdns": access}}
    yield "server.yaml", json.dumps(about)
    yield "zone.yaml", zone.ours()
