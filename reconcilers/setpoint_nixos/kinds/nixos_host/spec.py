"""What a person writes about the system of a NixOS host: which flake, where it is built, how it comes into force."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from pydantic import field_validator, model_validator

from setpoint.model.quantity import Duration
from setpoint.model.spec import Spec, described
from setpoint_nixos.guard.checks import Check
from setpoint_nixos.guard.order import Mode, Order
from setpoint_nixos.kinds.nixos_host.build import BuildSpec
from setpoint_nixos.kinds.nixos_host.data import Data
from setpoint_nixos.nix.closure import Row
from setpoint_nixos.nix.flake_url import FlakeUrl

NAME: Final = r"^[A-Za-z0-9_][-A-Za-z0-9_.]*$"


class OnForeign(StrEnum):
    """What becomes of a system that somebody else put on the host."""

    REPORT = "report"
    """It stays until a person agrees to replace it."""
    REVERT = "revert"
    """It is replaced."""


class FlakeSpec(Spec):
    """A flake in a git repository."""

    url: str = described(
        "The repository: git+https://…, git+ssh://…, github:owner/name, or what git itself takes.",
        examples=["git+https://git.example.net/infra"],
    )
    ref: str = described("The branch or tag that is followed; the repository's default when left out.", "")
    dir: str = described("Where in the repository the flake is; its root when left out.", "")
    attribute: str | None = described(
        "The name below nixosConfigurations; that of this resource when left out.", None, pattern=NAME
    )

    @model_validator(mode="after")
    def _readable(self) -> FlakeSpec:
        self.parsed()
        return self

    def parsed(self) -> FlakeUrl:
        """As git and Nix take it."""
        joint = "&" if "?" in self.url else "?"
        options = [f"{name}={value}" for name, value in (("ref", self.ref), ("dir", self.dir)) if value]
        return FlakeUrl.parse(self.url + (joint + "&".join(options) if options else ""))


class NixosHostSpec(Spec):
    """The system of a NixOS host, from a flake."""

    flake: FlakeSpec = described("The flake that the system comes from.")
    data: Data | None = described(
        "What the flake is given in the place of its input `estate`, by name: plain data, or "
        "`{from: KIND/NAME, output: PATH}` for what another resource publishes. Nothing when left out.",
        None,
        examples=[{"domain": "example.net", "database": {"from": "Host/db01", "output": "ipv4"}}],
    )
    build: BuildSpec = described("Where it is built, and how it is signed.", BuildSpec())
    mode: Mode = described(
        "switch: at once and at every boot; boot: at the next boot; test: until the next boot.", Mode.SWITCH
    )
    confirm: Duration = described(
        "How long a new system has to show that it is well before the host goes back to the one before.",
        timedelta(minutes=2),
    )
    activate: Duration = described("How long one activation may take.", timedelta(minutes=20))
    checks: tuple[Check, ...] = described("What shows that it is well, beside that one can log in.", ())
    allowed_units: tuple[str, ...] = described(
        "Units that may fail.", (), examples=[["sys-kernel-debug.mount"]]
    )
    on_foreign: OnForeign = described(
        "What becomes of a system that somebody else put there: report holds it for a person, revert replaces it.",
        OnForeign.REPORT,
    )
    stale_after: Duration | None = described(
        "When a deploy is so long ago that it is told as a problem; never when left out.", None
    )

    @field_validator("allowed_units")
    @classmethod
    def _units(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        Order("/nix/store/" + "0" * 32 + "-x", allowed=value)
        return value


class Resolved(NixosHostSpec):
    """A spec of which the system is known.

    Attributes:
        system: the store path that is wanted, built from `drv` for `platform`.
        revision: of the flake.
        present: whether the host has it and keeps it.
        staged: whether it boots next and only that is lacking.
        packages: what changes from what runs; None when that is not known, e.g. before it is built.
    """

    system: str
    drv: str
    platform: str
    revision: str
    present: bool
    staged: bool
    packages: tuple[Row, ...] | None = None
