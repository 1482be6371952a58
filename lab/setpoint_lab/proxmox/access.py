"""Users, tokens, roles and the access control list, and what they give a user on a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setpoint_lab.proxmox.ledger import Ledger


class Access:
    """Who may do what."""

    def __init__(self, ledger: Ledger) -> None:
        """Know root@pam alone."""
        self._ledger = ledger

    def privileges(self, user: str, path: str) -> frozenset[str]:
        """The privileges of `name@realm` or `name@realm!token` on an ACL path."""
        raise NotImplementedError
