"""Binary caches: where what was built is published for hosts to fetch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from setpoint_nixos.nix.commands import GIVEN

_SCHEMES: Final = frozenset({"file", "http", "https", "s3"})


@dataclass(frozen=True)
class Cache:
    """A binary cache.

    Attributes:
        url: where hosts fetch from.
        key: the public key by which what it holds is signed; empty for one that hosts trust already.
        upload: where is published to, when that is another place or door than `url`; empty for the same.
    """

    url: str
    key: str = ""
    upload: str = ""

    def __post_init__(self) -> None:
        for url in filter(None, (self.url, self.upload)):
            if urlsplit(url).scheme not in _SCHEMES or " " in url:
                raise ValueError(f"'{url}' is no binary cache; write file://…, http://…, https://… or s3://…")

    @property
    def place(self) -> str:
        """Where is published to, as Nix takes it: signed with the key that it is given, and compressed quickly."""
        parts = urlsplit(self.upload or self.url)
        options = {"compression": "zstd", **dict(parse_qsl(parts.query)), "secret-key": GIVEN}
        return urlunsplit(parts._replace(query=urlencode(options, safe="/:")))
