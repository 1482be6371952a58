"""Declaration and state of an image as one comparable tree."""

from __future__ import annotations

from setpoint.model.diff import Projection
from setpoint.model.tree import Tree
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.kinds.guest_image.state import ImageState


def declare(spec: GuestImageSpec) -> Tree:
    """Its content; where it comes from counts only while it is made."""
    return {"checksum": spec.checksum}


def project(state: ImageState) -> Projection:
    """What is there; a content that nobody compared yet is missing."""
    return Projection({"checksum": state.checksum} if state.checksum else {})
