"""The replies of NetBox, for the common parts."""

from __future__ import annotations

from tests.conformance.dialect import Dialect
from tests.conformance.netbox import rules
from tests.conformance.netbox.doubt import NetboxDoubt

_DAY_AND_TIME = r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_HEX = "[0-9a-f]"

FORMS = {
    "rounded": rf"{_DAY_AND_TIME}\.\d{{3}}Z",
    "instant": rf"{_DAY_AND_TIME}(?:\.\d{{1,6}})?Z",
    "moment": rf"{_DAY_AND_TIME}(?:\.\d{{1,6}})?\+00:00",
    "uuid": rf"\b{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\b",
    "origin": r"\bhttps?://127\.0\.0\.1:\d+",
    "serial": r"\b1[6-9]\d{8}\b",
}
"""The classes of made-up values, and how a value of each looks."""

NETBOX = Dialect(
    rules, FORMS, NetboxDoubt, slack={"serial": 2}, instants=frozenset({"rounded", "instant", "moment"})
)
