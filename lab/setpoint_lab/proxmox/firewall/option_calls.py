"""Options of a firewall, security groups, and lists: what is below, macros, the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import Reply
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.firewall.everywhere import BASES, VNET, everywhere
from setpoint_lab.proxmox.firewall.macros import MACROS
from setpoint_lab.proxmox.firewall.model import Group, changing, file_of
from setpoint_lab.proxmox.firewall.set_calls import commented
from setpoint_lab.proxmox.routes import Handler, route
from setpoint_lab.proxmox.schema import load

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_GROUPS = "/cluster/firewall/groups"
_PLACES = frozenset({"node", "vmid", "vnet", "delete", "digest"})


@everywhere("GET", "/options")
async def read_options(call: Call) -> object:
    """The options that are set."""
    file = file_of(call)
    return {**file.options, "digest": file.digest}


@everywhere("PUT", "/options")
async def update_options(call: Call) -> None:
    """Set and take away options."""
    known = _known(call)
    unknown = next((key for key in call.items("delete") if key not in known), None)
    if unknown is not None:
        raise ApiError.parameters({"delete": f"no such option '{unknown}'"})
    file = await changing(call)
    kept = {key: value for key, value in file.options.items() if key not in call.items("delete")}
    file.options = kept | {key: value for key, value in call.params.items() if key in known}


def _known(call: Call) -> set[str]:
    found = load().find("PUT", call.path)
    return set(found[0].parameters) - _PLACES if found is not None else set()


@everywhere("GET", "/log")
async def read_log(_call: Call) -> object:
    """Nothing is ever logged."""
    return Reply([{"n": 1, "t": "no content"}], {"total": 1})


@route("GET", "/cluster/firewall/macros")
async def list_macros(call: Call) -> object:
    """The services that a rule can name."""
    return call.world.shuffled({"macro": name, "descr": f"{name} traffic"} for name in MACROS)


@route("GET", _GROUPS)
async def list_groups(call: Call) -> object:
    """The security groups."""
    file = file_of(call)
    return [
        {"group": name, **commented(group.comment), "digest": file.digest}
        for name, group in sorted(file.groups.items())
    ]


@route("POST", _GROUPS)
async def create_group(call: Call) -> None:
    """A new group; with `rename` the group of that name gets the name and the comment instead."""
    name, old, comment = call.text("group"), call.text_or_none("rename"), call.text_or_none("comment")
    file = await changing(call)
    if old is not None and old not in file.groups:
        raise ApiError.parameters({"group": f"Security group '{old}' does not exist"})
    if name in file.groups and name != old:
        raise ApiError.parameters({"group": f"Security group '{name}' already exists"})
    group = file.groups.pop(old) if old is not None else Group()
    group.comment = comment if comment is not None else group.comment
    file.groups[name] = group


@route("DELETE", f"{_GROUPS}/{{group}}")
async def delete_group(call: Call) -> None:
    """Take an empty group away; one that is not there is as good as taken away."""
    file, name = await changing(call), call.text("group")
    if name in file.groups and file.groups[name].rules:
        raise ApiError.internal(f"Security group '{name}' is not empty")
    file.groups.pop(name, None)


def _index(path: str) -> Handler:
    rows = [{"name": name} for name in load().children(path)]

    async def answer_index(_call: Call) -> object:
        return rows

    return answer_index


for base in (*BASES, VNET):
    route("GET", base)(_index(base))
