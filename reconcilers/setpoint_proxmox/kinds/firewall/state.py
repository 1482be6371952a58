"""What is seen of a firewall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint.model.identity import Mark
from setpoint.model.tree import Json
from setpoint_proxmox.kinds.firewall.spec import BEARER
from setpoint_proxmox.mark import parse_mark


@dataclass(frozen=True)
class FirewallState:
    """A firewall as Proxmox tells of it.

    Attributes:
        which: `cluster`, or `vm/1000` of a guest of either type.
        path: where it is in the API.
        options: as they are set.
        rules: in their order.
        ipsets: by name, with `comment` and `members`.
        groups: security groups by name, with `comment` and `rules`; only the cluster has some.
    """

    which: str
    path: tuple[str, ...]
    options: Mapping[str, Json]
    rules: tuple[Mapping[str, Json], ...]
    ipsets: Mapping[str, Mapping[str, Json]]
    aliases: Mapping[str, Mapping[str, Json]]
    groups: Mapping[str, Mapping[str, Json]]

    @property
    def mark(self) -> Mark | None:
        """The mark in the comment of the set that bears it."""
        return parse_mark(str(self.ipsets.get(BEARER, {}).get("comment") or ""), "firewall")

    @property
    def blank(self) -> bool:
        """Whether nothing at all is set, as in a firewall that nobody ever touched."""
        return not (self.options or self.rules or self.ipsets or self.aliases or self.groups)


def status(state: FirewallState) -> dict[str, Json]:
    """What `status` shows."""
    return {"firewall": state.which, "rules": len(state.rules)}
