"""Knot DNS: a primary that takes signed updates, or a secondary of another server."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tests.systems.dns.servers.program import HMAC, SECRET, Program, absolute, zone_file

KEY = "setpoint"
"""Its TSIG key, with which everything is allowed."""


class Knot(Program):
    """A primary of these zones; without TSIG it answers questions and nothing else.

    Attributes:
        notify: ports of the secondaries that it tells of changes, from the next start on.
        options: lines for every zone's section, such as `dnssec-signing: on`; from the next start on.
    """

    program = "knotd"

    def __init__(self, *zones: str, records: Sequence[str] = (), serial: int = 1) -> None:
        super().__init__()
        self.zones = tuple(absolute(zone) for zone in zones)
        self.notify: list[int] = []
        self.options: list[str] = []
        for zone in self.zones:
            text = zone_file(zone, serial=serial, records=records)
            (self.root / f"{zone.rstrip('.')}.zone").write_text(text)

    def arguments(self) -> Sequence[str]:
        return ("-c", str(self.root / "knot.conf"))

    def answers(self) -> bool:
        return self.ask(".", "SOA") is not None and all(self.serves(zone) for zone in self.zones)

    def configure(self) -> None:
        for folder in ("run", "db"):
            (self.root / folder).mkdir(exist_ok=True)
        sections = (self._common(), self._remotes(), self._template(), self._zones())
        (self.root / "knot.conf").write_text("".join(sections))

    def _common(self) -> str:
        user = "" if os.getuid() else "    user: root:root\n"
        return (
            f"server:\n    listen: 127.0.0.1@{self.port}\n    rundir: {self.root}/run\n{user}"
            "    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n"
            "log:\n  - target: stderr\n    any: info\n"
            f"database:\n    storage: {self.root}/db\n    journal-db-max-size: 1G\n"
            f"key:\n  - id: {KEY}\n    algorithm: {HMAC}\n    secret: {SECRET}\n"
        )

    def _remotes(self) -> str:
        told = "".join(f"  - id: told-{port}\n    address: 127.0.0.1@{port}\n" for port in self.notify)
        actions = "[transfer, update]" if self.updates else "transfer"
        allowed = (
            f"acl:\n  - id: ours\n    address: 127.0.0.1\n    key: {KEY}\n    action: {actions}\n"
            "  - id: secondaries\n    address: 127.0.0.1\n    action: transfer\n"
        )
        return (f"remote:\n{told}" if told else "") + allowed

    def _template(self) -> str:
        told = ", ".join(f"told-{port}" for port in self.notify)
        options = "".join(
            f"    {line}\n" for line in (*self.options, *([f"notify: [{told}]"] if told else ()))
        )
        acl = "[ours, secondaries]" if told else "[ours]"
        storage = f'    storage: {self.root}\n    file: "%s.zone"\n    acl: {acl}\n'
        return f"template:\n  - id: default\n{storage}{options}"

    def _zones(self) -> str:
        return "zone:\n" + "".join(f"  - domain: {zone}\n" for zone in self.zones)


class KnotSecondary(Knot):
    """A secondary of these zones, which the server at `primary` (a port) has, or will have."""

    def __init__(self, primary: int, *zones: str) -> None:
        super().__init__()
        self.zones = tuple(absolute(zone) for zone in zones)
        self.primary = primary

    def answers(self) -> bool:
        return self.ask(".", "SOA") is not None

    def _remotes(self) -> str:
        return (
            f"remote:\n  - id: primary\n    address: 127.0.0.1@{self.primary}\n"
            "acl:\n  - id: primary\n    address: 127.0.0.1\n    action: notify\n"
            # PowerDNS signs what it tells with the key that may transfer the zone.
            f"  - id: signed\n    address: 127.0.0.1\n    key: {KEY}\n    action: notify\n"
        )

    def _template(self) -> str:
        return f"template:\n  - id: default\n    storage: {self.root}\n    master: primary\n    acl: [primary, signed]\n"
