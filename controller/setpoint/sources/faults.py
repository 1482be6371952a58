"""What git says when it cannot fetch, as one sentence that a person can act on, without passwords."""

from __future__ import annotations

import re
from typing import Final

from setpoint.model.errors import SourceError
from setpoint.model.printable import printable

LONGEST = 300
"""Characters of git's own words that are passed on."""

_PASSWORD = re.compile(r"(?<=://)[^/\s]+@")
_NOISE = re.compile(r"hint:|Please make sure you have the correct access|and the repository exists")
_PREFIX = re.compile(r"^(?:fatal|error|remote|warning): *", re.IGNORECASE)

_FAULTS: Final = (
    (
        r"No space left on device|Disk quota exceeded",
        "there is no room for the mirror of {url}",
        "free some space on the file system of the state directory",
    ),
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed",
        "the host key of {url} is not the one that is known",
        "compare it with what the forge publishes, then write it to the daemon user's known_hosts",
    ),
    (
        (
            r"Authentication failed|could not read (?:User|Pass)|terminal prompts disabled|Permission denied \(|"
            r"returned error: 40[13]|HTTP Basic: Access denied|Invalid username or"
        ),
        "{url} does not let us in",
        "give the daemon's user a deploy key or a credential helper that may read the repository",
    ),
    (
        r"detected dubious ownership",
        "{url} belongs to another user",
        "git config --system --add safe.directory PATH, or give it to the user of the daemon",
    ),
    (
        r"transport '.*' not allowed|Unable to find remote helper",
        "{url} is of a kind that is not used",
        "use https, ssh, git or the path of a repository",
    ),
    (
        (
            r"does not appear to be a git repository|[Rr]epository(?: .*)? (?:does not exist|not found)|"
            r"returned error: 404|project .* could not be found"
        ),
        "there is no git repository at {url}",
        "correct source.git.url in the settings, or make the repository",
    ),
    (
        r"certificate",
        "the certificate of {url} is not trusted",
        "install the authority that signed it on this host, or name it with git's http.sslCAInfo",
    ),
    (
        r"on the remote side|git-pack-objects died|upload-pack: not our ref",
        "{url} is damaged",
        "run git fsck in it, and restore what is missing from another clone",
    ),
    (
        (
            r"Could not resolve host|Name or service not known|Connection (?:refused|reset|timed out|closed)|"
            r"unable to access 'http|No route to host|Network is unreachable|Failed to connect|unable to connect|"
            r"Operation timed out|early EOF|the remote end hung up|returned error: 5\d\d|Operation too slow"
        ),
        "{url} cannot be reached",
        "nothing changes until it answers again; see its network and its service",
    ),
)


def condense(errors: str) -> str:
    """Git's words on one line, without what would tell a password."""
    lines = [_PREFIX.sub("", line.strip()) for line in errors.splitlines()]
    text = "; ".join(line.rstrip(".") for line in lines if line and not _NOISE.match(line))
    text = printable(hide_password(text))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def hide_password(text: str) -> str:
    """`text` with the user and password of every URL taken out."""
    return _PASSWORD.sub("", text)


def remote_fault(url: str, errors: str) -> SourceError | None:
    """What is wrong with the remote; None when git's words do not tell that it is the remote."""
    for pattern, what, remedy in _FAULTS:
        if re.search(pattern, errors, re.MULTILINE):
            message = what.format(url=hide_password(url))
            return SourceError(f"{message} ({condense(errors)})", remedy=remedy)
    return None


def missing_branch(url: str, branch: str, existing: list[str]) -> SourceError:
    """The remote answers, and has no such branch."""
    place = hide_password(url)
    if not existing:
        return SourceError(f"{place} is empty", remedy=f"push a first commit to its branch {branch}")
    shown = ", ".join(existing[:10]) + (" and more" if len(existing) > 10 else "")  # noqa: PLR2004 - a line
    return SourceError(
        f"{place} has no branch {branch}; it has {shown}",
        remedy="push the branch, or name another one with source.git.branch in the settings",
    )
