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
    by: str | None
    incomplete: bool

    def way(self, estate: str, folder: Path, systems: Sequence[System]) -> Way:
        """The way to it.

        Raises:
            SetpointError: something is lacking, or does not go together.
        """
        system, entrance = find_entrance(self.system or "", systems)
        if not self.endpoints:
            raise SetpointError(
                "--from needs --endpoint", remedy="say where it answers, e.g. --endpoint host"
            )
        secret = secret_of(system, self.token_file, self.token_env, folder)
        ca = "" if self.ca is None else str(self.ca.resolve())
        access = Access(self.endpoints, self.token, secret, ca, self.fingerprint)
        return Way(estate, system, entrance, access, self._by(entrance), self.incomplete)

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
        if asked.system is None and (asked.endpoints or asked.token or asked.token_file or asked.token_env):
            raise SetpointError("where to read is said, and not what", remedy="add --from SYSTEM")
        return verb(*args, asked=asked, **kwargs)

    command: Callable[..., Any] = with_them
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
