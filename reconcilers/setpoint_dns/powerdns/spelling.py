"""Record data as PowerDNS itself would print them: in another spelling they are refused, although they are equal. Pure."""

from __future__ import annotations

import re
from typing import Final

import dns.rdata
from dns.rdtypes.ANY.CERT import CERT

from setpoint_dns.rdata import BARE, as_names

_PARAMETER = re.compile(r'(?<= )(?!key\d)([a-z][a-z0-9-]*)="([^"]*)"')
_PRECISION: Final = "1.00m 10000.00m 10.00m"


def spelled(rtype: str, value: str) -> str:
    """Canonical data as the server takes them."""
    match rtype:
        case "SVCB" | "HTTPS":
            return _PARAMETER.sub(r"\1=\2", value)
        case "LOC" if value.count("m") == 1:
            return f"{value} {_PRECISION}"
        case _ if rtype in BARE:
            return as_names(value)
        case "CERT":
            return _certificate(value)
        case _:
            return value


def _certificate(value: str) -> str:
    """Numbers instead of mnemonics."""
    data = dns.rdata.from_text("IN", "CERT", value)
    assert isinstance(data, CERT)  # noqa: S101  # that is the class of this type
    return f"{data.certificate_type} {data.key_tag} {data.algorithm} {value.split(None, 3)[3]}"
