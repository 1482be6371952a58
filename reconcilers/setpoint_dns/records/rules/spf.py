"""Rules about SPF: who may send mail for a name (RFC 7208)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setpoint_dns.rdata import text_of
from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.rules.spf_terms import ASKING, Term, mistake, terms
from setpoint_dns.records.rules.tags import texts
from setpoint_dns.records.zone import Declarations, Entry

_VERSION = re.compile(r"v=spf1( |$)", re.IGNORECASE)
_NEARLY = re.compile(r"\s*(v\s*=\s*)?[\"']?spf1\b|v=spf", re.IGNORECASE)
_LOOKUPS = 10


def is_spf(text: str) -> bool:
    """Whether a text is SPF to those who check mail."""
    return _VERSION.match(text) is not None


def one_only(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Two of them are as good as none: mail fails for good."""
    found = [number for number, text in texts(entry) if is_spf(text)]
    for number in found[1:]:
        yield error(
            "the name has more than one SPF record, which makes all of them void", "join them in one", number
        )


def version(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """What looks like SPF and is none."""
    for number, text in texts(entry):
        if _NEARLY.match(text) and not is_spf(text) and not text.lower().startswith("v=spf2.0/"):
            yield error("this looks like SPF, and is not read as such", "begin it with 'v=spf1 '", number)


def syntax(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """One wrong term makes all of it void."""
    for number, text in _records(entry):
        for term in terms(text):
            wrong = (
                mistake(term)
                if isinstance(term, Term)
                else (f"'{term}' has no form", "write mechanism:value")
            )
            if wrong:
                yield error(*wrong, number)
        names = [term.name for term in terms(text) if isinstance(term, Term) and term.modifier]
        for name in ("redirect", "exp"):
            if names.count(name) > 1:
                yield error(f"{name} stands there twice, which makes all of it void", "keep one", number)


def lookups(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """Beyond ten questions all of it is void; what this zone includes of itself is counted as well."""
    for number, text in _records(entry):
        count = _asks(text, zone, frozenset({entry.name}))
        if count > _LOOKUPS:
            yield error(
                f"this asks {count} questions at least, and {_LOOKUPS} are allowed",
                "write ip4 and ip6 in the place of names, or leave some out",
                number,
            )


def ending(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """What is said about everybody else."""
    for number, text in _records(entry):
        found = [term for term in terms(text) if isinstance(term, Term)]
        mechanisms = [term.name for term in found if not term.modifier]
        redirects = any(term.name == "redirect" and term.modifier for term in found)
        if "all" not in mechanisms and not redirects:
            yield advice("nothing is said about other senders", "end it with ~all or -all", number)
        if "all" in mechanisms and mechanisms[-1] != "all":
            yield advice("what stands after 'all' is never looked at", "put all at the end", number)
        if "all" in mechanisms and redirects:
            yield advice("with 'all' the redirect is never looked at", "leave one of them out", number)


def permissive(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Terms that let everybody in, or that receivers pass over."""
    for number, text in _records(entry):
        for term in terms(text):
            if not isinstance(term, Term) or term.modifier:
                continue
            if term.name == "all" and term.qualifier in ("", "+"):
                yield advice(f"'{term.text}' lets everybody send in this name", "write ~all or -all", number)
            elif term.name == "all" and term.qualifier == "?":
                yield advice("'?all' says nothing about anybody", "write ~all or -all", number)
            elif term.name == "ptr":
                yield advice("ptr is slow, and receivers pass it over", "write a, mx, ip4 or ip6", number)


def _records(entry: Entry) -> Iterator[tuple[int, str]]:
    return ((number, text) for number, text in texts(entry) if is_spf(text))


def _asks(text: str, zone: Declarations, seen: frozenset[str]) -> int:
    """How many questions a record costs, as far as this zone can tell."""
    count = 0
    for term in terms(text):
        if not isinstance(term, Term) or term.name not in ASKING:
            continue
        count += 1
        name = f"{term.value.rstrip('.').lower()}."
        if term.name in ("include", "redirect") and name not in seen:
            held = zone.at(name).get("TXT")
            inner = (text_of(value) for value in held.values) if held else ()
            count += sum(_asks(one, zone, seen | {name}) for one in inner if is_spf(one))
    return count


RULES = tuple(
    Rule(name, judge, ("TXT",))
    for name, judge in (
        ("spf-one", one_only),
        ("spf-version", version),
        ("spf-syntax", syntax),
        ("spf-lookups", lookups),
        ("spf-ending", ending),
        ("spf-permissive", permissive),
    )
)
