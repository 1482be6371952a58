"""(h) NixOS hosts of one flake: looks at them that find nothing to do, evaluations within their bounds, copies to one."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from setpoint_nixos.nix.openssh import settings
from tests.bench import host_copies, host_memory
from tests.bench.child import SideError
from tests.bench.daemon import Daemon, daemon
from tests.bench.farm import Farm, farm, look, straight
from tests.bench.figures import Figure, Spread
from tests.bench.machine import processors
from tests.bench.plan import Plan
from tests.systems.nixos.nixes import call
from tests.systems.nixos.simhost import RUNNING

HOSTS = 50
TOGETHER = 10
"""Hosts that colmena speaks to at once by default."""
_SYSTEM = "config.system.build.toplevel.outPath"
_EACH = f"builtins.mapAttrs (name: host: host.{_SYSTEM})"


@dataclass(frozen=True)
class Check:
    """One look at all hosts.

    Attributes:
        seconds: from the request to the last answer.
        work: seconds of processors on this side, hosts left out.
        sessions: commands that were begun at the hosts.
        calls: every Nix that was started.
    """

    seconds: float
    work: float
    sessions: int = 0
    calls: tuple[str, ...] = ()

    @property
    def evaluations(self) -> int:
        return sum(" eval " in one for one in self.calls)


def measure(plan: Plan) -> Iterator[Figure]:
    """A daemon that runs, and what people do without one, over the same hosts."""
    with farm(plan.folder("hosts"), min(HOSTS, plan.small)) as estate:
        yield from host_memory.figures(estate)
        estate.commit()
        peers = {name: _without(plan, estate, look) for name, look in PEERS.items()}
        with daemon(estate.folder) as running:
            running.in_sync()
            look(running, estate.keys)
            cold, warm = (_with(plan, estate, running, forgets=forgets) for forgets in (True, False))
        yield from _figures(len(estate.hosts), cold, warm, peers)
        yield from host_copies.figures(plan, estate)


def _figures(
    count: int, cold: tuple[Check, ...], warm: tuple[Check, ...], peers: Mapping[str, tuple[Check, ...]]
) -> Iterator[Figure]:
    for label, mine in (("nothing remembered", cold), ("all remembered", warm)):
        for name, theirs in peers.items():
            yield _compared(f"no-op check of {count} hosts, {label}, beside {name}", mine, theirs)
    sessions, first = ([one.sessions / count for one in side] for side in (warm, cold))
    yield Figure(
        part="h",
        what=f"commands over SSH for each of {count} hosts in a check",
        figure=f"{max(sessions):g}",
        beside=f"{max(first):g} with nothing remembered",
        aim="<= 1",
        met=max(sessions) <= 1,
        values={"sessions": sessions, "first": first},
    )
    for label, mine, aim in (("nothing remembered", cold, count), ("all remembered", warm, 0)):
        calls, found = [len(one.calls) for one in mine], [one.evaluations for one in mine]
        yield Figure(
            part="h",
            what=f"evaluations in a check of {count} hosts, {label}",
            figure=str(max(found)),
            beside=f"{max(calls)} processes of Nix",
            aim=f"<= {aim}",
            met=max(found) <= aim,
            values={"evaluations": found, "processes": calls},
        )


def _compared(what: str, mine: tuple[Check, ...], theirs: tuple[Check, ...]) -> Figure:
    here, there = (Spread(tuple(one.seconds for one in side)) for side in (mine, theirs))
    work, other = (Spread(tuple(one.work for one in side)) for side in (mine, theirs))
    return Figure(
        part="h",
        what=what,
        figure=f"{there.middle / here.middle:.1f} x faster, {other.middle / work.middle:.1f} x less CPU",
        beside=f"{here.show('.2f')} s beside {there.show('.2f')} s, with what hosts do for it; "
        f"{work.middle:.1f} s of processors beside {other.middle:.1f} s, without",
        values={"here": here.runs, "there": there.runs, "work": work.runs, "otherWork": other.runs},
    )


def _with(plan: Plan, estate: Farm, running: Daemon, *, forgets: bool) -> tuple[Check, ...]:
    """Looks that a daemon is asked for, over connections that stand."""
    found: list[Check] = []
    for _ in range(plan.rounds):
        if forgets:
            estate.forget()
        sessions, calls = estate.sessions(), len(estate.calls())
        worked, began = running.work(), time.perf_counter()
        outcomes = look(running, estate.keys)
        taken, work = time.perf_counter() - began, running.work() - worked
        if wrong := {key: outcome for key, outcome in outcomes.items() if outcome != "Done"}:
            raise SideError(f"not in sync: {wrong}")
        found.append(Check(taken, work, estate.sessions() - sessions, tuple(estate.calls()[calls:])))
    return tuple(found)


def _without(plan: Plan, estate: Farm, wanted: Callable[[Farm], Mapping[str, str]]) -> tuple[Check, ...]:
    """The systems that are wanted from Nix, and those that run by OpenSSH, as colmena asks for them."""
    ways, place = {name: straight(host) for name, host in estate.hosts.items()}, estate.root / wanted.__name__
    place.mkdir()
    settings(ways, place)

    def runs(name: str) -> str:
        command = ("ssh", "-F", str(place / "config"), name, "readlink", "-f", RUNNING)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    found: list[Check] = []
    for _ in range(plan.rounds):
        estate.forget()
        worked, began = processors(), time.perf_counter()
        systems = wanted(estate)
        with ThreadPoolExecutor(TOGETHER) as pool:
            running = dict(zip(systems, pool.map(runs, systems), strict=True))
        found.append(Check(time.perf_counter() - began, processors() - worked))
        if running != systems:
            raise SideError(f"{running} run, and {systems} are wanted")
    return tuple(found)


def _each(estate: Farm) -> Mapping[str, str]:
    flake = estate.flake()
    return {
        name: call(estate.nix, "nix", "eval", "--raw", f"{flake}#nixosConfigurations.{name}.{_SYSTEM}")
        for name in estate.hosts
    }


def _all(estate: Farm) -> Mapping[str, str]:
    told = call(
        estate.nix, "nix", "eval", "--json", f"{estate.flake()}#nixosConfigurations", "--apply", _EACH
    )
    found: dict[str, str] = json.loads(told)
    return found


PEERS: Mapping[str, Callable[[Farm], Mapping[str, str]]] = {
    "a nix eval for each": _each,
    "one nix eval for all": _all,
}
