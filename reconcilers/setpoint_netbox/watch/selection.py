"""Which objects are taken: asked of NetBox, and judged here again, for it ignores a filter that it does not know. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from setpoint_netbox.api.line import Query
from setpoint_netbox.api.pages import Row
from setpoint_netbox.settings import NetBoxSettings, Others, Select
from setpoint_netbox.watch.types import CLUSTERS, MACHINES, PREFIXES, VLANS, ZONES, Root, field_of

_OF_PEOPLE: Final = frozenset({"vmid", "node"})
Matches: TypeAlias = Callable[[Row], bool]


@dataclass(frozen=True)
class Wanted:
    """Objects of one type that are taken.

    Attributes:
        fields: which NetBox is asked for; more than those of the view.
        query: the filters for their list.
        matches: whether a row is one of them.
        ours: custom fields that only we write; they are in no view, for what we say is nobody's declaration.
    """

    root: Root
    fields: tuple[str, ...]
    query: Query
    matches: Matches
    ours: frozenset[str] = frozenset()


def wanted(settings: NetBoxSettings) -> tuple[Wanted, ...]:
    """What the settings want, machines first."""
    context = ("config_context",) if settings.config_context else ()
    machines = Root(MACHINES.type, MACHINES.path, (*MACHINES.fields, *context), MACHINES.parts)
    select = settings.select
    others = (
        (PREFIXES, settings.prefixes), (VLANS, settings.vlans), (CLUSTERS, settings.clusters), (ZONES, settings.zones),
    )  # fmt: skip
    query, ours = machine_query(select), _ours(settings)
    return (
        Wanted(machines, _with_stamp(machines), query, lambda row: machine_matches(select, row), ours),
        *(_others(root, those, ours) for root, those in others if those is not None),
    )


def machine_query(select: Select) -> Query:
    """The filters by which NetBox leaves out most of what is not taken."""
    several = {
        "tag": select.tags, "role": select.roles, "cluster": select.clusters, "tenant": select.tenants,
        "site": select.sites, "status": select.status,
    }  # fmt: skip
    fields = [(f"cf_{name}", _text(value)) for name, value in sorted(select.custom_fields.items())]
    return (*((name, value) for name, values in several.items() for value in values), *fields)


def machine_matches(select: Select, row: Row) -> bool:
    """Whether a machine is taken, whatever NetBox made of the filters."""
    several = (
        ("role", "slug", select.roles), ("cluster", "name", select.clusters), ("tenant", "slug", select.tenants),
        ("site", "slug", select.sites), ("status", "value", select.status),
    )  # fmt: skip
    held: Mapping[str, Any] = row.get("custom_fields") or {}
    return (
        tagged(select.tags, row)
        and all(_one_of(row.get(field), name, values) for field, name, values in several if values)
        and all(_text(plain(held.get(name))) == _text(value) for name, value in select.custom_fields.items())
    )


def tagged(tags: tuple[str, ...], row: Row) -> bool:
    """Whether a row has all tags."""
    return set(tags) <= {tag.get("slug") for tag in row.get("tags") or ()}


def plain(value: Any) -> Any:
    """The value of a choice, which newer versions of NetBox tell together with its label."""
    found = field_of(value, "value")
    return value if found is None else found


def _others(root: Root, those: Others, ours: frozenset[str]) -> Wanted:
    query = tuple(("tag", tag) for tag in those.tags)
    return Wanted(root, _with_stamp(root), query, lambda row: tagged(those.tags, row), ours)


def _ours(settings: NetBoxSettings) -> frozenset[str]:
    """Without the ids of a guest, which people write as well to say which one it is to be."""
    if settings.write_back is None:
        return frozenset()
    names = settings.write_back.fields.named()
    return frozenset(name for what, name in names.items() if what not in _OF_PEOPLE)


def _with_stamp(root: Root) -> tuple[str, ...]:
    return (*root.fields, "last_updated")


def _one_of(value: Any, name: str, values: tuple[str, ...]) -> bool:
    """NetBox compares names without regard to case."""
    found = field_of(value, name) if isinstance(value, Mapping) else value
    return str(found).casefold() in {one.casefold() for one in values}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
