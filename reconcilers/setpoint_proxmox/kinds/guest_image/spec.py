"""What people declare of an image: where its content comes from, and where it lies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Final
from urllib.parse import unquote, urlsplit

from pydantic import field_validator, model_validator

from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.texts import NODE, STORAGE

_LENGTHS: Final = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
_SUM = re.compile(r"(?P<algorithm>[a-z0-9]+):(?P<digits>[0-9a-fA-F]+)")
_FILE_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_ENDINGS: Final = {
    "vztmpl": re.compile(r".+\.tar\.(gz|xz|zst|bz2)"),
    "iso": re.compile(r".+\.(iso|img)", re.IGNORECASE),
    "import": re.compile(r".+\.(ova|qcow2|raw|vmdk)"),
}


class Content(StrEnum):
    """What an image is for, in Proxmox's own words."""

    TEMPLATE = "vztmpl"
    ISO = "iso"
    IMPORT = "import"


class GuestImageSpec(Spec):
    """A container template, an ISO or the image of a disk."""

    also_called: ClassVar[Mapping[str, str]] = {
        "sha256": "checksum",
        "source": "path",
        "filename": "fileName",
        "file_name": "fileName",
        "type": "content",
        "datastore": "storage",
        "datastore_id": "storage",
    }

    storage: str = described("Storage that it lies on.", pattern=STORAGE, examples=["local"])
    node: str | None = described(
        "Node whose storage it is; may be left out when the cluster has only one, or all share the storage.",
        None,
        pattern=NODE,
        examples=["pve1"],
    )
    url: str | None = described(
        "Address that the node fetches it from, http or https; with a checksum.",
        None,
        pattern=r"^https?://[^\s/]+/\S*$",
        examples=["https://images.example.org/debian-13-standard_13.1-2_amd64.tar.zst"],
    )
    checksum: str | None = described(
        "Checksum of what the address gives, `algorithm:digits`, which the node compares.",
        None,
        examples=["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    path: str | None = described(
        "File of the host that Setpoint runs on, from which it is uploaded; a folder or a pattern that holds just one "
        "such file will do, e.g. the result of a build.",
        None,
        pattern=r"^/[^\x00-\x1f]+$",
        examples=["/srv/images/nixos/tarball/*.tar.xz"],
    )
    file_name: str | None = described(
        "Name of the file on the storage; the last part of the address or path when left out.",
        None,
        pattern=_FILE_NAME,
        examples=["debian-13.tar.zst"],
    )
    content: Content | None = described(
        "What it is for: `vztmpl` (template of containers), `iso` or `import` (image of a disk); told from the ending "
        "of the file's name when left out.",
        None,
    )
    replace: bool = described(
        "Whether a file that was compared before gives way to another content of the same name. Not for ISOs, which a "
        "running machine may have in its drive.",
        default=False,
    )
    verify_certificates: bool = described("Whether the node checks who serves the address.", default=True)

    @field_validator("checksum")
    @classmethod
    def _known_sum(cls, value: str | None) -> str | None:
        if value is None:
            return None
        match = _SUM.fullmatch(value)
        if match is None or _LENGTHS.get(match["algorithm"]) != len(match["digits"]):
            known = ", ".join(f"{name} ({length} digits)" for name, length in _LENGTHS.items())
            raise ValueError(f"a checksum is written algorithm:digits, e.g. sha256:…; known are {known}")
        return value.lower()

    @model_validator(mode="after")
    def _from_one_place(self) -> GuestImageSpec:
        if (self.url is None) == (self.path is None):
            raise ValueError("an image comes from a url or from a path; write one of them")
        if (self.url is None) != (self.checksum is None):
            raise ValueError("a url needs a checksum, and a path none: that of the file counts")
        return self

    @model_validator(mode="after")
    def _called(self) -> GuestImageSpec:
        name = self.file
        if not re.fullmatch(_FILE_NAME, name):
            raise ValueError(
                f"'{name}' cannot be the name of a file on a storage; write another one as fileName"
            )
        kinds = [kind for kind, ending in _ENDINGS.items() if ending.fullmatch(name)]
        wanted = self.content or next(iter(kinds), None)
        if wanted is None or wanted not in kinds:
            raise ValueError(
                f"'{name}' does not end like an image; templates end in .tar.gz, .tar.xz, .tar.zst or .tar.bz2, ISOs "
                "in .iso or .img, images of disks in .ova, .qcow2, .raw or .vmdk; write such a name as fileName"
            )
        return self

    @model_validator(mode="after")
    def _replaceable(self) -> GuestImageSpec:
        if self.replace and self.purpose is Content.ISO:
            raise ValueError(
                "an ISO may be in the drive of a running machine; give a new content another fileName"
            )
        return self

    @property
    def file(self) -> str:
        """Its name on the storage."""
        place = self.path or unquote(urlsplit(self.url or "").path)
        return self.file_name or place.rpartition("/")[2]

    @property
    def purpose(self) -> Content:
        """What it is for, written or told from its name."""
        kinds = (Content(kind) for kind, ending in _ENDINGS.items() if ending.fullmatch(self.file))
        return self.content or next(kinds)

    def fits(self, name: str) -> bool:
        """Whether a file of that name can be such an image."""
        return _ENDINGS[self.purpose].fullmatch(name) is not None

    @property
    def volume(self) -> str:
        """What guests call it: `local:iso/debian.iso`."""
        return f"{self.storage}:{self.purpose}/{self.file}"
