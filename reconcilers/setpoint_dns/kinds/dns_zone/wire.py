"""Record sets and batches as plain data, for the arguments of steps."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.tree import Json
from setpoint_dns.content import Batch, RRset


def plain(one: RRset) -> Json:
    """A set as a list, short because there may be thousands."""
    return [one.name, one.type, one.ttl, list(one.values), one.disabled]


def rrset(value: Json) -> RRset:
    """The set that `plain` made this of."""
    assert isinstance(value, list)  # noqa: S101  # `plain` made it
    name, rtype, ttl, values, disabled = value
    assert isinstance(ttl, int)  # noqa: S101
    assert isinstance(values, list)  # noqa: S101
    return RRset(str(name), str(rtype), ttl, tuple(map(str, values)), bool(disabled))


def rrsets(value: Json) -> tuple[RRset, ...]:
    """Many of them."""
    assert isinstance(value, list)  # noqa: S101  # the plan made it
    return tuple(map(rrset, value))


def batch_arguments(batch: Batch) -> dict[str, Json]:
    """A batch as arguments."""
    return {
        "put": [plain(one) for one in batch.put],
        "drop": [list[Json](which) for which in batch.drop],
        "serial": batch.serial,
    }


def batch_of(arguments: Mapping[str, Json]) -> Batch:
    """The batch that `batch_arguments` made these of."""
    drop, serial = arguments["drop"], arguments["serial"]
    assert isinstance(drop, list)  # noqa: S101  # the plan made it
    assert isinstance(serial, int)  # noqa: S101
    dropped = tuple((str(which[0]), str(which[1])) for which in drop if isinstance(which, list))
    return Batch(rrsets(arguments["put"]), dropped, serial)
