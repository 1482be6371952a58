"""Rules about DKIM: the keys with which mail is signed (RFC 6376, RFC 8301, RFC 8463)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.der import rsa_bits
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.rules.tags import Tags, malformed, tags, texts
from setpoint_dns.records.zone import Declarations, Entry

_UNDER = "._domainkey."
_NEARLY = re.compile(r"\s*v\s*=\s*dkim", re.IGNORECASE)
_KINDS = ("rsa", "ed25519")
_ED25519 = 32
_LEAST, _GOOD = 1024, 2048


def place(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Keys are asked for by a selector below `_domainkey`."""
    for number, text in texts(entry):
        if _NEARLY.match(text) and _UNDER not in entry.name:
            yield error("nothing asks for a DKIM key of this name", "write it at SELECTOR._domainkey", number)


def form(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """The tags of a key."""
    for number, found in _records(entry):
        yield from malformed(found, number)
        version = found.get("v")
        if version is not None and (version != "DKIM1" or found.names[0] != "v"):
            yield error("the version is not as receivers read it", "begin with v=DKIM1;", number)
        if found.get("k") not in (None, *_KINDS):
            yield error(
                f"there is no kind of key {found.get('k')}", f"write k= one of {', '.join(_KINDS)}", number
            )
        if "y" in (found.get("t") or "").split(":"):
            yield advice(
                "t=y says that signing is only tried out, and failures count for nothing",
                "leave it out",
                number,
            )


def key(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """The key itself is there and can be read."""
    for number, found in _records(entry):
        text = found.get("p")
        if text is None:
            yield error("there is no key", "write p= and the public key in base64", number)
        elif not text:
            yield advice(
                "an empty p= says that the key was taken back",
                "leave the record out when nothing signs with it",
                number,
            )
        else:
            yield from _key(text, found.get("k") or "rsa", number)


def _key(text: str, kind: str, number: int) -> Iterator[Flaw]:
    try:
        data = b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        yield error("the key is not base64", "copy all of it, without its BEGIN and END lines", number)
        return
    if kind == "ed25519" and len(data) != _ED25519:
        yield error(
            f"an Ed25519 key has {_ED25519} bytes, and this has {len(data)}",
            "write the bare key in base64",
            number,
        )
    if kind == "rsa":
        yield from _rsa(rsa_bits(data), number)


def _rsa(bits: int | None, number: int) -> Iterator[Flaw]:
    if bits is None:
        yield error("the key cannot be read as RSA", "copy all of it; it often begins with MIIBIjAN", number)
    elif bits < _LEAST:
        yield error(f"a key of {bits} bits is refused by receivers", f"make one of {_GOOD} bits", number)
    elif bits < _GOOD:
        yield advice(f"a key of {bits} bits is weak", f"make one of {_GOOD} bits", number)


def _records(entry: Entry) -> Iterator[tuple[int, Tags]]:
    if _UNDER in entry.name:
        yield from ((number, tags(text)) for number, text in texts(entry))


RULES = (
    Rule("dkim-place", place, ("TXT",)),
    Rule("dkim-form", form, ("TXT",)),
    Rule("dkim-key", key, ("TXT",)),
)
