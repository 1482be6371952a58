"""Knows the credentials of a replay, none of which were recorded: it logs in, and keeps the secrets it is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

from tests.conformance.model import Request
from tests.conformance.raw import data_of, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.model import Identity, Json, Reply
    from tests.conformance.transport import Transport

ROOT = "root@pam"
ROOT_PASSWORD = "setpoint-lab"
"""The password that the replayer gives to root@pam."""

LONG_PASSWORD = "long enough for anyone"
_WRONG_CSRF = re.compile(r"wrong value: (\S+)")


class Credentials:
    """The ticket of root@pam and the secrets of tokens."""

    def __init__(self, transport: Transport) -> None:
        """Know nothing yet."""
        self._transport = transport
        self._ticket = ""
        self._csrf = ""
        self._secrets: dict[str, str] = {}

    def provision(self, state: Mapping[str, Json]) -> dict[str, Json]:
        """The state with a password for root and a secret for each token, as the recording holds none."""
        known = {str(user["userid"]): user for user in objects(state.get("users"))}
        root: dict[str, Json] = {"userid": ROOT} | known.get(ROOT, {}) | {"password": ROOT_PASSWORD}
        users: list[Json] = [*(known | {ROOT: root}).values()]
        tokens: list[Json] = []
        for at, token in enumerate(objects(state.get("tokens")), 1):
            secret = str(UUID(int=at))
            self._secrets[str(token["tokenid"])] = secret
            tokens.append(token | {"secret": secret})
        return {**state, "users": users, "tokens": tokens}

    def log_in(self) -> Reply:
        """Get a ticket for root@pam."""
        params: dict[str, Json] = {"username": ROOT, "password": ROOT_PASSWORD}
        reply = self._transport.send(Request("POST", "/access/ticket", params), {})
        data = data_of(reply.body)
        if isinstance(data, dict):
            self._ticket, self._csrf = str(data.get("ticket")), str(data.get("CSRFPreventionToken"))
        return reply

    def learn(self, reply: Reply) -> None:
        """Keep the secret of a token that a reply shows."""
        data = data_of(reply.body)
        if isinstance(data, dict) and "full-tokenid" in data:
            self._secrets[str(data["full-tokenid"])] = str(data.get("value"))

    def headers(self, identity: Identity) -> dict[str, str]:
        """The headers that make a request one of this identity."""
        if identity.name.startswith("none"):
            return {"Cookie": identity.cookie} if identity.cookie else {}
        if identity.name == f"{ROOT} ticket":
            return {"Cookie": f"PVEAuthCookie={quote(self._ticket, safe='')}"} | self._csrf_header(identity)
        return {"Authorization": self._authorization(identity)}

    def password(self, description: str) -> str:
        """What to send where a password was cut, by what SETUP says about it."""
        if "ticket" in description:
            return self._ticket
        return LONG_PASSWORD if description.startswith("any ") else ROOT_PASSWORD

    def _csrf_header(self, identity: Identity) -> dict[str, str]:
        if identity.csrf is None:
            return {"CSRFPreventionToken": self._csrf}
        wrong = _WRONG_CSRF.match(identity.csrf)
        return {"CSRFPreventionToken": wrong.group(1)} if wrong else {}

    def _authorization(self, identity: Identity) -> str:
        token = identity.name.partition(" ")[0]
        secret = self._secrets.get(token, "")
        if identity.secret is not None:
            secret = secret[:-1] + ("1" if secret.endswith("0") else "0")
        form = identity.authorization or f"PVEAPIToken={token}=<right secret>"
        return re.sub(r"<(?:right|wrong) secret>", secret, form)
