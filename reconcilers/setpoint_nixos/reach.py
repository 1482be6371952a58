"""What is held open to a host, and what this life of the daemon remembers of it beside the store."""

from __future__ import annotations

from dataclasses import dataclass, field

from setpoint.model.errors import RefusalError
from setpoint.model.observation import Unknown
from setpoint.model.survey import Survey
from setpoint_nixos.facts.growth import Past
from setpoint_nixos.facts.look import look
from setpoint_nixos.facts.model import Facts
from setpoint_nixos.ssh.access import public_key
from setpoint_nixos.ssh.session import Session


@dataclass
class Reach:
    """A host that is spoken to.

    Attributes:
        paths: those whose sizes are watched.
        incarnation: which making of it is meant; empty where that is not told.
    """

    session: Session
    paths: tuple[str, ...] = ()
    incarnation: str = ""
    _past: Past = field(default_factory=Past)

    async def close(self) -> None:
        """Give the connection back."""
        await self.session.close()

    async def look(self) -> Facts:
        """One look, with what grew since earlier ones. Raises TargetError."""
        return self._past.compared(await look(self.session, self.paths))


async def survey(reach: Reach, begun: float) -> Survey[Facts]:
    """The script once; whoever runs on this host reads its facts and asks nothing again.

    Raises:
        TargetError: it could not be looked at, or does not tell which host it is.
    """
    facts = await reach.look()
    if isinstance(facts.machine_id, Unknown):
        raise RefusalError(
            f"{reach.session.access} does not tell which host it is: {facts.machine_id.why}",
            remedy="let the user read /etc/machine-id, and make it with systemd-machine-id-setup where it is empty",
        )
    if not reach.incarnation:
        return Survey(facts=facts, target_id=facts.machine_id, begun=begun)
    # The key comes from others, so nothing else than this remembers which one it was.
    shown = f"{facts.machine_id} {public_key(reach.session.host_key).get_fingerprint()}"
    return Survey(facts=facts, target_id=shown, begun=begun, incarnation=reach.incarnation)
