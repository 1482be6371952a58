"""Every check of a host for `setpoint doctor`: that it lets us in, and what it tells only to those with more rights."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Final

from setpoint.model.errors import RefusalError, TargetError
from setpoint.model.examine import OPEN, Check, Examination, Verdict
from setpoint.model.observation import Unknown
from setpoint.model.secret import hush
from setpoint_nixos.connect import connect
from setpoint_nixos.facts.model import Facts
from setpoint_nixos.kinds.host.spec import HostSpec
from setpoint_nixos.reach import Reach

_ENTER: Final = 15.0
"""Seconds for a command that does nothing."""
_ROOT: Final = "enter it as root, or let the user run this with sudo without a password"
_WANTED: Final = {
    "machine_id": "let the user read /etc/machine-id",
    "boot_id": "let the user read /proc/sys/kernel/random/boot_id",
    "nixos": "let it have coreutils (readlink, stat)",
    "record": "let the user read /var/lib/setpoint/record.json",
    "deploying": "let the user read /run/setpoint/status.json",
    "units": "let it run systemd",
    "filesystems": "let it have df of coreutils",
    "disks": f"install smartmontools, and {_ROOT} (smartctl)",
    "databases": "enter it as root, or let the user run psql as postgres with sudo",
    "guests": f"{_ROOT} (docker, podman)",
    "interfaces": "install iproute2",
    "listening": "install iproute2",
}
"""The facts that something depends on, and what they need."""


async def examine(asked: Examination[HostSpec]) -> AsyncGenerator[Check]:
    """Enter the host and look at it; nothing is written."""
    try:
        reach = connect(asked.spec, asked.secrets, OPEN)
    except RefusalError as error:
        yield Check("enters", Verdict.WARNING, error.message, error.remedy)
        return
    values = [secret.reveal() for secret in asked.secrets.values()]
    try:
        async for check in _checks(reach):
            yield Check(check.name, check.verdict, hush(check.sentence, values), hush(check.remedy, values))
    finally:
        await reach.close()


async def _checks(reach: Reach) -> AsyncIterator[Check]:
    try:
        await reach.session.run("exit 0", timeout=_ENTER)
        yield Check(
            "enters", Verdict.OK, f"{reach.session.access} lets us in and shows the declared host key"
        )
        facts = await reach.look()
    except TargetError as error:
        yield Check("enters", Verdict.WRONG, error.message, error.remedy or "check address, port and jump")
        return
    for check in _facts(facts):
        yield check


def _facts(facts: Facts) -> Iterator[Check]:
    unknown = [
        (name, remedy) for name, remedy in _WANTED.items() if isinstance(getattr(facts, name), Unknown)
    ]
    for name, remedy in unknown:
        verdict = Verdict.WRONG if name == "machine_id" else Verdict.WARNING
        yield Check(name.replace("_", " "), verdict, getattr(facts, name).why, remedy)
    if not unknown:
        yield Check("facts", Verdict.OK, "it tells everything that is asked")
