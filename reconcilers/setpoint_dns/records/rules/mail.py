"""Rules about where mail goes."""

from __future__ import annotations

from collections.abc import Iterator

from setpoint_dns.rdata import text_of
from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import Declarations, Entry

_NULL = "0 ."


def null(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """That a name takes no mail is said in one way, and alone (RFC 7505)."""
    for number, value in enumerate(entry.values):
        preference, target = value.split()
        if target == "." and preference != "0":
            yield error(f"'{value}' is no null MX", f"write '{_NULL}' for a name that takes no mail", number)
    if _NULL in entry.values and len(entry.values) > 1:
        yield error(
            f"'{_NULL}' says that no mail is taken, and stands beside another MX", "leave one of them out"
        )


def repeated(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """The same host under two preferences is tried twice in vain."""
    seen: set[str] = set()
    for number, value in enumerate(entry.values):
        target = value.split()[1]
        if target in seen and entry.values.index(value) == number:
            yield advice(f"{target} is named twice", "leave one preference out", number)
        seen.add(target)


def senders(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """A name with mail that says nothing of who sends it is one to forge."""
    if not zone.ground.whole or entry.values == (_NULL,) or not zone.inside(entry.name):
        return
    if not _says(zone, entry.name, "v=spf1"):
        yield advice("this name takes mail and has no SPF", "add TXT: v=spf1 mx -all, or as your senders are")
    if zone.is_apex(entry.name) and not _says(zone, f"_dmarc.{entry.name}", "v=dmarc1"):
        yield advice("this name takes mail and has no DMARC", "add TXT at _dmarc: v=DMARC1; p=quarantine")


def _says(zone: Declarations, name: str, version: str) -> bool:
    """Whether the name has such a text, or may have one that is not told here."""
    found = zone.answers(name)
    text = found.get("TXT")
    if text is None:
        return "CNAME" in found or zone.cut(name) != ""
    return text.pending or any(text_of(value).lower().startswith(version) for value in text.values)


RULES = (
    Rule("null-mx", null, ("MX",)),
    Rule("mx-repeated", repeated, ("MX",)),
    Rule("mail-senders", senders, ("MX",)),
)
