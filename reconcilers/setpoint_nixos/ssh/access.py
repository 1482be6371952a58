"""Where, as whom and by which keys a host is reached."""

from __future__ import annotations

from dataclasses import dataclass

import asyncssh

from setpoint.model.errors import RefusalError
from setpoint.model.secret import Secret

PORT = 22


@dataclass(frozen=True)
class Access:
    """A host, and how one gets into it.

    Attributes:
        host_key: the one public key that it may show: `ssh-ed25519 AAAA…`; empty where `container` tells who knows it.
        key: the private key to get in with, as text in OpenSSH's format or PEM.
        passphrase: what opens the private key, where that is locked.
        via: the host through which it is reached; None for a straight way.
        container: its number, where it is a container of `via`, which reads the key out of it.
    """

    address: str
    user: str
    host_key: str
    key: Secret
    port: int = PORT
    passphrase: Secret | None = None
    via: Access | None = None
    container: str = ""

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.user}@{address}" + ("" if self.port == PORT else f":{self.port}")

    def way(self) -> tuple[Access, ...]:
        """All hosts on the way, the nearest first and this one last."""
        return (*(() if self.via is None else self.via.way()), self)


def public_key(text: str) -> asyncssh.SSHKey:
    """The public key that a line is: type and base64, a comment may follow.

    Raises:
        ValueError: it is none.
    """
    try:
        return asyncssh.import_public_key(text)
    except asyncssh.KeyImportError as error:
        raise ValueError(
            "this is no public key; write its type and its base64, as in /etc/ssh/ssh_host_ed25519_key.pub"
        ) from error


def private_key(access: Access) -> asyncssh.SSHKey:
    """The key to get into a host with; to unlock one takes a while, and no waiting.

    Raises:
        RefusalError: it is no private key, or its passphrase is not the right one.
    """
    passphrase = None if access.passphrase is None else access.passphrase.reveal()
    try:
        return asyncssh.import_private_key(access.key.reveal(), passphrase)
    except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
        locked = isinstance(error, asyncssh.KeyEncryptionError) or "passphrase" in str(error).lower()
    if passphrase is not None:
        raise _unusable(access, "does not open with its passphrase", "declare the right passphrase")
    if locked:
        raise _unusable(
            access, "is locked, and no passphrase is declared", "declare it, or use a key without"
        )
    raise _unusable(access, "is no private key", "let it name a file as ssh-keygen writes it")


def _unusable(access: Access, how: str, remedy: str) -> RefusalError:
    """Raised without its cause, which may quote the key."""
    return RefusalError(f"the key for {access} {how}", remedy=remedy)
