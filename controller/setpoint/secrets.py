"""Where references to secrets become values: read afresh each time, kept in memory only."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from setpoint.model.errors import SettingsError
from setpoint.model.secret import Secret, SecretRef

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what LoadCredential= names."""


LONGEST = 65536
"""Bytes of the longest secret; a longer line is another file by mistake."""
_BEGIN = b"-----BEGIN "
"""How a private key begins, which has many lines."""
_WRITE = "write the secret into its first line, as UTF-8"


def resolve_secret(ref: SecretRef, env: Mapping[str, str] = os.environ) -> Secret:
    """The value that `ref` names: never empty; one line, or of a file with a private key all of them.

    Raises:
        SettingsError: it is not there, empty, or open to everybody.
    """
    if ref.file is not None:
        return _from_file(Path(ref.file).absolute(), private=True)
    if ref.env is not None:
        return _from_environment(ref.env, env)
    return _from_credential(str(ref.credential), env)


def _from_environment(name: str, env: Mapping[str, str]) -> Secret:
    if not env.get(name):
        raise SettingsError(
            f"the environment variable {name}, which should hold a secret, is not set",
            remedy="set it for the daemon, or name the secret with file or credential",
        )
    return Secret(env[name])


def _from_credential(name: str, env: Mapping[str, str]) -> Secret:
    if "/" in name or name in ("", ".", ".."):
        raise SettingsError(
            f"'{name}' is no name of a credential", remedy="write the name that LoadCredential= gives it"
        )
    folder = env.get(CREDENTIALS)
    if not folder:
        raise SettingsError(
            f"there is no credential {name}: {CREDENTIALS} is not set",
            remedy=f"start the daemon by systemd with LoadCredential={name}:/path/of/the/secret",
        )
    # systemd guards the folder; the files in it have modes of their own choosing.
    return _from_file(Path(folder, name), private=False)


def _from_file(path: Path, *, private: bool) -> Secret:
    try:
        # Path.open takes no opener.
        with open(path, "rb", opener=_without_waiting) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise SettingsError(f"{path}, which should hold a secret, is no file", remedy=_WRITE)
            if private and mode & stat.S_IROTH:
                raise SettingsError(
                    f"the secret in {path} can be read by everybody", remedy=f"chmod o-rwx {path}"
                )
            line = file.readline(LONGEST + 1)
            rest = file.read(LONGEST + 1) if line.startswith(_BEGIN) else b""
            text = _text(path, line + rest, last="\n" if rest else "")
    except OSError as error:
        raise SettingsError(
            f"the secret in {path} cannot be read: {error.strerror}",
            remedy="make the file, with the secret in its first line, readable for the user of the daemon",
        ) from error
    if not text:
        raise SettingsError(
            f"the first line of {path}, which should be a secret, is empty", remedy="write the secret there"
        )
    return Secret(text)


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe waits for its writer, and everything else with it."""
    return os.open(path, flags | os.O_NONBLOCK)


def _text(path: Path, line: bytes, last: str) -> str:
    """What is in a file, with `last` at its end: OpenSSH takes no key that ends without a line end."""
    if len(line) > LONGEST:
        raise SettingsError(f"the first line of {path} is too long for a secret", remedy=_WRITE)
    try:
        text = line.decode().rstrip("\r\n") + last
    except UnicodeDecodeError:
        # Without its cause, which quotes the bytes.
        raise SettingsError(f"the secret in {path} is no text", remedy=_WRITE) from None
    if "\0" in text:
        raise SettingsError(f"the secret in {path} is no text", remedy=_WRITE)
    return text
