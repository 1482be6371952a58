"""BIND: a primary that takes signed updates, without views or with two that the TSIG key chooses."""

from __future__ import annotations

from collections.abc import Sequence

from tests.systems.dns.servers.program import HMAC, SECRET, Program, absolute, zone_file

KEY = "setpoint"
"""Its TSIG key without views, with which everything is allowed."""
VIEWS = ("internal", "external")
"""The views, each with a TSIG key of its own name; questions without a key see the last one."""


class Bind(Program):
    """A primary of these zones, in every view with the same content at first.

    Attributes:
        notify: ports of the secondaries that it tells of changes, from the next start on; with views those of the last.
        options: for every zone, such as `dnssec-policy default;`; from the next start on.
    """

    program = "named"

    def __init__(
        self, *zones: str, views: bool = False, records: Sequence[str] = (), serial: int = 1
    ) -> None:
        super().__init__()
        self.zones = tuple(absolute(zone) for zone in zones)
        self.keys = VIEWS if views else (KEY,)
        self.notify: list[int] = []
        self.options = ""
        for key in self.keys:
            for zone in self.zones:
                text = zone_file(zone, serial=serial, records=records)
                (self.root / f"{zone}{key}").write_text(text)

    def arguments(self) -> Sequence[str]:
        return ("-c", str(self.root / "named.conf"), "-f", "-g", "-n", "1")

    def answers(self) -> bool:
        return self.ask(".", "SOA") is not None and all(
            self.serves(zone, key=key) for zone in self.zones for key in self.keys
        )

    def configure(self) -> None:
        keys = "".join(f'key "{key}" {{ algorithm {HMAC}; secret "{SECRET}"; }};\n' for key in self.keys)
        if self.keys == VIEWS:
            inside, outside = VIEWS
            body = self._view(inside, f"key {inside};") + self._view(
                outside, f"key {outside}; ! key {inside}; any;"
            )
        else:
            body = self._zones(KEY, told=True)
        (self.root / "named.conf").write_text(self._options() + keys + body)

    def _options(self) -> str:
        return (
            f'options {{ directory "{self.root}"; pid-file "{self.root}/pid"; session-keyfile "{self.root}/session";\n'
            f"  listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no;\n"
            f'  dnssec-validation no; managed-keys-directory "{self.root}"; empty-zones-enable no;\n'
            "  notify explicit; notify-delay 0; };\ncontrols { };\n"
        )

    def _view(self, key: str, clients: str) -> str:
        zones = self._zones(key, told=key == VIEWS[-1])
        return f'view "{key}" {{ match-clients {{ {clients} }};\n{zones}}};\n'

    def _zones(self, key: str, *, told: bool) -> str:
        ports = " ".join(f"127.0.0.1 port {port};" for port in self.notify) if told else ""
        transfer = f"key {key};{' 127.0.0.1;' if ports else ''}"
        updates = f"update-policy {{ grant {key} zonesub ANY; }};" if self.updates else ""
        rules = f"{self.options} {updates} allow-transfer {{ {transfer} }};"
        notify = f" also-notify {{ {ports} }};" if ports else ""
        return "".join(
            f'zone "{zone}" {{ type primary; file "{zone}{key}"; {rules}{notify} }};\n' for zone in self.zones
        )
