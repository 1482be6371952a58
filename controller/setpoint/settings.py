"""What the daemon itself is told: where declarations come from, where memory is kept, how it logs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, field_validator, model_validator

from setpoint.listen import checked, parts
from setpoint.model.key import Key
from setpoint.model.limit import Caution, Limit
from setpoint.model.quantity import Duration, format_duration
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint.settings_file import Section, read_settings
from setpoint.settings_place import SOCKET, STATE, find_settings
from setpoint.settings_roles import RoleSettings
from setpoint.sources.source import local_path

NOWHERE = "none"
"""The address at which nothing listens."""

_ESTATE = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
_BAD_BRANCH = re.compile(r"[\x00-\x20~^:?*\[\\\x7f]|\.\.|@\{|//|^[-/.]|/\.|[/.]$|\.lock(/|$)")


def _key(text: str) -> str:
    Key.parse(text)
    return text


KeyText = Annotated[str, AfterValidator(_key)]


class LogFormat(StrEnum):
    """How log lines look."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least important line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class GitSettings(Spec):
    """Declarations in a branch of a git repository."""

    url: str = described("Whatever git fetches from: an https or ssh URL, or the path of a repository.")
    branch: str = described("The branch that is followed.", "main")
    path: str = described("The folder of the repository that holds the declarations; empty for its root.", "")
    poll: Duration = described("How often to ask for new commits; at least 1s.", timedelta(seconds=60))

    @field_validator("url")
    @classmethod
    def _no_option(cls, value: str) -> str:
        if not value or value.startswith("-"):
            raise ValueError(
                f"'{value}' is no URL of a repository; write e.g. https://forge.example.org/estate.git"
            )
        return value

    @field_validator("branch")
    @classmethod
    def _branch_name(cls, value: str) -> str:
        if not value or _BAD_BRANCH.search(value):
            raise ValueError(f"'{value}' is no name of a branch; write e.g. main")
        return value

    @field_validator("path")
    @classmethod
    def _inside(cls, value: str) -> str:
        if value.startswith("/") or ".." in value.split("/"):
            raise ValueError(f"'{value}' is no folder inside the repository; write e.g. estate/home")
        return value.strip("/")

    @field_validator("poll")
    @classmethod
    def _floor(cls, value: timedelta) -> timedelta:
        if value < timedelta(seconds=1):
            raise ValueError(f"{format_duration(value)} is too often for the forge; write at least 1s")
        return value


class DirectorySettings(Spec):
    """Declarations in a folder of this host, without history."""

    path: Path = described("The folder; relative to the settings file.")


class SourceSettings(Spec):
    """Where declarations come from; exactly one of the fields."""

    git: GitSettings | None = described("A git repository.", None)
    directory: DirectorySettings | None = described("A folder of this host.", None)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.git is None) == (self.directory is None):
            raise ValueError("exactly one of git and directory says where declarations come from")
        return self


