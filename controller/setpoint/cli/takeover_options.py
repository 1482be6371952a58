"""The options of `setpoint init` that say where an estate is read that is there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from setpoint.cli.takeover import Way, find_entrance, secret_of
from setpoint.desired.suggest import remedy
from setpoint.model.errors import SetpointError
from setpoint.model.kind import System
from setpoint.model.stock import Access, Entrance

NONE = "none"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option(
        "--from", "system", metavar="SYSTEM", help="Declare what a target of this system holds already."
    ),
    click.option(
        "--endpoint",
        "endpoints",
        multiple=True,
        metavar="URL",
        help="Where the target answers; again for each further one.",
    ),
    click.option("--token", metavar="ID", default="", help="What the token is called, without its value."),
    click.option(
        "--token-file",
        type=_FILE,
        metavar="FILE",
        help="The file whose first line is the token's value; it stays where it is.",
    ),
    click.option(
        "--token-env",
        metavar="NAME",
        help="The environment variable that holds it.  [default: SETPOINT_<SYSTEM>_TOKEN]",
    ),
    click.option(
        "--ca", type=_FILE, metavar="FILE", help="The authority that signed the target's certificate."
    ),
    click.option(
        "--fingerprint",
        default="",
        metavar="HEX",
        help="The fingerprint of the certificate, instead of --ca.",
    ),
    click.option(
        "--file",
        type=_FILE,
        metavar="FILE",
        help="The file to read, where SYSTEM is the name of a format.",
    ),
    click.option(
        "--only",
        multiple=True,
        metavar="ID",
        help="Only the object with this id, such as the name of a zone; again for each further one.",
    ),
    click.option(
        "--namespace-by",
        "by",
        metavar="SORT",
        help="Which sort of the system's groups become namespaces and folders, or none.  [default: its first sort]",
    ),
    click.option(
        "--incomplete",
        is_flag=True,
        help="Write what can be seen, although there is more that cannot be.",
    ),
)


@dataclass(frozen=True)
class Asked:
    """What a person said about the estate that is there.

    Attributes:
        system: where it is; None for an estate to begin with.
    """

    system: str | None
    endpoints: tuple[str, ...]
    token: str
    token_file: Path | None
    token_env: str | None
    ca: Path | None
    fingerprint: str
    file: Path | None
    only: tuple[str, ...]
    by: str | None
    incomplete: bool

    def way(self, estate: str, folder: Path, systems: Sequence[System]) -> Way:
        """The way to it.

        Raises:
            SetpointError: something is lacking, or does not go together.
        """
        word = self.system or ""
        entrance = find_entrance(word, systems)
        self._judge(word, entrance)
        secret = secret_of(word, self.token_file, self.token_env, folder)
        ca = "" if self.ca is None else str(self.ca.resolve())
        access = Access(self.endpoints, self.token, secret, ca, self.fingerprint, *self._content(), self.only)
        return Way(estate, word, entrance, access, self._by(entrance), self.incomplete)

    def _judge(self, word: str, entrance: Entrance) -> None:
        """Refuse what is lacking, or what this way in has no use for.

        Raises:
            SetpointError: there is any of that.
        """
        said = f"--from {word}"
        if entrance.endpoint and not self.endpoints:
            raise SetpointError(
                "--from needs --endpoint", remedy="say where it answers, e.g. --endpoint host"
            )
        if entrance.file and self.file is None:
            raise SetpointError(f"{said} needs --file", remedy=f"name the {entrance.file}")
        if self.file is not None and not entrance.file:
            raise SetpointError(f"{said} reads no file", remedy="leave --file out")
        if entrance.named and not self.only:
            raise SetpointError(f"{said} needs --only", remedy=f"name each {entrance.named}")
        if not entrance.secret and (self.token or self.token_file or self.token_env):
            raise SetpointError(f"{said} takes no token", remedy="leave the token out")

    def _content(self) -> tuple[str, bytes]:
        if self.file is None:
            return "", b""
        try:
            return str(self.file), self.file.read_bytes()
        except OSError as error:
            raise SetpointError(f"{self.file} cannot be read: {error.strerror}") from None

    def _by(self, entrance: Entrance) -> str:
        """The sort of groups that become namespaces.

        Raises:
            SetpointError: the system knows none of that name.
        """
        known = (*entrance.groups, NONE)
        if self.by is None:
            return known[0]
        if self.by not in known:
            what = f"--namespace-by: nothing is grouped by '{self.by}'"
            raise SetpointError(what, remedy=remedy(self.by, known, otherwise="write one of"))
        return self.by


def takeover_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """All of them; the verb gets them as `asked`.

    Raises:
        SetpointError: one is given without --from.
    """
    names = [field.name for field in fields(Asked)]

    @wraps(verb)
    def with_them(*args: Any, **kwargs: Any) -> Any:
        asked = Asked(**{name: kwargs.pop(name) for name in names})
        if asked.system is None and any(
            (asked.endpoints, asked.token, asked.token_file, asked.token_env, asked.file, asked.only)
        ):
            raise SetpointError("where to read is said, and not what", remedy="add --from SYSTEM")
        return verb(*args, asked=asked, **kwargs)

    command: Callable[..., Any] = with_them
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
