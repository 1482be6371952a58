"""Paths of the access control list and the entries on them; neighbour: `access`, which adds up what they give."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal["user", "group", "token"]

_NAME = r"[\w.\-]+"
_PATHS = re.compile(
    rf"""^(?:/|/access|/access/(?:groups|realm)(?:/{_NAME})?
    |/nodes(?:/{_NAME})?
    |/pool(?:/{_NAME}){{0,3}}
    |/sdn(?:/(?:controllers|dns|fabrics|ipams)(?:/[\w-]+)?)?
    |/sdn/zones(?:/{_NAME}){{0,2}}
    |/sdn/zones/{_NAME}/{_NAME}/[1-9][0-9]{{0,3}}
    |/storage(?:/{_NAME})?
    |/vms(?:/[1-9][0-9]{{2,}})?
    |/mapping(?:/(?:cpu|dir|notifications|pci|usb)(?:/{_NAME})?)?)$""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class AclEntry:
    """A role of a user, group or token on a path."""

    path: str
    kind: Kind
    ugid: str
    role: str


def normalize_path(path: str) -> str | None:
    """The path with one slash before each part and none at the end; None when it has strange characters."""
    clean = "/" + "/".join(part for part in path.split("/") if part)
    return clean if re.match(r"^[\w.\-/]+$", clean, re.ASCII) else None


def is_acl_path(path: str) -> bool:
    """Whether anything can have an entry there."""
    return _PATHS.match(path) is not None


@lru_cache(maxsize=4096)
def prefixes(path: str) -> tuple[str, ...]:
    """The path's ancestors and itself, from / down."""
    parts = [part for part in path.split("/") if part]
    return ("/", *("/" + "/".join(parts[: count + 1]) for count in range(len(parts))))
