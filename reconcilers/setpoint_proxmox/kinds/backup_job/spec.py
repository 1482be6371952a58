"""What people declare of a backup job."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints, field_validator, model_validator

from setpoint.model.reference import Reference
from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.texts import NODE, POOL, STORAGE
from setpoint_proxmox.mark import one_line

PATTERN: Final = "[A-Za-z][A-Za-z0-9_-]{1,49}"
"""How Proxmox names jobs."""
_ONE_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
_ADDRESS: Final = r"^[^\s,;@]+(@[^\s,;@]+)?$"

Vmid = Annotated[int, Field(ge=100, le=999_999_999)]
Count = Annotated[int, Field(ge=1)]


class Mode(StrEnum):
    """How a running guest is backed up."""

    SNAPSHOT = "snapshot"
    SUSPEND = "suspend"
    STOP = "stop"


class Compression(StrEnum):
    """How a backup is packed."""

    NONE = "none"
    LZO = "lzo"
    GZIP = "gzip"
    ZSTD = "zstd"


class When(StrEnum):
    """After which runs somebody is told."""

    ALWAYS = "always"
    FAILURE = "failure"


class Notification(StrEnum):
    """How somebody is told."""

    AUTO = "auto"
    SENDMAIL = "legacy-sendmail"
    SYSTEM = "notification-system"


class Guests(Spec):
    """Some guests."""

    virtual_machines: tuple[Annotated[str, Reference("VirtualMachine")], ...] = described(
        "Virtual machines that are declared, by name.", (), examples=[["web01"]]
    )
    containers: tuple[Annotated[str, Reference("Container")], ...] = described(
        "Containers that are declared, by name.", (), examples=[["dns01"]]
    )
    vmids: tuple[Vmid, ...] = described("Guests that are not declared, by id.", (), examples=[[100]])

    @property
    def names(self) -> tuple[str, ...]:
        """Each as text: `VirtualMachine/web01`, or the vmid."""
        machines = (f"VirtualMachine/{name}" for name in self.virtual_machines)
        containers = (f"Container/{name}" for name in self.containers)
        return tuple(sorted({*machines, *containers, *map(str, self.vmids)}))


class Selection(Guests):
    """The guests that a job is about: those that are named, those of a pool, or all."""

    all: bool = described("Every guest of the cluster, those of the future included.", default=False)
    exclude: Guests = described("Guests that are left out; only together with `all`.", default_factory=Guests)
    pool: str | None = described("Every guest of a pool.", None, pattern=POOL, examples=["customers"])

    @model_validator(mode="after")
    def _one_way(self) -> Selection:
        ways = [self.all, self.pool is not None, bool(self.names)]
        if ways.count(True) != 1:
            raise ValueError(
                "a job is about all guests, those of a pool, or those that are named; write one of them"
            )
        if self.exclude.names and not self.all:
            raise ValueError("only of all guests some can be left out")
        return self


class Retention(Spec):
    """How many backups of each guest are kept; a backup that one of the numbers keeps is kept."""

    keep_all: bool = described("Every one.", default=False)
    keep_last: Count | None = described("The latest.", None)
    keep_hourly: Count | None = described("The latest of so many hours.", None)
    keep_daily: Count | None = described("The latest of so many days.", None)
    keep_weekly: Count | None = described("The latest of so many weeks.", None)
    keep_monthly: Count | None = described("The latest of so many months.", None)
    keep_yearly: Count | None = described("The latest of so many years.", None)

    @property
    def options(self) -> dict[str, int]:
        """As Proxmox names them: `keep-last` and so on."""
        if self.keep_all:
            return {"keep-all": 1}
        found = self.model_dump(exclude={"keep_all"}, by_alias=False, exclude_none=True)
        return {name.replace("_", "-"): number for name, number in sorted(found.items())}

    @model_validator(mode="after")
    def _something(self) -> Retention:
        numbers = self.model_dump(exclude={"keep_all"}, exclude_none=True)
        if self.keep_all == bool(numbers):
            raise ValueError("write keepAll: true, or how many are kept, e.g. keepDaily: 7")
        return self


class BackupJobSpec(Spec):
    """A job that backs guests up by a schedule."""

    also_called: ClassVar[Mapping[str, str]] = {
        "id": "job",
        "vmid": "guests",
        "prune-backups": "retention",
        "prune_backups": "retention",
        "keep": "retention",
        "notes-template": "notesTemplate",
        "compression": "compress",
        "mailnotification": "mailNotification",
        "bandwidth": "bandwidthLimit",
        "bwlimit": "bandwidthLimit",
        "starttime": "schedule",
    }

    job: str | None = described(
        "The job's id in Proxmox; the resource's name when left out.",
        None,
        pattern=f"^{PATTERN}$",
        examples=["nightly"],
    )
    guests: Selection = described("The guests that are backed up.")
    schedule: str = described(
        "When it runs, as a calendar event of systemd in the time zone of the nodes.",
        pattern=r"^[A-Za-z0-9*.,:/ -]{1,128}$",
        examples=["mon..fri 02:30"],
    )
    storage: str | None = described(
        "Storage that the backups are written to; left out, the one that the nodes' vzdump.conf names.",
        None,
        pattern=STORAGE,
        examples=["pbs"],
    )
    node: str | None = described("Node on which alone it runs; null for every node.", None, pattern=NODE)
    enabled: bool = described("Whether it runs by its schedule.", default=True)
    mode: Mode = described("How a running guest is backed up.", Mode.SNAPSHOT)
    compress: Compression = described(
        "How a backup is packed; a backup server packs by itself.", Compression.ZSTD
    )
    retention: Retention | None = described(
        "How many backups of each guest are kept; null for what the storage says.", None
    )
    notes_template: str | None = described(
        "Note of every backup, with {{guestname}}, {{vmid}}, {{node}} and {{cluster}}; null for none.",
        None,
        pattern=_ONE_LINE,
        max_length=1024,
        examples=["{{guestname}}"],
    )
    protected: bool = described("Whether its backups are kept from being removed.", default=False)
    repeat_missed: bool = described("Whether a run that was missed is made up for.", default=False)
    bandwidth_limit: int = described("Limit of what is read, KiB per second; 0 for none.", 0, ge=0)
    notification: Notification = described("How somebody is told.", Notification.AUTO)
    mail_to: tuple[Annotated[str, StringConstraints(pattern=_ADDRESS)], ...] = described(
        "Mail addresses or users of the cluster that are told, where mails are sent by sendmail.",
        (),
        examples=[["root@pam", "anna@example.org"]],
    )
    mail_notification: When = described(
        "After which runs mails are sent, where they are sent by sendmail.", When.ALWAYS
    )
    comment: str | None = described(
        "What people read beside it, in one line. Our mark is kept behind it.",
        None,
        max_length=200,
    )

    @field_validator("comment")
    @classmethod
    def _line(cls, value: str | None) -> str | None:
        return one_line(value)

    @field_validator("schedule")
    @classmethod
    def _plain(cls, value: str) -> str:
        return " ".join(value.lower().split())

    @model_validator(mode="after")
    def _needs_a_storage(self) -> BackupJobSpec:
        if self.storage is None and (self.notes_template is not None or self.protected):
            raise ValueError("notesTemplate and protected need a storage; write spec.storage")
        return self
