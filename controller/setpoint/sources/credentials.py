"""Hands git the password of a URL where nobody sees it: the arguments of a process are open to the whole host."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from setpoint.model.secret import hush

_USER: Final = "SETPOINT_GIT_USER"
_PASSWORD: Final = "SETPOINT_GIT_PASSWORD"  # noqa: S105  # a name
_HELPER: Final = (
    f"""!f() {{ test "$1" = get && printf 'username=%s\\npassword=%s\\n' "${_USER}" "${_PASSWORD}"; }}; f"""
)
_FIRST_PRINTABLE: Final = " "


@dataclass(frozen=True, repr=False)
class Remote:
    """A URL as git may be told it, with the user and password that were in it; `host` is where they belong."""

    url: str
    host: str = ""
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: str) -> Remote:
        """Take the password out of an http URL; any other stays as it is."""
        parts = urlsplit(url) if url.startswith(("http://", "https://")) else None
        if parts is None or not parts.password:
            return cls(url)
        user, password = unquote(parts.username or ""), unquote(parts.password)
        if any(char < _FIRST_PRINTABLE for char in user + password):
            return cls(url)  # Git refuses it.
        place = parts.netloc.rpartition("@")[2]
        return cls(urlunsplit(parts._replace(netloc=place)), f"{parts.scheme}://{place}", user, password)

    def hushed(self, text: str) -> str:
        """What git or the remote said, without the password and the header that it is sent in."""
        header = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return hush(text, (header, self.password)) if self.password else text

    def known_to(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment in which git finds the password, for that host and no other."""
        if not self.password:
            return dict(environment)
        count, name = int(environment.get("GIT_CONFIG_COUNT") or 0), f"credential.{self.host}.helper"
        # The empty one does away with those of the user, which might know another password.
        return {
            **environment,
            _USER: self.user,
            _PASSWORD: self.password,
            "GIT_CONFIG_COUNT": str(count + 2),
            f"GIT_CONFIG_KEY_{count}": name,
            f"GIT_CONFIG_VALUE_{count}": "",
            f"GIT_CONFIG_KEY_{count + 1}": name,
            f"GIT_CONFIG_VALUE_{count + 1}": _HELPER,
        }
