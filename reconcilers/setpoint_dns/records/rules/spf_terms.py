"""The terms of an SPF record (RFC 7208), read one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

_TERM = re.compile(
    r"(?P<qualifier>[+?~-]?)(?P<name>[A-Za-z][A-Za-z0-9._-]*)((?P<mark>[:=])(?P<value>[^/]*|.*?))?"
    r"(?P<length>/[0-9/]*)?"
)
_LENGTH = re.compile(r"(/(?P<v4>[0-9]{1,2}))?(//(?P<v6>[0-9]{1,3}))?")
_BITS_4, _BITS_6 = 32, 128
_LABEL = r"(%\{[^}]*\}|%[%_-]|[A-Za-z0-9_+/=*-])+"
_DOMAIN = re.compile(rf"({_LABEL}\.)*{_LABEL}\.?")
MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")
"""Terms that cost a question."""
_NEED = ("include", "exists", "ip4", "ip6", "redirect", "exp")
_ONCE = ("redirect", "exp")


@dataclass(frozen=True)
class Term:
    """One term: a mechanism, or a modifier such as `redirect`.

    Attributes:
        name: in lower case.
        value: what follows its mark, without a prefix length; empty when nothing does.
        length: the prefix length with its slash, such as `/24` or `/24//64`.
    """

    text: str
    qualifier: str
    name: str
    modifier: bool
    value: str
    length: str


def terms(text: str) -> Iterator[Term | str]:
    """The terms after the version; as plain text one that has no form."""
    for one in text.split()[1:]:
        found = _TERM.fullmatch(one)
        if found is None:
            yield one
            continue
        value, length = found["value"] or "", found["length"] or ""
        name, modifier = found["name"].lower(), found["mark"] == "="
        yield Term(one, found["qualifier"], name, modifier, value, length)


def mistake(term: Term) -> tuple[str, str] | None:
    """What is wrong with a term and what would be right; None when nothing is."""
    if term.modifier:
        return _modifier(term)
    if term.name not in MECHANISMS:
        return f"'{term.text}' is no mechanism", f"write one of {', '.join(MECHANISMS)}"
    if term.name in _NEED and not term.value:
        return f"'{term.text}' lacks what it is about", f"write {term.name}:..."
    if term.name in ("ip4", "ip6"):
        return _network(term)
    return _all(term) or _domain(term)


def _modifier(term: Term) -> tuple[str, str] | None:
    if term.name in MECHANISMS:
        return f"'{term.text}' has '=' in the place of ':'", f"write {term.name}:{term.value}{term.length}"
    if term.qualifier:
        return f"'{term.text}' is a modifier, and has no qualifier", f"write {term.text[1:]}"
    if term.name in _ONCE and not term.value:
        return f"'{term.text}' lacks what it is about", f"write {term.name}=example.net"
    return None


def _network(term: Term) -> tuple[str, str] | None:
    model, example = (IPv4Network, "192.0.2.0/24") if term.name == "ip4" else (IPv6Network, "2001:db8::/32")
    try:
        model(f"{term.value}{term.length}", strict=False)
    except ValueError:
        return f"'{term.value}{term.length}' is no address or network", f"write {term.name}:{example}"
    return None


def _all(term: Term) -> tuple[str, str] | None:
    wrong = term.name == "all" and (term.value or term.length)
    return (f"'{term.text}' takes no value", "write all") if wrong else None


def _domain(term: Term) -> tuple[str, str] | None:
    if term.value and not _DOMAIN.fullmatch(term.value):
        return f"'{term.value}' is no domain", f"write {term.name}:example.net"
    return _lengths(term)


def _lengths(term: Term) -> tuple[str, str] | None:
    found = _LENGTH.fullmatch(term.length)
    known = term.name in ("a", "mx") or not term.length
    fits = found is not None and int(found["v4"] or 0) <= _BITS_4 and int(found["v6"] or 0) <= _BITS_6
    if known and fits:
        return None
    return f"'{term.length}' is no prefix length of {term.name}", "write such as /24 or /24//64 after a or mx"
