"""Rules about CAA: who may issue certificates (RFC 8659)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setpoint_dns.rdata import text_of
from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import Declarations, Entry

_ISSUERS = ("issue", "issuewild", "issuemail", "issuevmc")
_KNOWN = (*_ISSUERS, "iodef", "contactemail", "contactphone")
_ISSUER = re.compile(
    r"\s*(?P<domain>[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)?\s*"
    r"(;\s*([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\s*=\s*[\x21-\x3a\x3c-\x7e]*\s*(;\s*)?)*)?"
)
_REPORT = re.compile(r"(mailto:[^@\s]+@[^@\s]+|https?://\S+)", re.IGNORECASE)
_FLAGS = ("0", "128")


def flags(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """One flag has a meaning, and it is 128."""
    for number, value in enumerate(entry.values):
        flag, tag, _text = value.split(" ", 2)
        if flag not in _FLAGS:
            yield error(
                f"the flags {flag} have no meaning",
                "write 0, or 128 for a property that issuers must know",
                number,
            )
        elif tag not in _KNOWN:
            stops = (
                "and with the flag 128 that stops every issuer"
                if flag == "128"
                else "and issuers pass it over"
            )
            yield advice(
                f"'{tag}' is no property that issuers know, {stops}",
                f"write one of {', '.join(_KNOWN)}",
                number,
            )


def value_form(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """An issuer is named by its domain, and a report goes to a URL."""
    for number, value in enumerate(entry.values):
        _flags, tag, quoted = value.split(" ", 2)
        text = text_of(quoted)
        if tag in _ISSUERS:
            yield from _issuer(tag, text, number)
        elif tag == "iodef" and not _REPORT.fullmatch(text):
            yield error(
                f"'{text}' is no address for reports", "write mailto:name@example.org or an https URL", number
            )


def _issuer(tag: str, text: str, number: int) -> Iterator[Flaw]:
    found = _ISSUER.fullmatch(text)
    if found is None:
        yield error(
            f"'{text}' names no issuer",
            "write its domain, such as letsencrypt.org, or ';' to allow none",
            number,
        )
    elif not found["domain"] and not text.strip():
        yield advice(f"an empty {tag} allows no issuer at all", "write ';' when that is meant", number)


RULES = (Rule("caa-flags", flags, ("CAA",)), Rule("caa-value", value_form, ("CAA",)))
