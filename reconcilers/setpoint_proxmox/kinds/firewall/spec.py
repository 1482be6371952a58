"""What people declare of a firewall: that of a guest, or that of the cluster as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import field_validator, model_validator

from setpoint.model.reference import Reference
from setpoint.model.spec import Spec, described
from setpoint_proxmox.mark import one_line

NAME: Final = r"[A-Za-z][A-Za-z0-9_-]{1,63}"
"""How Proxmox names sets and aliases."""
GROUP: Final = r"[A-Za-z][A-Za-z0-9_-]{1,17}"
"""How Proxmox names security groups."""
BEARER: Final = "setpoint"
"""The empty set whose comment bears our mark."""
_WORD: Final = r"^[A-Za-z0-9][A-Za-z0-9_.:+-]*$"
_ADDRESSES: Final = r"^[+A-Za-z0-9][A-Za-z0-9_.:/,+-]*$"
_PORTS: Final = r"^[A-Za-z0-9][A-Za-z0-9_:,-]*$"


class Policy(StrEnum):
    """What becomes of what no rule names."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    DROP = "DROP"


class Direction(StrEnum):
    """Which traffic a rule is about."""

    IN = "in"
    OUT = "out"
    FORWARD = "forward"


class LogLevel(StrEnum):
    """How much is logged."""

    NOLOG = "nolog"
    EMERG = "emerg"
    ALERT = "alert"
    CRIT = "crit"
    ERR = "err"
    WARNING = "warning"
    NOTICE = "notice"
    INFO = "info"
    DEBUG = "debug"


class Rule(Spec):
    """One rule; the first that fits decides. Either an action, or a security group of the cluster."""

    also_called: ClassVar[Mapping[str, str]] = {
        "dport": "port",
        "sport": "sourcePort",
        "proto": "protocol",
        "type": "direction",
    }

    group: str | None = described(
        "A security group of the cluster whose rules are asked here.", None, pattern=f"^{GROUP}$"
    )
    direction: Direction = described("Which traffic it is about.", Direction.IN)
    action: Policy | None = described("What becomes of the traffic; needed without a group.", None)
    macro: str | None = described("A service that Proxmox knows, e.g. SSH.", None, pattern=_WORD)
    source: str | None = described(
        "Where it comes from: addresses, networks, ranges, aliases, +sets, with commas.",
        None,
        pattern=_ADDRESSES,
    )
    dest: str | None = described("Where it goes, in the same way.", None, pattern=_ADDRESSES)
    protocol: str | None = described("The protocol, e.g. tcp.", None, pattern=_WORD)
    port: str | None = described(
        "Ports that it goes to, e.g. 80,443 or 8000:8100; with a protocol.",
        None,
        pattern=_PORTS,
        examples=["80,443"],
    )
    source_port: str | None = described("Ports that it comes from.", None, pattern=_PORTS)
    icmp_type: str | None = described("The type of ICMP.", None, pattern=_WORD)
    interface: str | None = described(
        "The network card, such as net0 of a guest; all when left out.", None, pattern=_WORD
    )
    log: LogLevel = described("How it is logged.", LogLevel.NOLOG)
    comment: str | None = described("What people read beside it, in one line.", None, max_length=200)
    enabled: bool = described("Whether it is asked at all.", default=True)

    @field_validator("comment")
    @classmethod
    def _line(cls, value: str | None) -> str | None:
        return one_line(value)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.group is None) == (self.action is None):
            raise ValueError("a rule has an action or names a group; write one of them")
        if (self.port or self.source_port) and not self.protocol:
            raise ValueError("ports need a protocol; write e.g. protocol: tcp")
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        if self.group is not None and not given <= {"group", "interface", "comment", "enabled"}:
            raise ValueError("beside a group a rule has an interface, a comment and enabled only")
        return self


class Member(Spec):
    """An address in a set."""

    address: str = described("An address, a network or an alias.", pattern=_ADDRESSES)
    excluded: bool = described(
        "Whether it is not in the set although a network there holds it.", default=False
    )


class IpSet(Spec):
    """A set of addresses; rules name it as `+name`."""

    members: tuple[Member, ...] = described("All that is in it.", ())
    comment: str | None = described("What people read beside it, in one line.", None, max_length=200)

    _line = field_validator("comment")(one_line)


