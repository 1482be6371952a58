"""What a person writes about a guest that begins as a copy of another one. Neighbour: `clone`, which makes the step."""

from __future__ import annotations

from pydantic import model_validator

from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.texts import STORAGE


class Clone(Spec):
    """What a guest begins as a copy of; looked at when it is made, never later."""

    source: int | str = described(
        "Name or vmid of the template, or vmid of any guest of its type.",
        alias="from",
        examples=["debian-13", 9000],
    )
    linked: bool = described(
        "Whether volumes stay based on the template's, which then cannot be removed.", default=False
    )
    storage: str | None = described(
        "Storage of the copied volumes; the template's when left out.", None, pattern=STORAGE
    )
    snapshot: str | None = described(
        "Snapshot of the source to copy; its present state when left out.",
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9_-]+$",
    )

    @model_validator(mode="after")
    def _linked(self) -> Clone:
        if self.linked and self.storage is not None:
            raise ValueError("a linked clone lies where its template does; leave out storage, or linked")
        return self
