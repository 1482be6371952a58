"""The age recipient of a host key is the one that the private half opens."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from setpoint_nixos.ssh.age import recipient

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def decoded(text: str) -> bytes:
    """The bytes of a recipient; its checksum is judged by the test of known ones."""
    words = [_ALPHABET.index(letter) for letter in text.removeprefix("age1")[:-6]]
    bits = "".join(f"{word:05b}" for word in words)
    assert set(bits[256:]) <= {"0"}
    return int(bits[:256], 2).to_bytes(32, "big")


@given(st.binary(min_size=32, max_size=32))
def test_what_is_encrypted_to_it_the_host_key_opens(seed: bytes) -> None:
    own = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    line = own.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    found = recipient(line)
    assert found is not None
    # How age and ssh-to-age make the private half: the clamped first half of the hash of the seed.
    scalar = X25519PrivateKey.from_private_bytes(hashlib.sha512(seed).digest()[:32])
    assert decoded(found) == scalar.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_its_checksum_is_that_of_recipients() -> None:
    assert checksum_holds(
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
    )  # of age's own manual
    point = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(32)).decode()
    found = recipient(f"ssh-ed25519 {point} root@web01")
    assert found is not None
    assert decoded(found) == b"\x01" + bytes(31)  # y = 0 is u = 1
    assert checksum_holds(found)


def checksum_holds(text: str) -> bool:
    """By the reference implementation of BIP 173, written down once more."""
    prefix, _, data = text.rpartition("1")
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    values += [_ALPHABET.index(letter) for letter in data]
    found = 1
    for value in values:
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            found ^= generator if (top >> bit) & 1 else 0
    return found == 1


def test_a_key_of_another_sort_has_none() -> None:
    assert recipient("ecdsa-sha2-nistp256 AAAA") is None
