"""What people declare of a guest that the cluster keeps available."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import field_validator, model_validator

from setpoint.model.reference import Reference
from setpoint.model.spec import Spec, described
from setpoint_proxmox.mark import one_line

SID: Final = r"^(vm|ct):[1-9][0-9]{2,8}$"


class State(StrEnum):
    """What the manager of high availability wants of a guest."""

    STARTED = "started"
    STOPPED = "stopped"
    DISABLED = "disabled"
    IGNORED = "ignored"


class HaResourceSpec(Spec):
    """A guest that the cluster keeps available."""

    also_called: ClassVar[Mapping[str, str]] = {
        "vm": "virtualMachine",
        "ct": "container",
        "resource": "sid",
        "requestState": "state",
        "max_restart": "maxRestart",
        "max_relocate": "maxRelocate",
    }

    virtual_machine: Annotated[str, Reference("VirtualMachine")] | None = described(
        "The guest, when it is a virtual machine that is declared.", None, examples=["web01"]
    )
    container: Annotated[str, Reference("Container")] | None = described(
        "The guest, when it is a container that is declared.", None, examples=["dns01"]
    )
    sid: str | None = described(
        "The guest as Proxmox calls it, when it is not declared.", None, pattern=SID, examples=["vm:100"]
    )
    state: State = described(
        "What is wanted of it: `started` (kept running, elsewhere if need be), `stopped`, `disabled` (stopped and not moved "
        "either) or `ignored`. It takes the place of the guest's own `power`."
    )
    max_restart: int = described("How often a start that failed is tried again on its node.", 1, ge=0)
    max_relocate: int = described("How often it is then tried on another node.", 1, ge=0)
    failback: bool = described(
        "Whether it goes back to a node that its rules prefer once that is there again. Since Proxmox VE 9.",
        default=True,
    )
    comment: str | None = described(
        "What people read beside it, in one line. Our mark is kept behind it.", None, max_length=200
    )

    @field_validator("comment")
    @classmethod
    def _line(cls, value: str | None) -> str | None:
        return one_line(value)

    @model_validator(mode="after")
    def _one_guest(self) -> HaResourceSpec:
        if [self.virtual_machine, self.container, self.sid].count(None) != 2:  # noqa: PLR2004  # of three
            raise ValueError("one guest is meant: write virtualMachine, container or sid")
        return self

    @property
    def guest(self) -> str:
        """The guest as text: `VirtualMachine/web01`, `Container/dns01` or `vm:100`."""
        if self.virtual_machine is not None:
            return f"VirtualMachine/{self.virtual_machine}"
        return f"Container/{self.container}" if self.container is not None else str(self.sid)
