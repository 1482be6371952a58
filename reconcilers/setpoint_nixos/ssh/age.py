"""The age recipient of a host: what secrets are encrypted to, so that its host key alone opens them."""

from __future__ import annotations

import base64
from typing import Final

_FIELD: Final = 2**255 - 19
_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_PREFIX: Final = "age"
_CHECKSUM: Final = 6


def recipient(host_key: str) -> str | None:
    """The X25519 recipient `age1…` of a host key, as ssh-to-age gives it; None of a key that is not of ed25519."""
    kind, _, rest = host_key.partition(" ")
    if kind != "ssh-ed25519":
        return None
    point = base64.b64decode(rest.split()[0])[-32:]
    return _bech32(_montgomery(point))


def _montgomery(point: bytes) -> bytes:
    """The same point on the other form of the curve (RFC 7748, 4.1): u = (1 + y) / (1 - y)."""
    y = int.from_bytes(point, "little") & (2**255 - 1)
    u = (1 + y) * pow(1 - y, -1, _FIELD) % _FIELD
    return u.to_bytes(32, "little")


def _bech32(data: bytes) -> str:
    """BIP 173, without its limit of length."""
    words = _words(data)
    expanded = [*(ord(c) >> 5 for c in _PREFIX), 0, *(ord(c) & 31 for c in _PREFIX)]
    check = _polymod([*expanded, *words, *([0] * _CHECKSUM)]) ^ 1
    words += [check >> 5 * (_CHECKSUM - 1 - at) & 31 for at in range(_CHECKSUM)]
    return f"{_PREFIX}1" + "".join(_ALPHABET[word] for word in words)


def _words(data: bytes) -> list[int]:
    """The bits in groups of five, zeros at the end."""
    bits = "".join(f"{byte:08b}" for byte in data)
    return [int(bits[at : at + 5].ljust(5, "0"), 2) for at in range(0, len(bits), 5)]


def _polymod(words: list[int]) -> int:
    found = 1
    for word in words:
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ word
        for bit, generator in enumerate(_GENERATORS):
            found ^= generator if top >> bit & 1 else 0
    return found
