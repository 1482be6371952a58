"""Secrets that are easy to find again, in whichever way they are written."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus


def forms(secret: str) -> set[str]:
    """A secret as it is, and as URLs, JSON, HTML, Python and headers would write it."""
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        html.escape(secret),
        repr(secret)[1:-1],
        base64.b64encode(secret.encode()).decode().rstrip("="),
    }


def found(secret: str, text: str | bytes) -> set[str]:
    """The forms of a secret that stand in a text."""
    whole = text if isinstance(text, bytes) else text.encode()
    return {form for form in forms(secret) if form.encode() in whole}
