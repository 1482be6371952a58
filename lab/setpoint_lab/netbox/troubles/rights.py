"""Rights that are taken away, wholly or for some objects, and tokens that are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.access import TOKENS
from setpoint_lab.netbox.events import lab_event
from setpoint_lab.netbox.rights import ACTIONS, Taken, taken
from setpoint_lab.netbox.troubles.standing import CALMING, standing
from setpoint_lab.untyped import as_list

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

LONG_AGO = "2000-01-01T00:00:00Z"
ELSEWHERE = "192.0.2.255/32"
REASONS: dict[str, Row] = {
    "disabled": {"enabled": False},
    "expired": {"expires": LONG_AGO},
    "foreign": {"allowed_ips": [ELSEWHERE]},
    "read_only": {"write_enabled": False},
    "unknown": {"secret": "", "key": ""},
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A token that is refused, as it was before."""

    row: Row


@lab_event("rights_lost")
async def lose_rights(world: World, spec: Mapping[str, Any]) -> None:
    """Users may not do something at all any more: 403."""
    taken(world).append(_taken(spec, None))


@lab_event("rights_limited")
async def limit_rights(world: World, spec: Mapping[str, Any]) -> None:
    """Users may do something only to the objects that fit the constraints; the others are hidden from them."""
    taken(world).append(_taken(spec, spec["constraints"]))


def _taken(spec: Mapping[str, Any], constraints: Any) -> Taken:
    return Taken(
        users=tuple(as_list(spec.get("user", []))),
        types=tuple(as_list(spec.get("types", []))),
        actions=tuple(as_list(spec.get("actions", list(ACTIONS)))),
        constraints=constraints,
    )


@lab_event("token_refused")
async def refuse_token(world: World, spec: Mapping[str, Any]) -> None:
    """Tokens are not good any more, until `calm`.

    Raises:
        ValueError: there is no such reason.
    """
    why = str(spec["why"])
    if why not in REASONS:
        raise ValueError(f"{why} is no reason; there are {', '.join(sorted(REASONS))}")
    tokens = world.table(TOKENS)
    for row in list(tokens.rows.values()):
        if spec.get("id") in {None, row["id"]}:
            standing(world, Refused).append(Refused(row))
            tokens.put(row | REASONS[why])


def _accept_again(world: World) -> None:
    for each in reversed(standing(world, Refused)):
        if world.row(TOKENS, each.row["id"]) is not None:
            world.table(TOKENS).put(each.row)


CALMING.append(_accept_again)
