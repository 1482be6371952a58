"""The steps that bring an image to its storage. Pure; no step writes over a file or removes one. Neighbour: `act`."""

from __future__ import annotations

from typing import Final

from setpoint.model.diff import Diff
from setpoint.model.kind import Planning
from setpoint.model.observation import Unknown
from setpoint.model.plan import Step, obstructed
from setpoint.model.tree import Json
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.kinds.guest_image.observe import host
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.kinds.guest_image.state import ImageState

NOWHERE: Final = "http://127.0.0.1:9/"
"""An address that gives nothing, for a file that is only compared: it could have gone away meanwhile."""


def plan(found: Diff, planning: Planning[GuestImageSpec, ImageState]) -> tuple[Step, ...]:
    """Bring what is not there; of what is there have the content compared, or say that it is another one."""
    if not found.changes:
        return ()
    spec, state = planning.spec, planning.observed
    if state is None:
        node = host(spec, planning.facts)
        assert not isinstance(node, Unknown)  # noqa: S101  # or it would not have been found absent
        if spec.path is not None:
            summary = f"upload {spec.path} to {node} as {spec.volume}"
            return (_step("upload", summary, node, found, planning, path=spec.path),)
        summary = f"download {spec.volume} to {node}"
        return (_step("download", summary, node, found, planning, **_address(spec)),)
    wanted = spec.checksum or state.wanted
    if _differs(state.checksum, wanted):
        return (_taken(found, spec, state, wanted),)
    summary = f"have {state.node} compare the content of {spec.volume} with its checksum"
    return (_step("compare", summary, state.node, found, planning, **{**_address(spec), "checksum": wanted}),)


def _address(spec: GuestImageSpec) -> dict[str, Json]:
    return {
        "checksum": spec.checksum,
        "url": spec.url or NOWHERE,
        "verifyCertificates": spec.verify_certificates,
    }


def _differs(one: str, other: str) -> bool:
    """Whether two checksums, which the same algorithm made, differ; of others nobody can tell."""
    return one != other and one.partition(":")[0] == other.partition(":")[0]


def _taken(found: Diff, spec: GuestImageSpec, state: ImageState, wanted: str) -> Step:
    whose = "is declared" if spec.path is None else f"is that of {spec.path}"
    why = f"{spec.volume} on {state.node} has the content {state.checksum}, and {wanted} {whose}"
    remedy = (
        f"no file is written over, for guests may use it: write another fileName, or remove it on {state.node} with "
        f"pvesm free {spec.volume}"
    )
    return obstructed(why, remedy, found.changes)


def _step(
    verb: str,
    summary: str,
    node: str,
    found: Diff,
    planning: Planning[GuestImageSpec, ImageState],
    **more: Json,
) -> Step:
    spec = planning.spec
    arguments: dict[str, Json] = {
        "node": node,
        "storage": spec.storage,
        "content": spec.purpose.value,
        "file": spec.file,
        **more,
    }
    return Step(
        verb,
        summary,
        found.changes,
        arguments=arguments,
        scopes=scopes(planning.facts, node, spec.storage),
    )