class HookSettings(Spec):
    """The address that a forge calls at every push."""

    listen: str = described(
        "Address and port, e.g. 127.0.0.1:9646; put a TLS proxy in front.", "127.0.0.1:9646"
    )
    secret: SecretRef = described("What the forge signs its calls with.")

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        return checked(value, "127.0.0.1:9646 or [::1]:9646")

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port; port 0 lets the system choose one."""
        return parts(self.listen)


class MetricsSettings(Spec):
    """What Prometheus and a load balancer ask over HTTP: `/metrics`, `/healthz`, `/readyz`."""

    listen: str = described(
        "Address and port, e.g. 127.0.0.1:9645, or none; anybody who reaches it can read it, and nobody change anything.",
        "127.0.0.1:9645",
    )

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        return value if value == NOWHERE else checked(value, "127.0.0.1:9645, [::1]:9645 or none")

    @property
    def address(self) -> tuple[str, int] | None:
        """The host and the port; port 0 lets the system choose one; None for nowhere."""
        return None if self.listen == NOWHERE else parts(self.listen)


class LogSettings(Spec):
    """What is written to standard error."""

    format: LogFormat = described("console for people, json for a collector.", LogFormat.CONSOLE)
    level: LogLevel = described("The least important line that is written.", LogLevel.INFO)


class Settings(Spec):
    """The whole settings file."""

    estate: str = described(
        "The name of this estate; it is written on every object, so never change it: lower case, digits, dashes."
    )
    source: SourceSettings = described("Where declarations come from.")
    state: Path = described("The folder of the daemon's memory; relative to the settings file.", STATE)
    socket: Path | None = described(
        "The Unix socket for the command line; setpoint.sock in the state folder when left out.", None
    )
    roles: RoleSettings | None = described(
        "Who may do what through that socket; left out, members of its group are operators.", None
    )
    hook: HookSettings | None = described("Be called at every push, beside polling.", None)
    metrics: MetricsSettings = described("Where metrics and health are served.", MetricsSettings())
    log: LogSettings = described("What is logged, and how.", LogSettings())
    needed: tuple[KeyText, ...] = described(
        "What Setpoint cannot do without, such as the forge, the DNS server and its own guest: it is never restarted, nor "
        "worse, by Setpoint. Its own guest is recognised where that is possible.",
        (),
        alias="self",
    )
    limits: Mapping[str, Limit] = described(
        "By kind, how many resources of a target may be stopped, restarted or worse within a day before somebody is asked; the "
        "greater of both fields counts, and 3 and 10 % where nothing is said.",
        {},
    )

    work: Mapping[str, Mapping[str, int]] = described(
        "By system, how much of each sort of its work goes on at once on this machine; its kinds say which sorts there are.",
        {},
    )

    inventories: Mapping[str, Any] = described(
        "By system, how the inventory is reached in which people declare things outside of the repository; what they declare lies "
        "below the manifests. The fields stand at the end of this page.",
        {},
    )

    @field_validator("work")
    @classmethod
    def _some(cls, value: Mapping[str, Mapping[str, int]]) -> Mapping[str, Mapping[str, int]]:
        for system, sorts in value.items():
            for sort, number in sorts.items():
                if number < 1:
                    raise ValueError(f"{system}.{sort}: {number} would stop it for good; write at least 1")
        return value

    @field_validator("estate")
    @classmethod
    def _estate_name(cls, value: str) -> str:
        if not _ESTATE.fullmatch(value):
            raise ValueError(f"'{value}' is no name of an estate; use up to 40 of a-z, 0-9 and -, e.g. home")
        return value

    @model_validator(mode="after")
    def _hook_of_a_forge(self) -> Self:
        if self.hook is not None and self.source.git is None:
            raise ValueError("a hook is for source.git; a folder is watched without one, so leave it out")
        return self

    def caution(self, machines: frozenset[str]) -> Caution:
        """How carefully to go about on a host that has these ids."""
        return Caution(self.limits, frozenset(map(Key.parse, self.needed)), machines)

    @property
    def socket_path(self) -> Path:
        """Where the command line reaches the daemon."""
        return self.socket or self.state / SOCKET

    @property
    def database_path(self) -> Path:
        """Where the store is kept."""
        return self.state / "setpoint.db"


def load_settings(path: Path | None, env: Mapping[str, str]) -> Settings:
    """Read the settings file: `path`, else $SETPOINT_CONFIG, else the first of PLACES that exists.

    Raises:
        SettingsError: there is none, or it is wrong; every mistake as `file:line:column: field: what; remedy`.
    """
    found = find_settings(path, env)
    settings = _beside(read_settings(found, Settings), found.absolute().parent)
    sections = {name: Section(found, ("inventories", name)) for name in settings.inventories}
    return settings.model_copy(update={"inventories": sections})


def _beside(settings: Settings, folder: Path) -> Settings:
    """The same with every relative path made absolute from the folder of the settings file."""
    source = settings.source
    if source.directory:
        directory = source.directory.model_copy(update={"path": folder / source.directory.path})
        source = source.model_copy(update={"directory": directory})
    local = source.git and local_path(source.git.url)
    if source.git and local:
        git = source.git.model_copy(update={"url": str((folder / local).resolve())})
        source = source.model_copy(update={"git": git})
    paths = {
        "state": folder / settings.state,
        "socket": settings.socket and folder / settings.socket,
        "source": source,
    }
    return settings.model_copy(update=paths)
