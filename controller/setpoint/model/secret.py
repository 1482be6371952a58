"""Secrets are references in declarations; their values live in memory only and are never rendered."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from pydantic import model_validator

from setpoint.model.spec import Spec, described


class SecretRef(Spec):
    """Where a secret is found; exactly one of the fields."""

    file: str | None = described(
        "Path of a file on the controller's host whose first line is the secret; a private key is the whole file.",
        None,
    )
    env: str | None = described("Name of an environment variable of the daemon.", None)
    credential: str | None = described("Name of a systemd credential (LoadCredential=).", None)

    @model_validator(mode="before")
    @classmethod
    def _no_value(cls, given: object) -> object:
        if isinstance(given, str):
            raise ValueError(  # noqa: TRY004  # pydantic takes only this one for a mistake of the user
                "a secret is never written in a declaration; write where it is: {file: PATH}, {env: NAME} or "
                "{credential: NAME}"
            )
        return given

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretRef:
        if sum(value is not None for value in (self.file, self.env, self.credential)) != 1:
            raise ValueError("exactly one of file, env and credential names the secret")
        return self

    def __str__(self) -> str:
        return next(f"{{{name}: {value}}}" for name, value in self if value is not None)


@dataclass(frozen=True, repr=False)
class Secret:
    """A secret's value. It has no text form; `reveal` is the one way to it."""

    _value: str

    def reveal(self) -> str:
        """The value, for the one call that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


def hush(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, in whichever way they may be written: who is sent one may repeat it, broken or not."""
    for form in sorted(
        {form for secret in secrets if secret for form in _forms(secret)}, key=len, reverse=True
    ):
        text = text.replace(form, "…")
    return text


def _forms(secret: str) -> set[str]:
    plain, escaped = json.dumps(secret, ensure_ascii=False)[1:-1], json.dumps(secret)[1:-1]
    return {
        secret, quote(secret), quote(secret, safe=""), quote_plus(secret), plain, escaped, html.escape(secret),
    }  # fmt: skip
