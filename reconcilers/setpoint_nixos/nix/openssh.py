"""The way to a host's store by the OpenSSH client, for where the bridge is not to be used: the same keys, the same pins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from setpoint.model.errors import RefusalError
from setpoint_nixos.ssh.access import Access

_COMMON = """\
  BatchMode yes
  IdentitiesOnly yes
  IdentityAgent none
  StrictHostKeyChecking yes
  GlobalKnownHostsFile none
  UpdateHostKeys no
  ControlMaster no
  ControlPath none
  ConnectTimeout 15
  ServerAliveInterval 10
  ServerAliveCountMax 3
"""


def settings(ways: Mapping[str, Access], folder: Path) -> Mapping[str, str]:
    """The environment in which `ssh-ng://NAME` is the store of the host of that name.

    What the client needs is written into a folder of ours, keys included; remove it when Nix has ended.

    Raises:
        RefusalError: a key is locked: nobody is there to be asked for its passphrase.
    """
    # Nix splits the options at blanks, and 2.8 takes no port in the URL: so all of it stands in a file.
    if " " in str(folder):
        raise ValueError(f"'{folder}' has blanks, at which Nix splits the options of ssh")
    texts: list[str] = []
    known: list[str] = []
    for name, access in ways.items():
        hops = access.way()
        names = [*(f"{name}-via-{number}" for number in range(len(hops) - 1)), name]
        for hop, at, before in zip(hops, names, ["", *names], strict=False):
            texts.append(_hop(hop, at, before, folder))
            known.append(f"{at} {' '.join(hop.host_key.split()[:2])}\n")
    _write(folder / "known_hosts", "".join(known))
    _write(folder / "config", "".join(texts))
    return {"NIX_SSHOPTS": f"-F {folder}/config"}


def _hop(access: Access, name: str, before: str, folder: Path) -> str:
    if access.passphrase is not None:
        raise RefusalError(
            f"the key for {access} is locked, and the OpenSSH client can ask nobody",
            remedy="use a key without a passphrase, or the bridge",
        )
    key = folder / f"key-{name}"
    _write(key, f"{access.key.reveal().strip()}\n")
    lines = {
        "HostName": access.address,
        "Port": str(access.port),
        "User": access.user,
        "HostKeyAlias": name,
        "IdentityFile": str(key),
        "UserKnownHostsFile": str(folder / "known_hosts"),
    }
    if before:
        lines["ProxyCommand"] = f"ssh -F {folder}/config -W %h:%p {before}"
    return f"Host {name}\n{_COMMON}" + "".join(f"  {word} {value}\n" for word, value in lines.items())


def _write(place: Path, text: str) -> None:
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
