"""Names and record data in canonical form, by dnspython: equal data are equal texts."""

from __future__ import annotations

from functools import lru_cache

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

MAX_TTL = 2**31 - 1
"""RFC 2181, section 8; servers store larger ones as something else."""


@lru_cache(maxsize=65_536)
def canonical_name(text: str, origin: str) -> str:
    """The absolute name that `text` means below `origin`: lower case, A-labels, final dot; `@` is the origin itself.

    Raises:
        ValueError: it is no name.
    """
    try:
        below = dns.name.from_text(origin)
        name = dns.name.from_text(text, below, idna_codec=dns.name.IDNA_2008_Practical)
        return name.canonicalize().to_text()
    except dns.exception.DNSException as error:
        raise ValueError(f"'{text}' is no DNS name: {error}") from None


@lru_cache(maxsize=65_536)
def canonical(rtype: str, text: str, origin: str) -> str:
    """The data of one record as canonical text, names in it absolute.

    Raises:
        ValueError: it is not what a record of this type holds.
    """
    try:
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN,
            dns.rdatatype.from_text(rtype),
            text,
            dns.name.from_text(origin),
            relativize=False,
        )
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"'{text}' is no {rtype} record: {error}") from None
    return str(rdata.to_text())
