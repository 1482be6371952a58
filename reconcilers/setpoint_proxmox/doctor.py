"""Every check of a cluster for `setpoint doctor`: each endpoint, its certificate and clock, the token, each privilege."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace

from setpoint.model.errors import TargetError
from setpoint.model.examine import OPEN, Check, Examination, Verdict
from setpoint.model.secret import hush
from setpoint.model.tree import Json
from setpoint_proxmox.answer import record, records, whole
from setpoint_proxmox.client import Client
from setpoint_proxmox.doctor_endpoints import endpoint_checks, meet, token_checks, wrong
from setpoint_proxmox.doctor_needs import Requirement, grant_commands, lacking, named, requirements
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.kinds.proxmox_cluster.spec import ProxmoxClusterSpec
from setpoint_proxmox.transport import Login


async def examine(asked: Examination[ProxmoxClusterSpec]) -> AsyncGenerator[Check]:
    """Look at everything that the cluster's work depends on; nothing is written."""
    spec = asked.spec
    user, _, token = spec.token.id.partition("!")
    login = Login(user, token, asked.secrets["token"].reveal())
    trust = Trust(ca=spec.ca or "", fingerprint=spec.fingerprint or "")
    met = await meet([Endpoint.parse(text) for text in spec.endpoints], login, trust)
    for one in met:
        for check in endpoint_checks(one, spec):
            yield replace(check, sentence=hush(check.sentence, (login.secret,)))
    for check in token_checks(met, spec.token.id):
        yield check
    serving = [one.endpoint for one in met if one.serves]
    if not serving:
        return
    client = Client(serving, login, trust, OPEN)
    try:
        async for check in _inside(client, asked):
            yield check
    finally:
        await client.close()


async def _inside(client: Client, asked: Examination[ProxmoxClusterSpec]) -> AsyncGenerator[Check]:
    """What an endpoint that lets us in tells."""
    for name, looked in (("nodes", _nodes(client)), ("privileges", _privileges(client, asked))):
        try:
            checks = await looked
        except TargetError as error:
            remedy = error.remedy or "see systemctl status pvedaemon pve-cluster on that node"
            checks = [wrong(name, f"cannot be told: {error.message}", remedy)]
        for check in checks:
            yield check


async def _nodes(client: Client) -> list[Check]:
    rows = records(await client.get("cluster", "status"))
    whole = next((row for row in rows if row.get("type") == "cluster"), dict[str, Json]())
    nodes = [row for row in rows if row.get("type") == "node"]
    offline = sorted(str(row.get("name")) for row in nodes if row.get("online") != 1)
    found: list[Check] = []
    if whole.get("quorate", 1) != 1:
        found.append(wrong("quorum", "there is none, so nothing can be changed", "bring more nodes back"))
    if offline:
        told, remedy = f"offline: {', '.join(offline)}", "what is on them is not known until they are back"
        return [*found, Check("nodes", Verdict.WARNING, told, remedy)]
    return [*found, Check("nodes", Verdict.OK, f"{len(nodes)} online")]


async def _privileges(client: Client, asked: Examination[ProxmoxClusterSpec]) -> list[Check]:
    """Every privilege on every path, as the server itself adds them up."""
    everywhere, roles, zones = await asyncio.gather(
        client.get("access", "permissions"), client.get("access", "roles"), _zones(client)
    )
    guests = [path for path in record(everywhere) if _is_ours(path, asked.spec)]
    needed = requirements(asked.held.values(), zones, guests)
    paths = sorted({one.path for one in needed})
    told = await asyncio.gather(*(client.get("access", "permissions", path=path) for path in paths))
    granted = {path: _flags(record(answer).get(path)) for path, answer in zip(paths, told, strict=True)}
    role_rows = records(roles)
    known = frozenset(name for row in role_rows for name in str(row.get("privs") or "").split(","))
    missing = lacking(needed, granted)
    if not missing:
        return [Check("privileges", Verdict.OK, f"all {len(needed)} on {len(paths)} paths")]
    return _told(missing, needed, known, {str(row["roleid"]) for row in role_rows}, asked.spec.token.id)


def _told(
    missing: tuple[Requirement, ...],
    needed: tuple[Requirement, ...],
    known: frozenset[str],
    roles: set[str],
    token: str,
) -> list[Check]:
    """A check for each privilege that is missing; the last one holds the commands for all of them."""
    checks = [
        Check(
            f"privilege {named(one, known).name}",
            Verdict.WRONG if one.vital else Verdict.WARNING,
            f"{token} lacks {named(one, known).name} on {one.path}, {one.why}",
        )
        for one in missing
    ]
    commands = grant_commands(
        [named(one, known) for one in missing], [named(one, known) for one in needed], roles, token
    )
    last = checks[-1]
    remedy = "to grant all that is missing, run as root on a node"
    return [*checks[:-1], Check(last.name, last.verdict, last.sentence, remedy, commands)]


async def _zones(client: Client) -> Mapping[str, str]:
    """The SDN zone of each vnet that we may see; without SDN there is none."""
    try:
        rows = records(await client.get("cluster", "sdn", "vnets"))
    except TargetError:
        return {}
    return {str(row.get("vnet")): str(row.get("zone")) for row in rows}


def _is_ours(path: str, spec: ProxmoxClusterSpec) -> bool:
    """Whether a path is that of a guest in the range of ids that are ours to give."""
    vmid = path.removeprefix("/vms/")
    return vmid.isdecimal() and spec.vmids.low <= int(vmid) <= spec.vmids.high


def _flags(granted: Json | None) -> Mapping[str, int]:
    return {name: whole(flag) for name, flag in record(granted or {}).items()}
