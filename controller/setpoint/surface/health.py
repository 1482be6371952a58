"""How the daemon fares, in one sentence: for /healthz, /readyz and systemd."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.errors import StateError
from setpoint.run.supervisor import Phase, Supervisor


@dataclass(frozen=True)
class Verdict:
    """Whether all is well, and one sentence that says what is or is not."""

    well: bool
    sentence: str


def alive(supervisor: Supervisor) -> Verdict:
    """Whether the daemon does its work; that it answers at all shows that its loop turns."""
    lost = supervisor.lost_workers()
    if lost:
        who = "1 worker has ended by itself" if lost == 1 else f"{lost} workers have ended by themselves"
        return Verdict(well=False, sentence=f"{who}; restart the daemon")
    return Verdict(well=True, sentence=f"the daemon is {supervisor.phase}")


async def ready(supervisor: Supervisor) -> Verdict:
    """Whether the daemon holds the estate: it is running, its source was looked at and its store takes writes."""
    if supervisor.phase is not Phase.RUNNING:
        return Verdict(well=False, sentence=f"the daemon is {supervisor.phase}")
    estate = supervisor.estate
    try:
        await estate.calls.call(estate.store.prove)
    except StateError as error:
        return Verdict(well=False, sentence=str(error))
    return Verdict(well=True, sentence=summary(supervisor))


def summary(supervisor: Supervisor) -> str:
    """What the daemon is at."""
    estate = supervisor.estate
    if supervisor.phase is not Phase.RUNNING:
        return f"{supervisor.phase}"
    number = len(estate.resources)
    resources = "1 resource" if number == 1 else f"{number} resources"
    return f"{resources}; source: {estate.source.sentence}"