class Alias(Spec):
    """A name for an address or a network."""

    address: str = described("The address or network.", pattern=_ADDRESSES)
    comment: str | None = described("What people read beside it, in one line.", None, max_length=200)

    _line = field_validator("comment")(one_line)


class SecurityGroup(Spec):
    """Rules of the cluster that others name together: `{group: web}`."""

    rules: tuple[Rule, ...] = described("All rules in it, in their order.", ())
    comment: str | None = described("What people read beside it, in one line.", None, max_length=200)

    _line = field_validator("comment")(one_line)

    @field_validator("rules")
    @classmethod
    def _plain(cls, value: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if any(rule.group is not None for rule in value):
            raise ValueError("a security group holds no other group; write its rules here")
        if any(rule.interface is not None for rule in value):
            raise ValueError("a rule in a security group has no interface; write it where the group is named")
        return value


class FirewallSpec(Spec):
    """A firewall."""

    virtual_machine: Annotated[str, Reference("VirtualMachine")] | None = described(
        "The virtual machine that it is of, by name.", None
    )
    container: Annotated[str, Reference("Container")] | None = described(
        "The container that it is of, by name.", None
    )
    cluster: bool = described(
        "Whether it is that of the whole cluster, which all others are under.", default=False
    )
    enabled: bool | None = described(
        "Whether it is on. That of a guest has no effect while that of the cluster is off, nor on a network card without `firewall`.",
        None,
    )
    policy_in: Policy | None = described("What becomes of incoming traffic that no rule names.", None)
    policy_out: Policy | None = described("What becomes of outgoing traffic that no rule names.", None)
    mac_filter: bool | None = described("Whether a guest may use its own MAC address only.", None)
    ip_filter: bool | None = described("Whether a guest may use its own addresses only.", None)
    dhcp: bool | None = described("Whether a guest may ask for addresses by DHCP.", None)
    ndp: bool | None = described("Whether a guest may use neighbour discovery.", None)
    router_advertisement: bool | None = described("Whether a guest may send router advertisements.", None)
    log_in: LogLevel | None = described("How dropped incoming traffic of a guest is logged.", None)
    log_out: LogLevel | None = described("How dropped outgoing traffic of a guest is logged.", None)
    rules: tuple[Rule, ...] | None = described(
        "All rules, in their order; left out, they are left alone.", None
    )
    ipsets: Mapping[str, IpSet] = described("Sets by name; one that is declared no more is removed.", {})
    aliases: Mapping[str, Alias] = described("Aliases by name; one that is declared no more is removed.", {})

    groups: Mapping[str, SecurityGroup] = described(
        "Security groups of the cluster by name; one that is declared no more is removed.", {}
    )

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        ways = [self.virtual_machine is not None, self.container is not None, self.cluster]
        if ways.count(True) != 1:
            raise ValueError(
                "a firewall is of a virtualMachine, of a container or of the cluster; write one of them"
            )
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        guests = given & {
            "mac_filter",
            "ip_filter",
            "dhcp",
            "ndp",
            "router_advertisement",
            "log_in",
            "log_out",
        }
        if self.cluster and guests:
            raise ValueError(f"{', '.join(sorted(guests))} is for the firewall of a guest; leave it out")
        if self.groups and not self.cluster:
            raise ValueError(
                "groups are of the cluster; declare them in the firewall with cluster: true, and name them in rules here"
            )
        return self

    @field_validator("groups")
    @classmethod
    def _grouped(cls, value: Mapping[str, SecurityGroup]) -> Mapping[str, SecurityGroup]:
        for name in value:
            if not re.fullmatch(GROUP, name):
                raise ValueError(
                    f"'{name}' is no name of a group; use a letter and up to 17 letters, digits, - and _"
                )
            if name != name.lower():
                raise ValueError(f"groups are told apart in small letters only; write '{name.lower()}'")
        return value

    @field_validator("ipsets", "aliases")
    @classmethod
    def _named(cls, value: Mapping[str, object]) -> Mapping[str, object]:
        for name in value:
            if not re.fullmatch(NAME, name):
                raise ValueError(f"'{name}' is no name of it; use a letter and letters, digits, - and _")
            if name.lower() == BEARER:
                raise ValueError(f"'{BEARER}' is the set that bears our mark; give it another name")
        return value
