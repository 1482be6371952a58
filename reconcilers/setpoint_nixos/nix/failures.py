"""What Nix refuses, each as an error of the engine's tree, so that a caller never reads Nix's own words."""

from __future__ import annotations

import re
from typing import Final

from setpoint.model.errors import RefusalError, TargetError, TransportError
from setpoint.model.printable import brief

NO_PROGRAM: Final = 127
"""How a shell ends that knows no such program."""
_LONGEST: Final = 600

_LINK: Final = re.compile(
    r"unexpected end-of-file|Broken pipe|Connection (?:reset|refused|timed out|closed)|cannot connect to (?:socket|daemon)|"
    r"cannot open connection to remote store|Nix daemon disconnected|error: (?:writing to|reading from) (?:a )?(?:file|socket)"
)
_UNSIGNED: Final = re.compile(
    r"lacks a (?:valid )?signature|not signed by|cannot add path .* because it lacks"
)
_UNTRUSTED: Final = re.compile(r"not privileged|is not (?:a )?trusted|user is not allowed")
_FULL: Final = re.compile(r"No space left on device|Disk quota exceeded")
_DAMAGED: Final = re.compile(
    r"hash mismatch|NAR .*(?:corrupt|differs)|does not exist in binary cache|(?:decompress|compress|lzma|xz|zstd)\S* .*"
    r"(?:corrupt|fail|error|Unrecognized)|bad archive|unexpected EOF|is corrupt"
)


class EvaluationError(RefusalError):
    """The flake does not give the system of a host: it throws, lacks it, or needs more memory than it may."""


class BuildError(RefusalError):
    """A derivation does not build; `log` holds the last lines of what it said."""

    def __init__(self, message: str, *, remedy: str = "", log: tuple[str, ...] = ()) -> None:
        super().__init__(message, remedy=remedy)
        self.log = log


class UnsignedError(RefusalError):
    """A store does not take a path that no key it trusts has signed."""


class OverdueError(RefusalError):
    """A program did not end in its time and was stopped."""


class MissingError(RefusalError):
    """A program or a path that must be there is not."""


def no_program(host: str, command: tuple[str, ...]) -> MissingError:
    """What a host's shell means by NO_PROGRAM."""
    return MissingError(
        f"{host} has no {command[0]} for its user", remedy="install Nix there, or see the PATH of its user"
    )


def copying(cause: str, what: str, scope: str = "") -> TargetError:
    """The error of a copy that failed with this cause; `what` begins its sentence: `web01 cannot be given …`."""
    words = f"{what} ({brief(cause, _LONGEST)})"
    for pattern, remedy, kind in _COPYING:
        if pattern.search(cause):
            return kind(words, remedy=remedy, scope=scope)
    return RefusalError(words, scope=scope)


def fetching(cause: str, complaint: str, host: str, path: str) -> TargetError:
    """The error of a host that got nothing from its binary caches; Nix tells why in `complaint`, if at all."""
    words = f"{host} cannot be given {path} by its caches ({brief(complaint or cause, _LONGEST)})"
    for pattern, remedy, kind in (*_FETCHING, *_COPYING):
        if pattern.search(f"{complaint}; {cause}"):
            return kind(words, remedy=remedy)
    return RefusalError(words, remedy="have it built and put there by others, or by build.publish")


def full(words: str, place: str) -> str:
    """What to do when the words tell of a disk that is full; empty when they do not."""
    return f"free some space in /nix of {place}, e.g. with nix-collect-garbage" if _FULL.search(words) else ""


_FETCHING: Final[tuple[tuple[re.Pattern[str], str, type[TargetError]], ...]] = (
    (
        re.compile(r"ignoring untrusted substituter"),
        "add it to the host's nix.settings.trusted-substituters, or enter the host as root",
        RefusalError,
    ),
    (
        re.compile(r"not signed by|lacks a (?:valid )?signature"),
        "write the public key of the cache beside its URL, or into the host's nix.settings.trusted-public-keys",
        UnsignedError,
    ),
    (
        re.compile(r"unable to (?:download|read)|HTTP error"),
        "see that the cache answers the host, e.g. by curl URL/nix-cache-info there; it is tried again",
        TransportError,
    ),
)
_COPYING: Final[tuple[tuple[re.Pattern[str], str, type[TargetError]], ...]] = (
    (
        _UNSIGNED,
        "sign it: name by build.signingKey a key that is in the host's nix.settings.trusted-public-keys, or enter it as root",
        UnsignedError,
    ),
    (
        _UNTRUSTED,
        "add the deploy user to the host's nix.settings.trusted-users, or deploy as root",
        RefusalError,
    ),
    (_FULL, "free some space in /nix there, e.g. with nix-collect-garbage", RefusalError),
    (_DAMAGED, "remove the damaged file from the cache, or publish the path to it again", RefusalError),
    (_LINK, "it is tried again, and what arrived is not sent twice", TransportError),
)
