"""Declaration and state of an image as one comparable tree."""

from __future__ import annotations

from setpoint.model.diff import Projection
from setpoint.model.tree import Tree
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.kinds.guest_image.state import ImageState


def declare(spec: GuestImageSpec) -> Tree:
    """Its content; from which address it comes counts only while it is made."""
    return {"path": spec.path} if spec.path is not None else {"checksum": spec.checksum}


def project(state: ImageState) -> Projection:
    """What is there; a content that nobody compared yet is missing.

    What was uploaded stays in sync when the file that it came from is gone; that is told as a problem.
    """
    if not state.checksum:
        return Projection({}, unseen=("/path",) if state.trouble else ())
    same = state.trouble or state.checksum == state.wanted
    return Projection({"checksum": state.checksum, "path": state.path if same else state.checksum})
