"""What makes a rule wrong beyond its parameters' forms: names that nothing bears, ports without a protocol."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.firewall.macros import MACROS

if TYPE_CHECKING:
    from setpoint_lab.proxmox.firewall.model import File, Row

ACTIONS = ("ACCEPT", "DROP", "REJECT")
PORTED = frozenset({"tcp", "6", "udp", "17", "udplite", "136", "sctp", "132", "dccp", "33"})
_RANGE = re.compile(r"^[0-9a-fA-F.:]+-[0-9a-fA-F.:]+$")
_SCOPES = ("dc/", "guest/")


def verify_rule(rule: Row, own: File, cluster: File, *, grouped: bool = False) -> None:
    """Raise 400 when a rule cannot work; `own` is the file it is in, `grouped` whether it is in a security group."""
    errors: dict[str, str] = {}
    if grouped:
        _check_grouped(rule, errors)
    _check_action(rule, cluster, errors)
    _check_ports(rule, errors)
    for key in ("source", "dest"):
        if key in rule:
            problem = address_problem(str(rule[key]), own, cluster)
            if problem is not None:
                errors[key] = problem
    if errors:
        raise ApiError.parameters(errors)


def _check_action(rule: Row, cluster: File, errors: dict[str, str]) -> None:
    action = str(rule["action"])
    if rule["type"] == "group":
        if action not in cluster.groups:
            errors["action"] = f"security group '{action}' does not exist"
    elif action not in ACTIONS:
        errors["action"] = f"unknown action '{action}'"
    if "macro" in rule and rule["macro"] not in MACROS:
        errors["macro"] = f"unknown macro '{rule['macro']}'"


def _check_grouped(rule: Row, errors: dict[str, str]) -> None:
    if rule["type"] == "group":
        errors["type"] = "security groups not allowed"
    if "iface" in rule:
        errors["iface"] = "parameter -i not allowed for this rule type"


def _check_ports(rule: Row, errors: dict[str, str]) -> None:
    for key in ("dport", "sport"):
        if key not in rule:
            continue
        proto = rule.get("proto")
        if proto is None:
            errors["proto"] = f"missing property - '{key}' requires this property"
        elif proto not in PORTED:
            errors[key] = f"protocol '{proto}' does not support ports"


def address_problem(text: str, own: File, cluster: File) -> str | None:
    """What is wrong with addresses, networks, ranges, `+sets` and aliases, separated by commas."""
    sets = own.ipsets.keys() | cluster.ipsets.keys()
    aliases = own.aliases.keys() | cluster.aliases.keys()
    for item in split_list(text):
        name = _unscoped(item.removeprefix("+"))
        if item.startswith("+"):
            problem = None if name in sets else f"no such ipset '{name}'"
        else:
            known = version_of(item) is not None or _RANGE.match(item) or name.lower() in aliases
            problem = None if known else f"no such alias '{name}'"
        if problem is not None:
            return problem
    return None


def _unscoped(name: str) -> str:
    for scope in _SCOPES:
        name = name.removeprefix(scope)
    return name


def version_of(text: str) -> int | None:
    """4 or 6 for an address or network, None for anything else."""
    try:
        return ipaddress.ip_network(text, strict=False).version
    except ValueError:
        return None


def ip_version(rule: Row) -> int | None:
    """The version of the addresses that a rule names."""
    items = split_list(f"{rule.get('source', '')},{rule.get('dest', '')}")
    return next((version for item in items if (version := version_of(item)) is not None), None)
