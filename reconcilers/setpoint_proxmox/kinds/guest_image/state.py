"""What is seen of an image, and what is published of it."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.kind import Outputs, Problem
from setpoint.model.spec import described
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.contents import Stamp


@dataclass(frozen=True)
class ImageState:
    """A file on a storage.

    Attributes:
        node: that was asked for it.
        file: as the storage tells of it.
        checksum: of its content as it lies there, `algorithm:digits`; empty while nobody compared it.
        matched: whether this very file once had the content that was declared; one that never did is somebody else's.
        path: from which it is uploaded; empty for one that a node fetches.
        wanted: the checksum of the file there; empty while that is not known.
        trouble: why it is not.
    """

    volume: str
    node: str
    file: Stamp
    checksum: str
    matched: bool = False
    path: str = ""
    wanted: str = ""
    trouble: str = ""

    @property
    def identity(self) -> dict[str, Scalar]:
        """Its name, and by what it is known again: the same file has the same content."""
        return {
            "volume": self.volume,
            "size": self.file.size,
            "made": self.file.made,
            "checksum": self.checksum,
            "matched": self.matched,
        }


def problems(state: ImageState) -> tuple[Problem, ...]:
    """What keeps it from being compared with what it is made from."""
    return (Problem("FileMissing", state.trouble),) if state.trouble else ()


def status(state: ImageState) -> dict[str, Json]:
    """What `status` shows."""
    return {
        "volume": state.volume,
        "node": state.node,
        "size": state.file.size,
        "checksum": state.checksum or None,
    }


class ImageOutputs(Outputs):
    """What an image tells others."""

    volume: str | None = described("What guests call it, e.g. in `template`, `iso` or `image`.", None)
    checksum: str | None = described("Of its content; none while nobody compared it.", None)


def publish(state: ImageState) -> ImageOutputs:
    """The outputs of what is seen."""
    return ImageOutputs(volume=state.volume, checksum=state.checksum or None)
