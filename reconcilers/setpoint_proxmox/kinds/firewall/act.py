"""The effects on firewalls; each call says which version of the file it means, where Proxmox lets it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.errors import ConflictError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied
from setpoint.model.tree import Json, Tree
from setpoint_proxmox.answer import records, text
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.guest_names import vmid_of
from setpoint_proxmox.kinds.firewall.groups import make_group, remove_group
from setpoint_proxmox.kinds.firewall.observe import CLUSTER, path_of, read
from setpoint_proxmox.kinds.firewall.options import GUEST
from setpoint_proxmox.kinds.firewall.project import project
from setpoint_proxmox.kinds.firewall.rules import bring
from setpoint_proxmox.kinds.firewall.spec import BEARER
from setpoint_proxmox.kinds.firewall.state import FirewallState
from setpoint_proxmox.mark import parse_mark, with_mark


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Mark a firewall in which nothing is set."""
    guest = acting.arguments["guest"]
    if not isinstance(guest, list):
        return await _mark(cluster, acting, CLUSTER, ("cluster", "firewall"))
    kind, name = map(str, guest)
    vmid = vmid_of(cluster, acting.owner, kind, name)
    rows = records(await cluster.api.get("cluster", "resources", type="vm"))
    row = next((one for one in rows if text(one, "vmid") == str(vmid)), None)
    if vmid is None or row is None:
        raise ConflictError(f"{kind} {name} is not there any more")
    return await _mark(cluster, acting, f"vm/{vmid}", path_of(text(row, "node"), text(row, "type"), vmid))


async def mark(cluster: Cluster, acting: Acting) -> ActResult:
    """Write the mark into the set that bears it."""
    return await _mark(cluster, acting, str(acting.arguments["which"]), _path(acting))


async def _mark(cluster: Cluster, acting: Acting, which: str, path: tuple[str, ...]) -> ActResult:
    comment = with_mark("", acting.owner.mark(which), "firewall")
    sets = {text(row, "name"): row for row in records(await cluster.api.get(*path, "ipset"))}
    there = {"rename": BEARER} if BEARER in sets else {}
    found = parse_mark(str(sets.get(BEARER, {}).get("comment") or ""), "firewall")
    if found is not None and not acting.owner.owns(found, which):
        raise ConflictError(f"the firewall of {which} is {found.key} by now")
    await cluster.api.post(*path, "ipset", name=BEARER, comment=comment, **there)
    return Applied()


async def define(cluster: Cluster, acting: Acting) -> ActResult:
    """Make and change sets, aliases and groups; groups last, for their rules may name the others."""
    state = await _ours(cluster, acting)
    seen = project(state).tree
    for name, wanted in _mapping(acting.arguments.get("aliases")).items():
        await _alias(cluster, state, name, _mapping(wanted))
    for name, wanted in _mapping(acting.arguments.get("ipsets")).items():
        await _set(cluster, state.path, name, _mapping(wanted), _mapping(_mapping(seen["ipsets"]).get(name)))
    for name, wanted in _mapping(acting.arguments.get("groups")).items():
        await make_group(cluster, state, name, _mapping(wanted))
    return Applied()


async def _alias(cluster: Cluster, state: FirewallState, name: str, wanted: Tree) -> None:
    params = {"cidr": str(wanted["address"]), "comment": str(wanted.get("comment") or "") or None}
    if name in state.aliases:
        await cluster.api.put(*state.path, "aliases", name, **params)
    else:
        await cluster.api.post(*state.path, "aliases", name=name, **params)


async def _set(cluster: Cluster, path: tuple[str, ...], name: str, wanted: Tree, seen: Tree) -> None:
    """New members come before old ones go."""
    comment = str(wanted["comment"]) if "comment" in wanted else None
    if not seen:
        await cluster.api.post(*path, "ipset", name=name, comment=comment)
    elif comment is not None and comment != seen["comment"]:
        await cluster.api.post(*path, "ipset", name=name, rename=name, comment=comment)
    there, then = _members(seen), _members(wanted)
    for address, excluded in then.items():
        if address not in there:
            await cluster.api.post(*path, "ipset", name, cidr=address, nomatch=excluded or None)
        elif there[address] != excluded:
            await cluster.api.put(*path, "ipset", name, address, nomatch=excluded)
    for address in there.keys() - then.keys():
        await cluster.api.delete(*path, "ipset", name, address)


def _members(one: Tree) -> dict[str, bool]:
    rows = one.get("members")
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {str(row["address"]): bool(row["excluded"]) for row in found}


async def rule(cluster: Cluster, acting: Acting) -> ActResult:
    """Bring the rules to what is wanted, one call after the other."""
    state = await _ours(cluster, acting)
    wanted = acting.arguments["rules"]
    assert isinstance(wanted, list)  # noqa: S101  # the plan made it
    await bring(cluster, (*state.path, "rules"), [one for one in wanted if isinstance(one, dict)])
    return Applied()


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Set options."""
    state = await _ours(cluster, acting)
    wanted = _mapping(acting.arguments["options"])
    names = {option.name for option in GUEST} & wanted.keys()
    params = {
        name: int(value) if isinstance(value := wanted[name], bool) else str(value) for name in sorted(names)
    }
    await cluster.api.put(*state.path, "options", **params)
    return Applied()


async def undefine(cluster: Cluster, acting: Acting) -> ActResult:
    """Remove groups, sets and aliases; no rule names them any more."""
    state = await _ours(cluster, acting)
    for name in sorted(_mapping(acting.arguments.get("groups")).keys() & state.groups.keys()):
        await remove_group(cluster, state, name)
    for name in _mapping(acting.arguments.get("ipsets")).keys() & state.ipsets.keys():
        await cluster.api.delete(*state.path, "ipset", name, force=True)
    for name in _mapping(acting.arguments.get("aliases")).keys() & state.aliases.keys():
        await cluster.api.delete(*state.path, "aliases", name)
    return Applied()


async def destroy(cluster: Cluster, acting: Acting) -> ActResult:
    """Switch it off first, and take the mark away last, so that one that is cut off goes on."""
    state = await _ours(cluster, acting)
    if state.options:
        await cluster.api.put(*state.path, "options", delete=",".join(sorted(state.options)))
    for position in range(len(state.rules) - 1, -1, -1):
        await cluster.api.delete(*state.path, "rules", position)
    for name in sorted(state.aliases):
        await cluster.api.delete(*state.path, "aliases", name)
    for name in sorted(state.ipsets, key=lambda name: (name == BEARER, name)):
        await cluster.api.delete(*state.path, "ipset", name, force=True)
    return Applied()


async def _ours(cluster: Cluster, acting: Acting) -> FirewallState:
    """The firewall as it is now, which bears our mark.

    Raises:
        ConflictError: it does not.
    """
    which = str(acting.identity["firewall"])
    state = await read(cluster, which, _path(acting))
    if not acting.owner.owns(state.mark, which):
        raise ConflictError(f"the firewall of {which} does not bear the mark of {acting.owner.key} any more")
    return state


def _path(acting: Acting) -> tuple[str, ...]:
    path = acting.arguments["path"]
    assert isinstance(path, list)  # noqa: S101  # the plan made it
    return tuple(map(str, path))


def _mapping(value: Json | None) -> Tree:
    return value if isinstance(value, dict) else {}


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "create": create,
    "mark": mark,
    "define": define,
    "rule": rule,
    "configure": configure,
    "undefine": undefine,
    "destroy": destroy,
}
