"""What a person writes about a DNS server: where it is asked, as whom, and who serves its zones beside it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from pydantic import field_validator, model_validator

from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint_dns.endpoint import is_here, place
from setpoint_dns.rdata import canonical_name

ALGORITHMS: Final = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1")
_FINGERPRINT = re.compile(r"[0-9A-F]{64}")


class PowerdnsAccess(Spec):
    """The HTTP API of a PowerDNS."""

    endpoint: str = described(
        "Where its API listens: https://host:port, or http://127.0.0.1:8081 for this machine itself.",
        examples=["http://127.0.0.1:8081"],
    )
    key: SecretRef = described("Where the API's key is found.")
    server: str = described("The server's id in its API.", "localhost", pattern=r"^[A-Za-z0-9._-]+$")
    ca: str | None = described(
        "Path of a PEM file with the authority that signed the certificate; without ca and fingerprint the "
        "system's authorities count.",
        None,
    )
    fingerprint: str | None = described(
        "SHA-256 fingerprint of the certificate, instead of ca; hex, colons allowed.", None
    )

    @field_validator("endpoint")
    @classmethod
    def _endpoint(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query:
            raise ValueError(f"'{value}' is no endpoint; write https://host:port")
        if url.path not in ("", "/"):
            raise ValueError(f"'{value}' has a path; write only scheme, host and port")
        if url.scheme == "http" and not is_here(url.hostname):
            raise ValueError(
                f"'{value}' would send the key in clear; use https, http is for this machine only"
            )
        return value.rstrip("/")

    @field_validator("fingerprint")
    @classmethod
    def _sha256(cls, value: str | None) -> str | None:
        digits = None if value is None else value.replace(":", "").upper()
        if digits is not None and not _FINGERPRINT.fullmatch(digits):
            raise ValueError("a SHA-256 fingerprint has 64 hex digits")
        return digits

    @model_validator(mode="after")
    def _one_trust(self) -> PowerdnsAccess:
        if self.ca is not None and self.fingerprint is not None:
            raise ValueError("ca and fingerprint exclude each other; keep one")
        return self


class TsigKey(Spec):
    """A TSIG key, with which questions and updates are signed."""

    name: str = described("Its name, as the server knows it.", examples=["setpoint"])
    algorithm: str = described(f"One of {', '.join(ALGORITHMS)}.", "hmac-sha256")
    secret: SecretRef = described("Where its secret, in base64, is found.")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return canonical_name(value, ".")

    @field_validator("algorithm")
    @classmethod
    def _algorithm(cls, value: str) -> str:
        if value.lower() not in ALGORITHMS:
            raise ValueError(f"'{value}' is no algorithm of TSIG; use one of {', '.join(ALGORITHMS)}")
        return value.lower()


class UpdateAccess(Spec):
    """A server that takes signed updates (RFC 2136) and lets its zones be transferred (AXFR)."""

    endpoint: str = described("Its host or address, and :port unless it is 53.", examples=["192.0.2.53"])
    key: TsigKey = described(
        "The key with which it lets us read and write; on BIND it also chooses the view."
    )

    @field_validator("endpoint")
    @classmethod
    def _endpoint(cls, value: str) -> str:
        place(value)
        return value


class DnsServerSpec(Spec):
    """A DNS server, or one view of it, on which zones are written."""

    powerdns: PowerdnsAccess | None = described("A PowerDNS, by its HTTP API.", None)
    rfc2136: UpdateAccess | None = described(
        "Knot, BIND, PowerDNS or another server, by signed updates and zone transfers.", None
    )
    secondaries: tuple[str, ...] = described(
        "Servers that serve its zones as well, each a host or an address, and :port unless it is 53; a zone is in "
        "sync only once all of them serve it as it is.",
        (),
        examples=[["192.0.2.54", "ns3.example.net"]],
    )

    @field_validator("secondaries")
    @classmethod
    def _places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            place(text)
        return value

    @model_validator(mode="after")
    def _one_way(self) -> DnsServerSpec:
        if (self.powerdns is None) == (self.rfc2136 is None):
            raise ValueError("exactly one of powerdns and rfc2136 says how the server is reached")
        return self
