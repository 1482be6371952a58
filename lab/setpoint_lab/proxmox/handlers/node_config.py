"""The options of a node: /nodes/{node}/config. From the schema; recorded is only who may not change them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.routes import route
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

_CONFIG = "/nodes/{node}/config"
_NOT_STORED = frozenset({"node", "delete", "digest"})
MODIFIED = "detected modified configuration - file changed by other user? Try again."


class NodeConfigs:
    """The options by node."""

    KEY: ClassVar[str] = "node_config"

    def __init__(self, _world: World, given: object) -> None:
        """Begin with the section `node_config` of a state."""
        words: Mapping[str, Any] = given if is_object(given) else {}
        self._options: dict[str, dict[str, object]] = {node: dict(found) for node, found in words.items()}

    def state(self) -> object:
        """The section that makes these options."""
        return self._options

    def of(self, node: str) -> dict[str, object]:
        """The options of a node, to read and to change."""
        return self._options.setdefault(node, {})


def _digest(options: Mapping[str, object]) -> str:
    return hashlib.sha1(repr(sorted(options.items())).encode(), usedforsecurity=False).hexdigest()


def one_line_end(text: object) -> str:
    """A description as it comes back: with exactly one line end, however many were sent."""
    return f"{str(text).rstrip(chr(10))}\n"


@route("GET", _CONFIG)
async def read_config(call: Call) -> object:
    """The options that are set, or the one that is asked for."""
    options, wanted = call.world.part(NodeConfigs).of(call.text("node")), call.text_or_none("property")
    shown = {key: value for key, value in options.items() if wanted in {None, key}}
    return {**shown, "digest": _digest(options)}


@route("PUT", _CONFIG)
async def update_config(call: Call) -> None:
    """Set and take away options."""
    await call.world.require_quorum("", "node_config")
    options = call.world.part(NodeConfigs).of(call.text("node"))
    if call.text("digest") not in {"", _digest(options)}:
        raise ApiError.internal(MODIFIED)
    for key in call.items("delete"):
        options.pop(key, None)
    options |= {key: value for key, value in call.params.items() if key not in _NOT_STORED}
    if "description" in call.params:
        options["description"] = one_line_end(call.params["description"])
    call.world.changed()
