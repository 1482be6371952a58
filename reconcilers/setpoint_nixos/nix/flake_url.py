"""Where a flake lives, as a person writes it, taken apart into what git and Nix each need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

_REVISION: Final = re.compile(r"[0-9a-f]{40}")
_FORGES: Final = {"github": "github.com", "gitlab": "gitlab.com", "sourcehut": "git.sr.ht"}
_SCHEMES: Final = frozenset({"git", "http", "https", "ssh", "file"})
_REF: Final = re.compile(r"(?!-)(?!.*(?:\.\.|//|@\{|\.lock$|[/.]$))[^\s\x00-\x1f\x7f~^:?*\[\\]+")
_SCP: Final = re.compile(r"[\w.-]+@[\w.-]+:(?!//)\S+")


@dataclass(frozen=True)
class FlakeUrl:
    """A flake in a git repository.

    Attributes:
        url: the repository, as git fetches it.
        ref: the branch or tag that is followed; empty for the repository's default branch.
        revision: the commit that it is pinned to; empty for none.
        folder: where in the repository the flake is; empty for its root.
    """

    url: str
    ref: str = ""
    revision: str = ""
    folder: str = ""

    @classmethod
    def parse(cls, text: str) -> FlakeUrl:
        """Read `git+https://…?ref=…&rev=…&dir=…`, `git+ssh://…`, `github:owner/name/ref`, or what git itself takes.

        Raises:
            ValueError: it is no flake in a git repository, with what would be right.
        """
        text = text.strip()
        if "#" in text:
            raise ValueError(f"'{text}' names an attribute; write the flake alone, the host tells the rest")
        scheme = text.partition(":")[0]
        if scheme in _FORGES and not text.startswith(f"{scheme}://"):
            return cls._of_forge(_FORGES[scheme], text.partition(":")[2])
        if _SCP.fullmatch(text):
            return cls(text)
        return cls._of_repository(text.removeprefix("git+"))

    @classmethod
    def _of_forge(cls, host: str, rest: str) -> FlakeUrl:
        path, _, query = rest.partition("?")
        parts = path.split("/", 2)
        if len(parts) < 2 or not all(parts):  # noqa: PLR2004 - owner and name
            raise ValueError(f"'{rest}' names no repository; write owner/name or owner/name/branch")
        options = dict(parse_qsl(query))
        which = unquote(parts[2]) if len(parts) > 2 else options.pop("ref", "")  # noqa: PLR2004 - a branch follows
        if _REVISION.fullmatch(which):
            options["rev"], which = which, ""
        place = f"https://{options.pop('host', host)}/{parts[0]}/{parts[1].removesuffix('.git')}"
        return cls._with(place if "sr.ht" in place else f"{place}.git", {**options, "ref": which})

    @classmethod
    def _of_repository(cls, text: str) -> FlakeUrl:
        parts = urlsplit(text)
        if parts.scheme == "path":
            raise ValueError("a folder without git has no revision; commit it, and name the repository")
        if text.startswith("/"):
            return cls._with(f"file://{parts.path}", dict(parse_qsl(parts.query)))
        if parts.scheme not in _SCHEMES:
            raise ValueError(
                f"'{text}' is no git repository; write git+https://…, git+ssh://… or github:owner/name"
            )
        return cls._with(urlunsplit(parts._replace(query="", fragment="")), dict(parse_qsl(parts.query)))

    @classmethod
    def _with(cls, url: str, options: dict[str, str]) -> FlakeUrl:
        ref, revision = options.pop("ref", ""), options.pop("rev", "")
        folder = options.pop("dir", "").strip("/")
        if options:
            raise ValueError(f"'{next(iter(options))}' is not known here; ref, rev and dir are")
        if ref and _REF.fullmatch(ref) is None:
            raise ValueError(f"'{ref}' is no name of a branch or tag")
        if revision and _REVISION.fullmatch(revision) is None:
            raise ValueError(f"'{revision}' is no commit; write all 40 hexadecimal digits")
        if ".." in folder.split("/"):
            raise ValueError(f"'{folder}' leads out of the repository")
        return cls(url, ref, revision, folder)


@dataclass(frozen=True)
class Pinned:
    """A flake at a revision, at hand on this machine.

    Attributes:
        mirror: the bare repository that holds it.
        ref: a ref of the mirror that leads to nothing but the revision.
        revision: the commit.
        identity: equal for two revisions that cannot lead to different systems.
        committed: when the commit was made, in seconds since 1970.
        folder: where in the repository the flake is.
        stale: why it may not be the newest; empty when the forge was asked just now, or need not be.
    """

    mirror: str
    ref: str
    revision: str
    identity: str
    committed: int = 0
    folder: str = ""
    stale: str = ""

    @property
    def reference(self) -> str:
        """The flake as Nix takes it. It needs the ref: without one Nix looks for a branch `master`."""
        query = f"ref={self.ref}&rev={self.revision}" + (f"&dir={quote(self.folder)}" if self.folder else "")
        return f"git+file://{quote(self.mirror)}?{query}"
