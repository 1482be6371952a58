"""Rules about DMARC: what receivers do with mail that fails (RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.rules.tags import Tags, malformed, tags, texts
from setpoint_dns.records.zone import Declarations, Entry

_VERSION = re.compile(r"v\s*=\s*DMARC1\s*(;|$)")
_NEARLY = re.compile(r"\s*v\s*=\s*dmarc", re.IGNORECASE)
_URI = re.compile(r"mailto:[^@\s,!]+@[^@\s,!]+(![0-9]+[kmgt]?)?", re.IGNORECASE)
_POLICIES = ("none|quarantine|reject", "none, quarantine or reject")
_ALIGNED = ("r|s", "r or s")
_FORMS = {
    "p": _POLICIES,
    "sp": _POLICIES,
    "np": _POLICIES,
    "adkim": _ALIGNED,
    "aspf": _ALIGNED,
    "pct": ("100|[0-9]{1,2}", "0 to 100"),
    "ri": ("[0-9]{1,10}", "a number of seconds"),
    "fo": ("[01ds](:[01ds])*", "0, 1, d or s"),
    "rf": ("[a-z]+(:[a-z]+)*", "afrf"),
    "psd": ("y|n|u", "y, n or u"),
    "t": ("y|n", "y or n"),
}
_ALL = {*_FORMS, "v", "rua", "ruf"}


def place(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Receivers ask for it below `_dmarc`, and nowhere else."""
    here = entry.name.startswith("_dmarc.")
    for number, text in texts(entry):
        if _NEARLY.match(text) and not here and "._report._dmarc." not in entry.name:
            yield error("nothing asks for DMARC of this name", "write it at _dmarc", number)
        elif here and not _NEARLY.match(text):
            yield error("this is at _dmarc and is no DMARC", "begin it with 'v=DMARC1; p='", number)


def one_only(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Two of them are as good as none."""
    found = [number for number, text in texts(entry) if _NEARLY.match(text)]
    for number in found[1:]:
        yield error(
            "the name has more than one DMARC record, which makes all of them void", "keep one", number
        )


def beginning(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """The version stands first, then the policy."""
    for number, text, found in _records(entry):
        if not _VERSION.match(text):
            yield error("the version is not as receivers read it", "begin with v=DMARC1; in capitals", number)
        elif found.get("p") is None:
            yield error(
                "there is no policy", "write p=none, p=quarantine or p=reject after v=DMARC1;", number
            )
        elif found.names[1:2] != ("p",):
            yield error(
                "the policy does not stand right after the version",
                "write v=DMARC1; p=...; and the rest",
                number,
            )


def values(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Each tag has its form."""
    for number, _text, found in _records(entry):
        yield from malformed(found, number)
        for name, value in found.items:
            if name in _FORMS and not re.fullmatch(_FORMS[name][0], value, re.IGNORECASE):
                yield error(f"{name}={value} has no meaning", f"write {name}= and {_FORMS[name][1]}", number)
            elif name not in _ALL:
                yield advice(f"DMARC knows no tag {name}", "leave it out", number)
        for name in ("rua", "ruf"):
            yield from _addresses(name, found.get(name), number)


def _addresses(name: str, value: str | None, number: int) -> Iterator[Flaw]:
    for one in [] if value is None else value.split(","):
        if not _URI.fullmatch(one.strip()):
            yield error(
                f"'{one.strip()}' in {name} is no address for reports",
                "write mailto:name@example.org",
                number,
            )


def _records(entry: Entry) -> Iterator[tuple[int, str, Tags]]:
    for number, text in texts(entry):
        if _NEARLY.match(text) and "_dmarc." in entry.name and "._report." not in entry.name:
            yield number, text, tags(text)


RULES = tuple(
    Rule(name, judge, ("TXT",))
    for name, judge in (
        ("dmarc-place", place),
        ("dmarc-one", one_only),
        ("dmarc-beginning", beginning),
        ("dmarc-values", values),
    )
)
