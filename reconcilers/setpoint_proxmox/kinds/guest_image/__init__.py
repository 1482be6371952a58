"""The kind GuestImage: a container template, an ISO or the image of a disk on a storage."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_proxmox.kinds.guest_image.act import ACTS
from setpoint_proxmox.kinds.guest_image.observe import observe
from setpoint_proxmox.kinds.guest_image.plan import plan
from setpoint_proxmox.kinds.guest_image.project import declare, project
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.kinds.guest_image.state import (
    ImageOutputs,
    ImageState,
    problems,
    publish,
    status,
)

KIND: Kind[GuestImageSpec, ImageState] = Kind(
    name="GuestImage",
    summary="A container template, an ISO or the image of a disk on a storage of a Proxmox cluster.",
    spec=GuestImageSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda _: None,
    object_id=lambda identity: str(identity.get("volume") or ""),
    acts=ACTS,
    hosted_by="ProxmoxCluster",
    problems=problems,
    status=status,
    outputs=ImageOutputs,
    publish=publish,
    examples=examples(__name__),
)
