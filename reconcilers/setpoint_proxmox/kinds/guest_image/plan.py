"""The steps that bring an image to its storage. Pure; no step writes over a file. Neighbour: `act`."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from setpoint.model.diff import Diff
from setpoint.model.kind import Planning
from setpoint.model.observation import Unknown
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.kinds.guest_image.observe import host
from setpoint_proxmox.kinds.guest_image.spec import Content, GuestImageSpec
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
        if spec.replace and state.matched:
            return (_discard(found, planning, state),)
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


def _discard(found: Diff, planning: Planning[GuestImageSpec, ImageState], state: ImageState) -> Step:
    """Take the old content away; the new one comes once that is seen. One written over could be read half new."""
    summary = (
        f"remove {state.volume} with the content {state.checksum} from {state.node}, to bring another one"
    )
    more: dict[str, Json] = {"size": state.file.size, "made": state.file.made}
    step = _step("discard", summary, state.node, found, planning, **more)
    return replace(step, disruption=Disruption.DESTROY)


def _taken(found: Diff, spec: GuestImageSpec, state: ImageState, wanted: str) -> Step:
    whose = "is declared" if spec.path is None else f"is that of {spec.path}"
    why = f"{spec.volume} on {state.node} has the content {state.checksum}, and {wanted} {whose}"
    other = "replace: true, or " if spec.purpose is not Content.ISO and state.matched else ""
    remedy = f"write another fileName, or {other}remove it on {state.node} with pvesm free {spec.volume}"
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
