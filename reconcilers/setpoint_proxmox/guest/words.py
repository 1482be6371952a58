"""What Proxmox calls its two types of guests: in paths, in messages, and on the command line of a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Words:
    """The names of one type.

    Attributes:
        path: in paths of the API and in the cluster's list.
        noun: before the id in a sentence.
        tool: the command on a node.
    """

    path: str
    noun: str
    tool: str


MACHINE: Final = Words("qemu", "VM", "qm")
CONTAINER: Final = Words("lxc", "CT", "pct")
