"""Knows the tokens of a replay, whose values were not recorded: it gives them new ones, and signs requests with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.conformance.raw import as_object, objects

if TYPE_CHECKING:
    from tests.conformance.model import Json

AUTHORIZATION = "Authorization"
_WHO = re.compile(r"(\w+)(?: v([12]) token)?")
_SENT_AS = re.compile(r'sent as "(.+?)"')
_FORMS = {"1": "Token <v1 token>", "2": "Bearer nbt_<key>.<token>"}
_NAME = "name_in_identity"


class Tokens:
    """The values of the tokens, by the name that the recording gives them: user and version."""

    def __init__(self) -> None:
        """Know none."""
        self._values: dict[str, dict[str, str]] = {}

    def provision(self, state: dict[str, Json]) -> dict[str, Json]:
        """The state with a value for each token."""
        known = as_object(state.get("objects"))
        rows: list[Json] = [self._valued(row) for row in objects(known.get("users/tokens"))]
        return {**state, "objects": {**known, "users/tokens": rows}}

    def header(self, identity: str, recorded: str | None) -> dict[str, str]:
        """The header for who is described, as SETUP describes it; `recorded` is what the recorder sent."""
        if identity.startswith("none"):
            return {}
        if identity.startswith("literal header"):
            return {AUTHORIZATION: recorded or ""}
        who = _WHO.match(identity)
        user, version = who.groups() if who is not None else ("", None)
        form = _SENT_AS.search(identity)
        text = form.group(1) if form is not None else _FORMS[version or "2"]
        for name, value in self._values.get(f"{user}_v{version or 2}", {}).items():
            text = text.replace(f"<{name}>", value)
        return {AUTHORIZATION: text}

    def _valued(self, row: dict[str, Json]) -> dict[str, Json]:
        number = f"{row.get('id')}"
        token = number.rjust(40, "x")
        valued: dict[str, Json] = {key: value for key, value in row.items() if key != _NAME} | {
            "token": token
        }
        values = {"token": token, "v1 token": token}
        if row.get("version") == 2:  # the version of a token
            key = number.rjust(12, "k")
            valued["key"] = values["key"] = key
        if _NAME in row:
            self._values[str(row[_NAME])] = values
        return valued
