"""Finds what a server makes up by itself inside a text: task names, digests, addresses, times and the like."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEX = "[0-9A-Fa-f]"

FORMS = {
    "upid": rf"UPID:[A-Za-z0-9-]+:{HEX}{{8}}:{HEX}{{8,9}}:{HEX}{{8}}:[^:\s/]+:[^:\s/]*:[^:\s/]+:",
    "ticket": r"PVE:[^:\s]+:[0-9A-F]{8}::[A-Za-z0-9+/=]{4,}",
    "fingerprint": rf"\b(?:{HEX}{{2}}:){{31}}{HEX}{{2}}\b",
    "mac": rf"\b(?:{HEX}{{2}}:){{5}}{HEX}{{2}}\b",
    "uuid": rf"\b{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}\b",
    "interface": rf"\b{HEX}{{1,4}}:{HEX}{{0,2}}ff:fe{HEX}{{2}}:{HEX}{{1,4}}\b",
    "digest": r"\b[0-9a-f]{40}\b",
    "upload": r"(?<=pveupload-)[0-9a-f]{32}\b",
    "pid": r"(?<=\.tmp\.)\d+\b",
    "csrf": r"\b[0-9A-F]{8}:[A-Za-z0-9+/]{20,}=*",
    "stamp": r"\b\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d\b",
    "moment": r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b",
    "date": r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d "
    r"\d\d:\d\d:\d\d \d{4}\b",
    "time": r"\b1[6-9]\d{8}\b",
}
"""The classes of made-up values, and how a value of each looks."""

_ANY = re.compile("|".join(f"(?P<{name}>{form})" for name, form in FORMS.items()))

CUT = re.compile(r"<cut>|<redacted>|\.\.<cut>")
_SECRETS = (
    ("ticket", re.compile(r"PVE:")),
    ("csrf", re.compile(r"[0-9A-F]{8}:")),
    ("uuid", re.compile(rf"{HEX}{{8}}-")),
)

TIME_KEYS = frozenset(
    {"starttime", "endtime", "ctime", "snaptime", "time", "timestamp", "next-run", "last_sync", "last_try"}
)
"""Keys whose number is a time in seconds since the epoch, unless it is small."""

PROCESS_KEYS = frozenset({"pid", "pstart"})
"""Keys whose number belongs to a process."""

FIRST_TIME = 1_600_000_000


@dataclass(frozen=True, slots=True)
class Token:
    """A made-up value of a class."""

    kind: str
    text: str


def split(text: str) -> tuple[str | Token, ...]:
    """The text as plain pieces and tokens, in order; joined they are the text again."""
    pieces: list[str | Token] = []
    end = 0
    for found in _ANY.finditer(text):
        if found.start() > end:
            pieces.append(text[end : found.start()])
        pieces.append(Token(str(found.lastgroup), found.group()))
        end = found.end()
    if end < len(text):
        pieces.append(text[end:])
    return tuple(pieces)


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens in the text."""
    return tuple(piece for piece in split(text) if isinstance(piece, Token))


def number_kind(key: str, value: float) -> str | None:
    """The class of a number under a key: `time`, `pid`, `pstart`, or None when it is an ordinary number."""
    if key in PROCESS_KEYS:
        return key
    return "time" if key in TIME_KEYS and value >= FIRST_TIME else None


def cut_kind(text: str) -> str | None:
    """The class of a secret of which the recording holds only the beginning, None when nothing was cut."""
    if CUT.search(text) is None:
        return None
    return next((kind for kind, start in _SECRETS if start.match(text)), "secret")


def has_form(kind: str, text: str) -> bool:
    """Whether the whole text is a value of the class; a `secret` only needs to be there."""
    return bool(text) if kind == "secret" else re.fullmatch(FORMS[kind], text) is not None


def address_of_interface(identifier: str) -> str:
    """The MAC address from which the second half of a link-local address was made."""
    number = "".join(part.rjust(4, "0") for part in identifier.split(":"))
    parts = [number[at : at + 2] for at in range(0, len(number), 2)]
    first = f"{int(parts[0], 16) ^ 2:02x}"
    return ":".join([first, *parts[1:3], *parts[5:]]).lower()
