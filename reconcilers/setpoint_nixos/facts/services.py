"""What runs on a host: units, containers, databases, people."""

from __future__ import annotations

from setpoint_nixos.facts.model import Failed, Guest, Login
from setpoint_nixos.facts.parts import Part, RubbishError, complete, natural, pairs, wanted
from setpoint_nixos.facts.storage import blocks


def units(part: Part) -> Failed:
    """The units that failed: as many as systemd counts, or the list is not believed."""
    told = pairs(part, "=")
    failed = natural(wanted(told, "NFailedUnits"))
    names = [line.split()[0] for line in part.lines if not line.startswith(("SystemState=", "NFailedUnits="))]
    if len(names) != failed:
        raise RubbishError(f"systemd counts {failed} failed units and lists {len(names)}")
    return Failed(wanted(told, "SystemState"), tuple(sorted(names)))


def guests(part: Part) -> tuple[Guest, ...]:
    """Containers and microVMs, by what runs them."""
    found: list[Guest] = []
    for engine, lines in blocks(complete(part, "== all")):
        if engine.startswith("unknown "):
            raise RubbishError(f"{engine.removeprefix('unknown ')} does not answer")
        found += [_guest(engine, line.split()) for line in lines]
    return tuple(found)


def _guest(engine: str, words: list[str]) -> Guest:
    match engine, words:
        case "microvm", [unit, _, _, state, *_]:
            return Guest(engine, unit.removeprefix("microvm@").removesuffix(".service"), state)
        case "machine", [name, *_]:
            return Guest(engine, name, "running")
        case (("docker" | "podman"), [name, state, *_]):
            return Guest(engine, name, state)
        case _:
            raise RubbishError(f"what {engine[:20]} says is no list")


def databases(part: Part) -> dict[str, int]:
    """Sizes in bytes of PostgreSQL's databases."""
    rows = [line.strip().rpartition(" ") for line in complete(part)]
    return {name: natural(size) for name, _, size in rows}


def logins(part: Part) -> tuple[Login, ...]:
    """Who is logged in."""
    return tuple(_login(line) for line in complete(part))


def _login(line: str) -> Login:
    match line.split():
        case [user, terminal, *_, last]:
            far = last.startswith("(") and last.endswith(")")
            return Login(user, terminal, last[1:-1] if far else "")
        case _:
            raise RubbishError(f"'{line[:60]}' is no line of who")
