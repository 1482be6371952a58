"""Sets of addresses, and aliases for addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.firewall.everywhere import everywhere
from setpoint_lab.proxmox.firewall.model import CLUSTER, IpSet, Row, changing, cluster_file, file_of, owner_of
from setpoint_lab.proxmox.firewall.verify import address_problem

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.firewall.model import File

NO_ALIAS = {"name": "no such alias"}
_MEMBER = "/ipset/{name}/{cidr}"
_ALIAS = "/aliases/{name}"


def commented(comment: str | None) -> Row:
    """A comment as rows show it: not at all when there is none."""
    return {} if comment is None else {"comment": comment}


def _ipset(call: Call, file: File) -> IpSet:
    name = call.text("name")
    if name not in file.ipsets:
        raise ApiError.internal(f"no such IPSet '{name}'")
    return file.ipsets[name]


def _member(call: Call, ipset: IpSet) -> Row:
    cidr = call.text("cidr")
    found = next((member for member in ipset.members if member["cidr"] == cidr), None)
    if found is None:
        raise ApiError.parameters({"cidr": "no such IP/Network"})
    return found


@everywhere("GET", "/ipset")
async def list_sets(call: Call) -> object:
    """The sets."""
    file = file_of(call)
    return [
        {"name": name, **commented(ipset.comment), "digest": file.digest}
        for name, ipset in sorted(file.ipsets.items())
    ]


@everywhere("POST", "/ipset")
async def create_set(call: Call) -> None:
    """A new set; with `rename` the set of that name gets the name and the comment instead."""
    file = await changing(call)
    name, old, comment = call.text("name"), call.text_or_none("rename"), call.text_or_none("comment")
    if old is not None and old not in file.ipsets:
        raise ApiError.parameters({"name": f"IPSet '{old}' does not exist"})
    if name in file.ipsets and name != old:
        raise ApiError.parameters({"name": f"IPSet '{name}' already exists"})
    ipset = file.ipsets.pop(old) if old is not None else IpSet()
    ipset.comment = comment if comment is not None else ipset.comment
    file.ipsets[name] = ipset


@everywhere("DELETE", "/ipset/{name}")
async def delete_set(call: Call) -> None:
    """Take an empty set away, by force one with members too."""
    file = await changing(call)
    if _ipset(call, file).members and not call.flag("force"):
        raise ApiError.internal(f"IPSet '{call.text('name')}' is not empty")
    del file.ipsets[call.text("name")]


@everywhere("GET", "/ipset/{name}")
async def list_members(call: Call) -> object:
    """What is in a set."""
    file = file_of(call)
    return [{**member, "digest": file.digest} for member in _ipset(call, file).members]


@everywhere("POST", "/ipset/{name}")
async def add_member(call: Call) -> None:
    """Put an address, a network or an alias into a set."""
    file = await changing(call)
    ipset, cidr = _ipset(call, file), call.text("cidr")
    if any(member["cidr"] == cidr for member in ipset.members):
        raise ApiError.parameters({"cidr": f"address '{cidr}' already exists"})
    problem = address_problem(cidr, file, cluster_file(call))
    if problem is not None:
        raise ApiError.parameters({"cidr": problem})
    ipset.members.insert(0, {"cidr": cidr, **_details(call)})


@everywhere("GET", _MEMBER)
async def read_member(call: Call) -> object:
    """One member."""
    file = file_of(call)
    return {**_member(call, _ipset(call, file)), "digest": file.digest}


@everywhere("PUT", _MEMBER)
async def update_member(call: Call) -> None:
    """Change what is said of a member."""
    file = await changing(call)
    _member(call, _ipset(call, file)).update(_details(call))


@everywhere("DELETE", _MEMBER)
async def remove_member(call: Call) -> None:
    """Take a member out of a set; one that is not in it is as good as taken out."""
    ipset = _ipset(call, await changing(call))
    ipset.members = [member for member in ipset.members if member["cidr"] != call.text("cidr")]


def _details(call: Call) -> Row:
    return {key: call.params[key] for key in ("comment", "nomatch") if key in call.params}


@everywhere("GET", "/aliases")
async def list_aliases(call: Call) -> object:
    """The aliases."""
    file = file_of(call)
    return [{**alias, "digest": file.digest} for _, alias in sorted(file.aliases.items())]


@everywhere("GET", _ALIAS)
async def read_alias(call: Call) -> object:
    """One alias; capitals in its name do not count."""
    file = file_of(call)
    return {**_alias(call, file), "digest": file.digest}


def _alias(call: Call, file: File) -> Row:
    alias = file.aliases.get(call.text("name").lower())
    if alias is None:
        raise ApiError.parameters(NO_ALIAS)
    return alias


@everywhere("POST", "/aliases")
async def create_alias(call: Call) -> None:
    """A new alias."""
    file, name = await changing(call), call.text("name")
    if name.lower() in file.aliases:
        raise ApiError.parameters({"name": f"alias '{name}' already exists"})
    file.aliases[name.lower()] = {"name": name, "cidr": call.text("cidr"), **_details(call)}


@everywhere("PUT", _ALIAS)
async def update_alias(call: Call) -> None:
    """Change an alias, perhaps its name."""
    file = await changing(call)
    alias, name = _alias(call, file), call.text("name")
    new = call.text("rename", name)
    if new.lower() != name.lower() and new.lower() in file.aliases:
        raise ApiError.parameters({"name": f"alias '{new}' already exists"})
    del file.aliases[name.lower()]
    file.aliases[new.lower()] = {**alias, "name": new, "cidr": call.text("cidr"), **_details(call)}


@everywhere("DELETE", _ALIAS)
async def delete_alias(call: Call) -> None:
    """Take an alias away; one that is not there is as good as taken away."""
    file = await changing(call)
    file.aliases.pop(call.text("name").lower(), None)


@everywhere("GET", "/refs")
async def list_references(call: Call) -> object:
    """What rules may name, of the firewall's own and of the cluster's; what networks bring with them is left out."""
    kind = call.text_or_none("type")
    rows = _references(cluster_file(call), "dc")
    if owner_of(call) != CLUSTER:
        rows += _references(file_of(call), "guest")
    return [row for row in rows if kind in {None, row["type"]}]


def _references(file: File, scope: str) -> list[Row]:
    aliases: list[Row] = [
        {
            "type": "alias",
            "scope": scope,
            "name": alias["name"],
            "ref": f"{scope}/{alias['name']}",
            **{key: alias[key] for key in ("comment",) if key in alias},
        }
        for alias in file.aliases.values()
    ]
    return aliases + [
        {"type": "ipset", "scope": scope, "name": name, "ref": f"+{scope}/{name}", **commented(ipset.comment)}
        for name, ipset in file.ipsets.items()
    ]
