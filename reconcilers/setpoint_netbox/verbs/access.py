"""How the verbs reach a NetBox: the settings' part about it, the token for one call, and what other systems lend."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from setpoint.model.errors import SetpointError
from setpoint.model.secret import Secret, SecretRef

if TYPE_CHECKING:
    from setpoint.model.inventory import Opening
    from setpoint.model.kind import Kind
    from setpoint.settings import Settings
    from setpoint_netbox.mapping.model import Map
    from setpoint_netbox.settings import NetBoxSettings

NAME: Final = "netbox"
VARIABLE: Final = "NETBOX_ADMIN_TOKEN"


def token_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """`--token-file FILE`, or a variable; the verb gets an administrator's token as `token`."""

    @click.option(
        "--token-file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=f"The file with an administrator's token in its first line.  [default: ${VARIABLE}]",
    )
    @wraps(verb)
    def with_token(*args: Any, token_file: Path | None, **kwargs: Any) -> Any:
        return verb(*args, token=_admin_token(token_file), **kwargs)

    return with_token


def _admin_token(place: Path | None) -> Secret:
    from setpoint.secrets import resolve_secret  # noqa: PLC0415  # not for the help

    if place is not None:
        return resolve_secret(SecretRef(file=str(place)))
    if os.environ.get(VARIABLE):
        return Secret(os.environ[VARIABLE])
    raise SetpointError(
        "this takes a token of an administrator of NetBox, which is used for this call and kept nowhere",
        remedy=f"name its file with --token-file, or put it into ${VARIABLE}",
    )


def netbox_settings(settings: Settings) -> NetBoxSettings:
    """What the settings say of NetBox.

    Raises:
        SetpointError: nothing, or something that cannot be.
    """
    from setpoint_netbox.settings import NetBoxSettings  # noqa: PLC0415  # not for the help

    section = settings.inventories.get(NAME)
    if section is None:
        raise SetpointError(
            "the settings name no NetBox",
            remedy="add inventories: {netbox: {url: https://netbox.example.org, token: {file: PATH}}}",
        )
    found: NetBoxSettings = section.read(NetBoxSettings)
    return found


def opening(settings: Settings) -> Opening:
    """What the daemon, too, opens the inventory with.

    Raises:
        SetpointError: a system cannot be loaded.
    """
    from setpoint.model.inventory import Opening  # noqa: PLC0415  # not for the help
    from setpoint.secrets import resolve_secret  # noqa: PLC0415  # likewise
    from setpoint.systems import installed_kinds  # noqa: PLC0415  # likewise

    return Opening(settings.estate, installed_kinds(), resolve_secret, lent())


def lent() -> Mapping[str, str]:
    """The maps that installed systems lend, as they are written, by the names of the systems.

    Raises:
        SetpointError: a system cannot be loaded.
    """
    from setpoint.systems import installed_systems  # noqa: PLC0415  # not for the help

    return {system.name: system.lends[NAME]() for system in installed_systems() if NAME in system.lends}


def lent_maps(own: bytes | None) -> Mapping[str, Map]:
    """The maps that count, of all installed systems; as `sound_maps`."""
    from setpoint.systems import installed_kinds  # noqa: PLC0415  # not for the help

    return sound_maps(own, lent(), installed_kinds())


def sound_maps(
    own: bytes | None, lent: Mapping[str, str], kinds: Mapping[str, Kind[Any, Any]]
) -> Mapping[str, Map]:
    """The maps that count.

    Args:
        own: the mapping of the repository; None when it has none.
        lent: those that systems lend, as they are written, by the names of the systems.
        kinds: every installed one, by name.

    Raises:
        SetpointError: a mapping has a mistake.
    """
    from setpoint_netbox.mapping.reading import read_mapping  # noqa: PLC0415  # not for the help

    found = read_mapping(own, lent, kinds)
    if found.problems:
        raise SetpointError("\n".join(map(str, found.problems)), remedy="correct the mapping")
    return found.maps
