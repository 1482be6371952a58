"""The key that paths are signed with, so that a host need not trust whoever deploys to it."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from setpoint.model.errors import RefusalError
from setpoint.model.secret import Secret

_NAME: Final = re.compile(r"[\w.+-]+", re.ASCII)
_SECRET: Final = 64
"""Bytes of an ed25519 key as Nix keeps it: the seed, then the public half."""


def public_key(key: Secret) -> str:
    """What a host is told to trust (`nix.settings.trusted-public-keys`), of a key as `nix key generate-secret` makes it.

    Raises:
        RefusalError: it is no such key; it is not quoted.
    """
    name, _, text = key.reveal().strip().partition(":")
    try:
        whole = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        whole = b""
    if _NAME.fullmatch(name) is None or len(whole) != _SECRET:
        raise RefusalError(
            "the signing key is not one of Nix",
            remedy="make one with nix key generate-secret --key-name NAME-1",
        )
    return f"{name}:{base64.b64encode(whole[_SECRET // 2 :]).decode()}"


def as_input(key: Secret) -> bytes:
    """The key as a command of Nix reads it, once it is known to be one.

    Raises:
        RefusalError: it is none.
    """
    public_key(key)
    return key.reveal().strip().encode()
