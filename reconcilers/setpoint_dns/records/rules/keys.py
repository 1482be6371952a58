"""Rules about keys and fingerprints: TLSA, SMIMEA, SSHFP, OPENPGPKEY."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import Declarations, Entry

_PORT = re.compile(r"(\*|_(?P<port>[0-9]{1,5}))\._(tcp|udp|sctp|dccp|quic)\..*")
_PORTS = 65_535
_USAGES, _SELECTORS = ("0", "1", "2", "3"), ("0", "1")
_MATCHING = {"0": 0, "1": 64, "2": 128}
"""By matching type the number of hex digits; 0 where it is the data itself."""
_OWN = "255"
"""What each of these fields leaves to private use."""
_SSH_KEYS = ("1", "2", "3", "4", "6")
_SSH_PRINTS = {"1": 40, "2": 64}
_DIGEST_LABEL = 56
"""Hex digits of what stands for the user part of an address (RFC 7929, RFC 8162)."""


def tlsa_place(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Certificates are asked for by port and transport (RFC 6698)."""
    found = _PORT.fullmatch(entry.name)
    if found is None or int(found["port"] or 1) not in range(1, _PORTS + 1):
        yield error(
            f"nothing asks for TLSA of '{entry.written}'", "name it _port._transport, such as _25._tcp.mail"
        )


def certificate(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Fields with a meaning, and as many digits as the digest has."""
    for number, value in enumerate(entry.values):
        usage, selector, matching, digits = (*value.split(), "")[:4]
        for word, field, known in (
            ("usage", usage, _USAGES),
            ("selector", selector, _SELECTORS),
            ("matching type", matching, tuple(_MATCHING)),
        ):
            if field not in (*known, _OWN):
                yield error(f"there is no {word} {field}", f"write one of {', '.join(known)}", number)
        yield from _length(_MATCHING.get(matching, 0), digits, f"matching type {matching}", number)


def fingerprint(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Fields with a meaning, and as many digits as the digest has."""
    for number, value in enumerate(entry.values):
        algorithm, kind, digits = value.split()
        if algorithm not in _SSH_KEYS:
            yield error(
                f"there is no kind of key {algorithm}", "write 1 RSA, 3 ECDSA, 4 Ed25519 or 6 Ed448", number
            )
        elif algorithm == "2":
            yield advice("SSH gave up DSA keys", "write the fingerprint of an Ed25519 key, 4", number)
        if kind not in _SSH_PRINTS:
            yield error(f"there is no kind of fingerprint {kind}", "write 2 for SHA-256", number)
        elif kind == "1":
            yield advice("SHA-1 is no fingerprint to trust any more", "write that of SHA-256, 2", number)
        yield from _length(_SSH_PRINTS.get(kind, 0), digits, f"fingerprint type {kind}", number)


def user(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Keys of people are asked for by a digest of their address."""
    label, under = entry.name.split(".")[0], {"OPENPGPKEY": "_openpgpkey", "SMIMEA": "_smimecert"}[entry.type]
    exact = re.fullmatch(rf"[0-9a-f]{{{_DIGEST_LABEL}}}", label) is not None
    if label != "*" and not (exact and entry.name.split(".")[1] == under):
        yield advice(
            f"nothing asks for {entry.type} of '{entry.written}'",
            f"name it by the SHA-256 of what is before the @, cut to {_DIGEST_LABEL} hex digits, below {under}",
        )


def _length(wanted: int, digits: str, what: str, number: int) -> Iterator[Flaw]:
    """How many digits there are, which older releases of dnspython do not look at."""
    if wanted and len(digits) != wanted:
        yield error(
            f"{what} has {wanted} hex digits, and these are {len(digits)}", "write the whole digest", number
        )


RULES = (
    Rule("tlsa-name", tlsa_place, ("TLSA",)),
    Rule("certificate", certificate, ("TLSA", "SMIMEA")),
    Rule("ssh-fingerprint", fingerprint, ("SSHFP",)),
    Rule("user-key-name", user, ("OPENPGPKEY", "SMIMEA")),
)
