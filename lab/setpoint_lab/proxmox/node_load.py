"""How busy the nodes are and were, since nothing runs on them: set by a state or by an event, per node.

Neighbours: `handlers.nodes`, which shows it, and `load_points`, which says which points in time a span has.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from setpoint_lab.proxmox.events import lab_event
from setpoint_lab.untyped import is_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from setpoint_lab.proxmox.world import World

ALWAYS = float("-inf")
USUAL_CPU = 0.05
USUAL_PART = 4
"""One part in so many of a node's memory is used unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a node does from a moment on: the share of its processors (0 to 1) and the bytes of memory that it uses.

    `memory` is None for the usual part of what it has; `measured` is False while nothing is recorded.
    """

    since: float = ALWAYS
    cpu: float = USUAL_CPU
    memory: int | None = None
    measured: bool = True


class NodeLoads:
    """The loads of all nodes, each from the moment that it began."""

    KEY: ClassVar[str] = "node_load"

    def __init__(self, world: World, given: object) -> None:
        """Begin with the rows of a state: `node` and what `Load` has; None when it has none."""
        self._world = world
        self._known: dict[str, list[Load]] = {}
        rows: list[Mapping[str, Any]] = given if is_list(given) else []
        for row in rows:
            self.put(row["node"], Load(**{key: row[key] for key in row if key != "node"}))

    def state(self) -> object:
        """The rows that make these loads again."""
        return [{"node": name, **asdict(load)} for name, loads in self._known.items() for load in loads]

    def put(self, node: str, load: Load) -> None:
        """Let a node be as busy as that from `load.since` on; what was said for a later time still holds then."""
        kept = [known for known in self._known.get(node, []) if known.since != load.since]
        self._known[node] = sorted([*kept, load], key=lambda known: known.since)

    def now(self, node: str) -> Load:
        """How busy a node is."""
        return self._at(node, self._world.clock.now())

    def memory(self, node: str, load: Load) -> int:
        """The bytes that a node uses under a load."""
        whole = self._world.nodes[node].memory
        return whole // USUAL_PART if load.memory is None else min(load.memory, whole)

    def mean(self, node: str, start: float, end: float) -> tuple[float, float] | None:
        """Processors (a share) and memory (bytes) used between two moments on average; None when nothing was measured."""
        loads = self._between(node, start, end)
        edges = [*(max(load.since, start) for load in loads), end]
        spans = [
            (load, after - before)
            for load, before, after in zip(loads, edges, edges[1:], strict=False)
            if load.measured
        ]
        whole = sum(seconds for _, seconds in spans)
        if not whole:
            return None
        cpu = sum(load.cpu * seconds for load, seconds in spans) / whole
        return cpu, sum(self.memory(node, load) * seconds for load, seconds in spans) / whole

    def _at(self, node: str, moment: float) -> Load:
        return next((load for load in reversed(self._known.get(node, [])) if load.since <= moment), Load())

    def _between(self, node: str, start: float, end: float) -> Sequence[Load]:
        """What held at the start, and what began before the end."""
        later = [load for load in self._known.get(node, []) if start < load.since < end]
        return [self._at(node, start), *later]


@lab_event(NodeLoads.KEY)
async def set_load(world: World, spec: Mapping[str, Any]) -> None:
    """Let a node be busy: `{"node": n, "cpu"?: 0..1, "memory"?: bytes, "measured"?: bool, "ago_s"?: s}`.

    `ago_s` lets it have been so for that long already.
    """
    words = {key: spec[key] for key in ("cpu", "memory", "measured") if key in spec}
    since = world.clock.now() - float(spec.get("ago_s", 0.0))
    world.part(NodeLoads).put(str(spec["node"]), Load(since, **words))
