"""Reads as much of a public key as tells what it is: the modulus of an RSA key in DER (RFC 8017, RFC 5280)."""

from __future__ import annotations

from dataclasses import dataclass

_SEQUENCE, _INTEGER, _BITS = 0x30, 0x02, 0x03
_LONG = 0x80
_HEAD = 2


@dataclass(frozen=True)
class _Part:
    tag: int
    body: bytes
    rest: bytes


def rsa_bits(der: bytes) -> int | None:
    """How long the modulus of an RSA public key is, in bits; None when this is none."""
    try:
        outer = _part(der, _SEQUENCE)
        first = _any(outer.body)
        if first.tag == _SEQUENCE:
            outer = _part(_part(first.rest, _BITS).body[1:], _SEQUENCE)
            first = _any(outer.body)
        exponent = _part(first.rest, _INTEGER)
    except ValueError:
        return None
    number = int.from_bytes(first.body, "big")
    return number.bit_length() if first.tag == _INTEGER and exponent.body and number else None


def _part(data: bytes, tag: int) -> _Part:
    found = _any(data)
    if found.tag != tag:
        raise ValueError("another tag")
    return found


def _any(data: bytes) -> _Part:
    if len(data) < _HEAD:
        raise ValueError("too short")
    tag, length, start = data[0], data[1], _HEAD
    if length & _LONG:
        start += length & ~_LONG
        length = int.from_bytes(data[_HEAD:start], "big")
    if len(data) < start + length:
        raise ValueError("cut off")
    return _Part(tag, data[start : start + length], data[start + length :])
