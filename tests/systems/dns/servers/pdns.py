"""PowerDNS with SQLite and its HTTP API."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.systems.dns.servers.program import HMAC, SECRET, Program, absolute, free_port, settings_text

SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
API_KEY = "a-key-of-the-lab"
_KEPT = ("records", "domains", "domainmetadata")


class Pdns(Program):
    """A PowerDNS without zones.

    Attributes:
        api_port: of its HTTP API.
        database: its SQLite file.
        settings: written over the usual ones at the next start.
    """

    program = "pdns_server"

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        if not SCHEMA.exists():
            pytest.skip("pdns-backend-sqlite3 is not installed: as root on Debian, run deploy/servers.sh")
        super().__init__()
        self.api_port = free_port()
        self.database = self.root / "pdns.sqlite3"
        self.settings = dict(settings or {})
        with closing(sqlite3.connect(self.database)) as database:
            database.executescript(f"PRAGMA journal_mode=WAL; BEGIN; {SCHEMA.read_text('utf-8')} COMMIT;")

    @property
    def url(self) -> str:
        """What a declaration names as its address."""
        return f"http://127.0.0.1:{self.api_port}"

    def configure(self) -> None:
        (self.root / "run").mkdir(exist_ok=True)
        (self.root / "pdns.conf").write_text(settings_text({**self._usual(), **self.settings}))

    def arguments(self) -> Sequence[str]:
        return (f"--config-dir={self.root}",)

    def answers(self) -> bool:
        try:
            return self.api("GET", "")[0] == http.client.OK and self.ask("nothing.test", "SOA") is not None
        except (OSError, http.client.HTTPException):
            return False

    def api(self, method: str, path: str, body: object = None, *, key: str = API_KEY) -> tuple[int, Any]:
        """Status and answer of a call made by hand; `path` is below `/api/v1/servers/localhost`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.api_port, timeout=20)
        with closing(connection):
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.request(method, f"/api/v1/servers/localhost{path}", data, {"X-API-Key": key})
            answer = connection.getresponse()
            text = answer.read()
            is_json = "json" in answer.getheader("Content-Type", "")
            return answer.status, json.loads(text) if is_json else text.decode()

    def add_zone(self, zone: str, *, kind: str = "Native", notify: Sequence[int] = ()) -> None:
        """A zone made by hand, with NS `ns1` below it; `notify` are ports of secondaries."""
        body = {"name": absolute(zone), "kind": kind, "nameservers": [f"ns1.{absolute(zone)}"]}
        status, answer = self.api("POST", "/zones", {**body, "soa_edit_api": "DEFAULT"})
        assert status == http.client.CREATED, answer
        if notify:
            told = [f"127.0.0.1:{port}" for port in notify]
            self.api("PUT", f"/zones/{absolute(zone)}/metadata/ALSO-NOTIFY", {"metadata": told})

    def put(self, zone: str, name: str, rtype: str, *values: str, ttl: int = 300) -> tuple[int, Any]:
        """Set, or without values remove, one record set by hand."""
        records = [{"content": value, "disabled": False} for value in values]
        rrset = {
            "name": absolute(name),
            "type": rtype,
            "ttl": ttl,
            "changetype": "REPLACE",
            "records": records,
        }
        return self.api("PATCH", f"/zones/{absolute(zone)}", {"rrsets": [rrset]})

    def add_key(self, name: str) -> None:
        """A TSIG key with the secret of all keys here."""
        status, answer = self.api("POST", "/tsigkeys", {"name": name, "algorithm": HMAC, "key": SECRET})
        assert status == http.client.CREATED, answer

    def freeze(self, *, frozen: bool) -> None:
        """Have the database refuse every change of records and zones, or take them again."""
        each = [(table, verb) for table in _KEPT for verb in ("INSERT", "UPDATE", "DELETE")]
        stop = "BEGIN SELECT RAISE(ABORT, 'this database is read-only'); END"
        with closing(sqlite3.connect(self.database, isolation_level=None)) as database:
            for table, verb in each:
                name = f"{table}_{verb}"
                database.execute(
                    f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {stop}"
                    if frozen
                    else f"DROP TRIGGER {name}"
                )

    def _usual(self) -> dict[str, str]:
        return {
            "launch": "gsqlite3",
            "gsqlite3-database": str(self.database),
            "gsqlite3-dnssec": "yes",
            "gsqlite3-pragma-synchronous": "0",
            "local-address": "127.0.0.1",
            "local-port": str(self.port),
            "socket-dir": str(self.root / "run"),
            "daemon": "no",
            "guardian": "no",
            "disable-syslog": "yes",
            "log-timestamp": "no",
            "write-pid": "no",
            "webserver": "yes",
            "webserver-address": "127.0.0.1",
            "webserver-port": str(self.api_port),
            "webserver-allow-from": "127.0.0.0/8",
            "api": "yes",
            "api-key": API_KEY,
            "server-id": f"pdns-{self.api_port}",
            "primary": "yes",
            "dnsupdate": "yes" if self.updates else "no",
            "allow-dnsupdate-from": "127.0.0.0/8",
            "allow-axfr-ips": "127.0.0.0/8",
            "only-notify": "127.0.0.0/8",
            "allow-unsigned-notify": "yes",
            "zone-cache-refresh-interval": "0",
            "query-cache-ttl": "0",
            "cache-ttl": "0",
            "negquery-cache-ttl": "0",
            "loglevel": "5",
            "include-dir": "",
            "receiver-threads": "1",
            "distributor-threads": "1",
            **({} if os.getuid() else {"setuid": "root", "setgid": "root"}),
        }
