"""What a target's own declaration takes of others before it can be reached: an address or a key that they publish."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from setpoint.desired.handed import Wanted
from setpoint.model.errors import AwaitedError
from setpoint.model.handed import FromOutput
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.model.tree import Json, Pointer, Tree, lookup, parts
from setpoint.run.estate import Estate
from setpoint.run.spaces import Spaces


def given(estate: Estate, resource: Resource) -> Tree:
    """The spec of a target with what others publish in its place.

    Raises:
        AwaitedError: something of it is not published.
    """
    kind = estate.kinds[resource.key.kind]
    wanted = [one for one in Spaces(estate).wanted(resource, kind) if isinstance(one.handed, FromOutput)]
    if not wanted:
        return resource.spec
    texts = {one.field: _text(estate, resource, one) for one in wanted}
    for one in wanted:
        if texts[one.field] is None:
            known = {place: text for place, text in texts.items() if text is not None}
            giver = _giver(estate, resource, one)
            why = f"{giver or one.handed.giver} does not publish {_output(one)} yet"
            raise AwaitedError(why, giver or resource.key, known)
    tree = deepcopy(resource.spec)
    for place, text in texts.items():
        _put(tree, place, text)
    return tree


def _giver(estate: Estate, resource: Resource, one: Wanted) -> Key | None:
    return Spaces(estate).find(one.handed.giver, resource.key, resource.references)


def _output(one: Wanted) -> str:
    assert isinstance(one.handed, FromOutput)  # noqa: S101  # nothing else was chosen
    return one.handed.output


def _text(estate: Estate, resource: Resource, one: Wanted) -> str | None:
    giver = _giver(estate, resource, one)
    status = estate.store.status(giver) if giver is not None else None
    values = texts_of((status.outputs if status is not None else None) or {}, _output(one))
    return values[0] if values else None


def _put(tree: Tree, place: Pointer, text: str | None) -> None:
    above, last = lookup(tree, place.rpartition("/")[0]), parts(place)[-1]
    if isinstance(above, list):
        above[int(last)] = text
    elif isinstance(above, dict):
        above[last] = text


def texts_of(outputs: Mapping[str, Json], path: str) -> tuple[str, ...] | None:
    """What is published there, each as a text; nothing where the giver says that there is nothing, None while it does not."""
    try:
        value = lookup({**outputs}, "/" + path.replace(".", "/"))
    except KeyError:
        return None
    if value is None or isinstance(value, bool | float | dict):
        return None
    several = value if isinstance(value, list) else [value]
    texts = (str(one) for one in several if isinstance(one, str | int) and not isinstance(one, bool))
    return tuple(text for text in texts if text)
