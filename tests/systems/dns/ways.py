"""The four ways to write on a server, behind a proxy, each with what somebody else does there by hand."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update

from tests.systems.dns.living import ZONE, powerdns, rfc2136, zone
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import PATIENCE, Program
from tests.systems.dns.servers.proxy import Proxy, dns_update, http_write
from tests.systems.dns.updating import MAKES, Start, by_hand, primary

API = "powerdns"
"""The way by PowerDNS's own API; the others are by signed updates."""
WAYS = (API, *MAKES)
TAKEN: dict[str, Any] = {"nameservers": None, "policy": {"adopt": True, "drift": "enforce"}}
"""Of a zone that somebody else made: it is adopted, and its nameservers are left alone."""


@dataclass(frozen=True)
class Way:
    """A server with the zone `example.test`, which nobody has marked."""

    name: str
    server: Program
    proxy: Proxy

    @classmethod
    def begin(cls, name: str, start: Start, proxied: Callable[[int], Proxy]) -> Way:
        server = primary("pdns" if name == API else name, start)
        port = server.api_port if name == API and isinstance(server, Pdns) else server.port
        return cls(name, server, proxied(port))

    @property
    def writes(self) -> Callable[[bytes], bool]:
        """Whether a request of ours changes something."""
        return http_write if self.name == API else dns_update

    def written(self) -> int:
        """How many requests of ours changed something since the proxy was asked to forget."""
        return sum(self.writes(start) for start in self.proxy.requests)

    def files(self, folder: Path, records: Mapping[str, Any], **spec: Any) -> dict[str, str]:
        """The declarations of the server and the zone."""
        return {"server": self.declared(folder), "zone": zone(records, **{**TAKEN, **spec})}

    def declared(self, folder: Path, **spec: Any) -> str:
        if isinstance(self.server, Pdns) and self.name == API:
            return powerdns(self.server, folder, url=self.proxy.url, **spec)
        return rfc2136(self.server, folder, port=self.proxy.port, **spec)

    def try_put(self, name: str, rtype: str, *values: str) -> bool:
        """One change of a set by hand; whether the server took it."""
        full = f"{name}.{ZONE}."
        if isinstance(self.server, Pdns) and self.name == API:
            return self.server.put(ZONE, full, rtype, *values)[0] == http.client.NO_CONTENT

        def write(message: dns.update.UpdateMessage) -> None:
            message.delete(full, rtype)
            for value in values:
                message.update.append(_record(full, rtype, value))

        with suppress(dns.exception.DNSException):  # BIND signs no answer to what it cannot read.
            return by_hand(self.server, write) == "NOERROR"
        return False

    def put(self, name: str, rtype: str, *values: str) -> None:
        """The same, as often as it takes: a locked database takes no change."""
        deadline = time.monotonic() + PATIENCE
        while not self.try_put(name, rtype, *values):
            assert time.monotonic() < deadline, self.server.log
            time.sleep(0.01)

    def values(self, name: str, rtype: str = "A") -> list[str]:
        return self.server.values(f"{name}.{ZONE}", rtype)

    def soa_ttl(self) -> int:
        answer = self.server.ask(ZONE, "SOA")
        assert answer is not None
        return answer.answer[0].ttl

    def refuse_writes(self, *, refuse: bool) -> None:
        """Have the server take no changes, or take them again."""
        if isinstance(self.server, Pdns) and self.name == API:
            self.server.freeze(frozen=refuse)
            return
        self.server.updates = not refuse
        self.server.restart()


def _record(name: str, rtype: str, value: str) -> dns.rrset.RRset:
    """A record to add, be it data of its type or only as bytes (`\\# 3 010203`), as a server may hold them."""
    if not value.startswith("\\#"):
        return dns.rrset.from_text(name, 300, "IN", rtype, value)
    data = bytes.fromhex(value.split(" ", 2)[2])
    kind = dns.rdataclass.IN, dns.rdatatype.from_text(rtype)
    return dns.rrset.from_rdata(name, 300, dns.rdata.GenericRdata(*kind, data))
