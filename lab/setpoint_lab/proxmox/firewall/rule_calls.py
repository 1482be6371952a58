"""Rules of a firewall or of a security group, known by their position: a new one comes first and pushes the others down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.firewall.everywhere import everywhere
from setpoint_lab.proxmox.firewall.model import Row, changing, cluster_file, file_of
from setpoint_lab.proxmox.firewall.verify import ip_version, verify_rule

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.firewall.model import File

OPTIONS = (
    *("type", "action", "enable", "macro", "iface", "source", "dest", "proto", "sport", "dport"),
    *("log", "icmp-type", "comment"),
)
_EMPTY = ("", "-")


def _rules(call: Call, file: File) -> list[Row]:
    if "group" not in call.params:
        return file.rules
    name = call.text("group")
    if name not in file.groups:
        raise ApiError.internal(f"no such security group '{name}'")
    return file.groups[name].rules


def _shown(file: File, rule: Row, position: int) -> Row:
    version = ip_version(rule)
    more: Row = {"ipversion": version} if version is not None else {}
    return {**rule, **more, "pos": position, "digest": file.digest}


def _position(call: Call, rules: list[Row]) -> int:
    position = call.integer("pos")
    if position >= len(rules):
        raise ApiError.internal(f"no rule at position {position}")
    return position


@everywhere("GET", "/rules")
@everywhere("GET", "/groups/{group}")
async def list_rules(call: Call) -> object:
    """The rules in their order."""
    file = file_of(call)
    return [_shown(file, rule, position) for position, rule in enumerate(_rules(call, file))]


@everywhere("GET", "/rules/{pos}")
@everywhere("GET", "/groups/{group}/{pos}")
async def read_rule(call: Call) -> object:
    """One rule."""
    file = file_of(call)
    rules = _rules(call, file)
    position = _position(call, rules)
    return _shown(file, rules[position], position)


@everywhere("POST", "/rules")
@everywhere("POST", "/groups/{group}")
async def create_rule(call: Call) -> None:
    """A new first rule, wherever it was to be; it is off unless it is said to be on."""
    file = await changing(call)
    rules = _rules(call, file)
    rule = _changed({"enable": 0}, call)
    verify_rule(rule, file, cluster_file(call), grouped="group" in call.params)
    rules.insert(0, rule)


@everywhere("PUT", "/rules/{pos}")
@everywhere("PUT", "/groups/{group}/{pos}")
async def update_rule(call: Call) -> None:
    """Change a rule, or move it to before another; not both at once."""
    file = await changing(call)
    rules = _rules(call, file)
    position = _position(call, rules)
    target = call.integer("moveto", position)
    if target != position:
        _move(rules, position, target)
        return
    rule = _changed(rules[position], call)
    for key in call.items("delete"):
        if key not in OPTIONS:
            raise ApiError.parameters({"delete": f"no such property ('{key}')"})
        rule.pop(key, None)
    verify_rule(rule, file, cluster_file(call), grouped="group" in call.params)
    rules[position] = rule


def _move(rules: list[Row], position: int, target: int) -> None:
    rule = rules.pop(position)
    rules.insert(target if target < position else target - 1, rule)


@everywhere("DELETE", "/rules/{pos}")
@everywhere("DELETE", "/groups/{group}/{pos}")
async def delete_rule(call: Call) -> None:
    """Take a rule away; those behind it move up."""
    rules = _rules(call, await changing(call))
    del rules[_position(call, rules)]


def _changed(rule: Row, call: Call) -> Row:
    """The rule with what a request says; an empty value takes away."""
    given = {key: call.params[key] for key in OPTIONS if key in call.params}
    return {key: value for key, value in (rule | given).items() if value not in _EMPTY}
