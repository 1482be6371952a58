"""What a person writes about where a system is built, and how it is signed and published."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, TypeAlias
from urllib.parse import urlsplit

from pydantic import StringConstraints, field_validator, model_validator

from setpoint.model.reference import Name, Reference
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint_nixos.nix.cache import Cache

SIGNING: Final = "signing"
PUBLISHING: Final = "publishing"
_WORD: Final = r"^[A-Za-z0-9][A-Za-z0-9._+-]*$"
Word: TypeAlias = Annotated[str, StringConstraints(pattern=_WORD)]


class BuildOn(StrEnum):
    """Where a system is built."""

    LOCAL = "local"
    """On the machine of Setpoint, and copied."""
    TARGET = "target"
    """On the host itself."""
    BUILDER = "builder"
    """On another host, and copied from there."""
    DISTRIBUTED = "distributed"
    """Piece by piece on several machines, gathered on the machine of Setpoint, and copied."""
    CACHE = "cache"
    """The host fetches it from binary caches."""


def _cache(url: str) -> str:
    Cache(url)
    return url


class CacheSpec(Spec):
    """A binary cache."""

    url: str = described("Where the host fetches from: https://…", examples=["https://cache.example.net"])
    key: str = described(
        "The public key by which it is signed; the host's own settings count without. Only root may name others than those.",
        "",
    )

    _sound_url = field_validator("url")(_cache)


class PublishSpec(Spec):
    """A binary cache that is filled before the host fetches from it."""

    url: str = described(
        "Where it is put: file://…, https://… or s3://…", examples=["s3://cache?endpoint=s3.example.net"]
    )
    key: SecretRef = described(
        "The secret key that it is signed with, as nix key generate-secret makes it; its public half is the one that the host "
        "goes by when no caches are written."
    )

    _sound_url = field_validator("url")(_cache)


class MachineSpec(Spec):
    """A host that takes pieces."""

    host: Annotated[str, Reference("Host")] = described("Name of a Host.", examples=["forge"])
    platforms: tuple[Word, ...] = described(
        "What it builds for; the platform of the system when left out.", (), examples=[["x86_64-linux"]]
    )
    jobs: int = described("How many pieces it builds at once.", 1, ge=1)
    features: tuple[Word, ...] = described(
        "What it has that some pieces need.", (), examples=[["kvm", "big-parallel"]]
    )
    key_file: str = described(
        "The private key to enter it, on the machine of Setpoint and readable by its Nix daemon; only used where such a daemon "
        "builds, and the Host's own key where none does.",
        "",
    )


class BuildSpec(Spec):
    """Where the system is built."""

    on: BuildOn | None = described(
        "local (on the machine of Setpoint), target (on the host itself), builder, distributed or cache; what the other fields "
        "say when left out, and local without any.",
        None,
    )
    builder: Annotated[str, Reference("Host")] | None = described(
        "Name of the Host that builds, with builder.", None, examples=["forge"]
    )
    machines: tuple[MachineSpec, ...] = described("The hosts that take pieces, with distributed.", ())
    caches: tuple[CacheSpec, ...] = described("Where the host fetches from, with cache.", ())
    publish: PublishSpec | None = described(
        "With cache: the system is built on the machine of Setpoint and put there first. Others have to do that without it.",
        None,
    )
    signing_key: SecretRef | None = described(
        "The secret key that everything is signed with before it is copied. A host that is entered by another user than root "
        "takes only what is signed by a key of its nix.settings.trusted-public-keys.",
        None,
    )

    @model_validator(mode="after")
    def _sound(self) -> BuildSpec:
        written = self._written()
        if self.on is None and len(written) > 1:
            names = " and ".join(written.values())
            raise ValueError(f"{names} are written; say by `on` which of them counts")
        if self.on in _NEEDED and self.on not in written:
            raise ValueError(f"`on: {self.on}` needs {_NEEDED[self.on]}")
        if self.publish is not None and not self.caches and urlsplit(self.publish.url).scheme == "file":
            raise ValueError(
                f"no host fetches from {self.publish.url}; write under `caches` by which URL it is served"
            )
        return self

    def _written(self) -> Mapping[BuildOn, str]:
        """The places of which something is said, each with the field that says it."""
        told = {
            BuildOn.BUILDER: ("builder", self.builder),
            BuildOn.DISTRIBUTED: ("machines", self.machines),
            BuildOn.CACHE: ("caches", self.caches or self.publish),
        }
        return {place: name for place, (name, value) in told.items() if value}

    @property
    def place(self) -> BuildOn:
        """Where it is built."""
        return self.on or next(iter(self._written()), BuildOn.LOCAL)

    @property
    def keys(self) -> Mapping[str, SecretRef]:
        """The keys that a delivery works with."""
        published = None if self.publish is None else self.publish.key
        named = {SIGNING: self.signing_key, PUBLISHING: published}
        return {name: ref for name, ref in named.items() if ref is not None}

    @property
    def ways(self) -> tuple[Name, ...]:
        """The other hosts that a delivery goes to."""
        named = (self.builder, *(machine.host for machine in self.machines))
        return tuple(name for name in named if isinstance(name, Name))


_NEEDED: Final[Mapping[BuildOn | None, str]] = {
    BuildOn.BUILDER: "`builder`, the name of a Host",
    BuildOn.DISTRIBUTED: "`machines`, each with the name of a Host",
    BuildOn.CACHE: "`caches` to fetch from, or `publish` to fill one",
}
