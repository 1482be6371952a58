"""The steps that bring an image to its storage. Pure; no step writes over a file or removes one. Neighbour: `act`."""

from __future__ import annotations

from setpoint.model.diff import Diff
from setpoint.model.kind import Planning
from setpoint.model.observation import Unknown
from setpoint.model.plan import Step, obstructed
from setpoint.model.tree import Json
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.kinds.guest_image.observe import host
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.kinds.guest_image.state import ImageState


def plan(found: Diff, planning: Planning[GuestImageSpec, ImageState]) -> tuple[Step, ...]:
    """Fetch what is not there; of what is there have the content compared, or say that it is another one."""
    if not found.changes:
        return ()
    spec, state = planning.spec, planning.observed
    if state is None:
        node = host(spec, planning.facts)
        assert not isinstance(node, Unknown)  # noqa: S101  # or it would not have been found absent
        return (_step("download", f"download {spec.volume} to {node}", node, found, planning),)
    if _differs(state.checksum, spec.checksum):
        return (_taken(found, spec, state),)
    summary = f"have {state.node} compare the content of {spec.volume} with its checksum"
    return (_step("compare", summary, state.node, found, planning),)


def _differs(one: str, other: str) -> bool:
    """Whether two checksums, which the same algorithm made, differ; of others nobody can tell."""
    return one != other and one.partition(":")[0] == other.partition(":")[0]


def _taken(found: Diff, spec: GuestImageSpec, state: ImageState) -> Step:
    why = f"{spec.volume} on {state.node} has the content {state.checksum}, and {spec.checksum} is declared"
    remedy = (
        f"no file is written over, for guests may use it: write another fileName, or remove it on {state.node} with "
        f"pvesm free {spec.volume}"
    )
    return obstructed(why, remedy, found.changes)


def _step(
    verb: str, summary: str, node: str, found: Diff, planning: Planning[GuestImageSpec, ImageState]
) -> Step:
    spec, facts = planning.spec, planning.facts
    arguments: dict[str, Json] = {
        "node": node,
        "storage": spec.storage,
        "content": spec.purpose.value,
        "file": spec.file,
        "checksum": spec.checksum,
        "url": spec.url,
        "verifyCertificates": spec.verify_certificates,
    }
    return Step(verb, summary, found.changes, arguments=arguments, scopes=scopes(facts, node, spec.storage))
