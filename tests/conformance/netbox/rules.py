"""Says how a place in a reply of NetBox is compared: strictly, but for the parts that cannot be equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.netbox.parts import PARTS
from tests.conformance.raw import as_object

if TYPE_CHECKING:
    from tests.conformance.model import Exchange, Json

BODY = "body"

SETS = frozenset[str]()

NAMES = ("id", "slug", "name", "address", "display")

UNCOMPARED_HEADERS = frozenset({"date", "server", "content-length", "set-cookie"})

SERIALS = frozenset({"soa_serial"})
"""Keys whose number is the time of a write in seconds."""

_FIRST_SERIAL = 1_600_000_000


def is_log(exchange: Exchange) -> bool:
    """Whether the reply is a log; there are none."""
    del exchange
    return False


def is_ordered(exchange: Exchange, path: str) -> bool:
    """Whether the order of a list counts: it does for the rows of a reply, not for what lies inside a row."""
    del exchange
    return path in {BODY, f"{BODY}.results"}


def is_figure(key: str, value: Json, siblings: dict[str, Json]) -> bool:
    """Whether a member is compared by its type only; none is."""
    del key, value, siblings
    return False


def names_volume(line: str) -> bool:
    """Whether a line names a volume; none does."""
    del line
    return False


def number_kind(key: str, value: float) -> str | None:
    """The class of a made-up number under a key, None when it is an ordinary number."""
    return "serial" if key in SERIALS and value >= _FIRST_SERIAL else None


def cut_kind(text: str) -> str | None:
    """The class of a secret that was cut; none was."""
    del text
    return None


def compared(exchange: Exchange, recorded: Json, emulated: Json) -> tuple[Json, Json]:
    """What of two bodies is compared, where only a part can be equal."""
    return PARTS[exchange.part](recorded, emulated)


def is_trivial(exchange: Exchange) -> bool:
    """Whether the recorded reply is nothing, an empty list or an empty page."""
    body = exchange.reply.body
    return body in ("", None, []) or as_object(body).get("results") == []
