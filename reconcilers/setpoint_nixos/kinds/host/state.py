"""What is seen of a host, and what it publishes."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.diff import Projection
from setpoint.model.kind import Looking, Outputs
from setpoint.model.observation import Present, Unknown
from setpoint.model.spec import described
from setpoint_nixos.facts.model import Facts
from setpoint_nixos.kinds.host.spec import HostSpec, Watch
from setpoint_nixos.reach import Reach
from setpoint_nixos.ssh.age import recipient


@dataclass(frozen=True)
class HostState:
    """A host as the last look shows it.

    Attributes:
        watch: as declared.
        host_key: the key that it shows.
        access: how it is entered, for hosts behind it; empty where it is behind others itself.
    """

    facts: Facts
    watch: Watch
    host_key: str
    access: str = ""


class HostOutputs(Outputs):
    """What a host publishes; nothing that was not told."""

    addresses: tuple[str, ...] = described(
        "Its addresses, without loopback, link-local ones and prefixes.", ()
    )
    ipv4: str | None = described("The first IPv4 address.", None)
    ipv6: str | None = described("The first IPv6 address.", None)
    host_key: str | None = described("The public key that it shows.", None)
    age: str | None = described(
        "The age recipient of that key, to encrypt secrets that the host alone opens (sops, agenix); of ed25519 only.",
        None,
    )
    access: str | None = described(
        "How it is entered, as those need it who pass it on their way; none while it is itself behind others.",
        None,
    )
    os: str | None = described("Its operating system, as os-release calls it: nixos, debian.", None)
    system: str | None = described("Its platform as Nix calls it, e.g. x86_64-linux.", None)


async def observe(reach: Reach, looking: Looking[HostSpec]) -> Present[HostState]:
    """A host is its survey; whatever could not be asked at all has raised there."""
    facts: Facts = looking.survey.facts
    session = reach.session
    access = "" if session.access.via is not None else f"{session.access} {session.host_key}"
    state = HostState(facts, looking.spec.watch, session.host_key, access)
    return Present(state, {"id": looking.survey.target_id}, None)


def project(_: HostState) -> Projection:
    """Nothing is compared: the declaration says how the host is reached, not how it should be."""
    return Projection({})


def publish(state: HostState) -> HostOutputs:
    """The outputs of what is seen."""
    facts = state.facts
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    addresses = tuple(text.partition("/")[0] for each in known if each.up for text in each.addresses)
    return HostOutputs(
        addresses=addresses,
        ipv4=next((address for address in addresses if ":" not in address), None),
        ipv6=next((address for address in addresses if ":" in address), None),
        host_key=state.host_key,
        age=recipient(state.host_key),
        access=state.access or None,
        os=None if isinstance(facts.os, Unknown) else facts.os.id,
        system=None if isinstance(facts.architecture, Unknown) else f"{facts.architecture}-linux",
    )
