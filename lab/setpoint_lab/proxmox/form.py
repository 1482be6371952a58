"""Takes bodies and queries apart as the real daemon's Perl does, which is stricter than any form library."""

from __future__ import annotations

import json
import re
from typing import Any

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.untyped import is_list, is_object

Params = dict[str, Any]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
LARGEST_BODY = 512 * 1024

_PAIRS = re.compile(r"[&;]")
_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")


def unescape(text: str) -> str:
    """Percent-decode as UTF-8; what is no valid escape stays."""
    raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8"))
    return raw.decode("utf-8", errors="replace")


def decode_form(text: str) -> Params:
    """The parameters of a form or query.

    `;` separates like `&`; a value ends at a second `=`; a name without `=` has no value (None); a repeated
    name becomes a list.
    """
    found: Params = {}
    for pair in _PAIRS.split(text):
        if not pair:
            continue
        parts = pair.replace("+", " ").split("=", 2)
        name = unescape(parts[0])
        value = unescape(parts[1]) if len(parts) > 1 else None
        old = found.get(name)
        if value is not None and old is not None:
            found[name] = [*old, value] if is_list(old) else [old, value]
        else:
            found[name] = value
    return found


def decode_body(method: str, content_type: str, body: bytes) -> Params:
    """The parameters of a body.

    Raises:
        ApiError: 501 for a body where none belongs or one too long, 506 for other content types, 500 for bad
            JSON.
    """
    if not body:
        return {}
    if method not in {"PUT", "POST"}:
        raise ApiError(501, f"Unexpected content for method '{method}'", body=False)
    if len(body) > LARGEST_BODY:
        raise ApiError(501, "for data too large", body=False)
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON:
        return _decode_json(body)
    if kind not in {"", FORM}:
        raise ApiError(506, f"upload 'Content-Type '{content_type}' not implemented", body=False)
    return decode_form(body.decode("utf-8", errors="replace"))


def _decode_json(body: bytes) -> Params:
    try:
        document = json.loads(body)
    except ValueError:
        raise ApiError(500, "malformed JSON string", plain=True) from None
    if not is_object(document):
        raise ApiError(500, "JSON top level must be an object", plain=True)
    return document
