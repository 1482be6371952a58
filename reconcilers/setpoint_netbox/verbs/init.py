"""`setpoint netbox init`: makes in a NetBox what Setpoint needs of it, beside data; an administrator's call."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import click

from setpoint.cli.output import Ending, Form, end, examples, output_option, print_json
from setpoint.cli.settings import settings_option
from setpoint.model.errors import SetpointError
from setpoint.model.secret import Secret
from setpoint_netbox.verbs.access import netbox_settings, token_option

if TYPE_CHECKING:
    from setpoint.settings import Settings
    from setpoint_netbox.settings import NetBoxSettings
    from setpoint_netbox.verbs.client import NetBox
    from setpoint_netbox.verbs.ensure import Granted
    from setpoint_netbox.verbs.wishes import Wish

_HIDDEN: Final = frozenset({"secret", "password"})


@click.command(
    name="init",
    short_help="Make the custom fields, tags, webhook and permissions.",
    epilog=examples(
        "setpoint netbox init --dry-run",
        "setpoint netbox init --token-file /root/netbox-admin --token-to /etc/setpoint/netbox-token",
        "setpoint netbox init --hook-url https://setpoint.example.org/hook",
    ),
)
@token_option
@click.option(
    "--user",
    default="setpoint",
    show_default=True,
    metavar="USER",
    help="The user in NetBox who reads it for Setpoint.",
)
@click.option(
    "--token-to",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Make a token for that user and write it there, unless the file is there.",
)
@click.option(
    "--hook-url",
    metavar="URL",
    help="Make a webhook that calls this address at every change; webhook.secret of the settings signs it.",
)
@click.option("--update", is_flag=True, help="Change what is there and differs, too.")
@click.option("--dry-run", is_flag=True, help="Show what would be made, and make nothing.")
@output_option
@settings_option
def init(
    settings: Settings,
    token: Secret,
    user: str,
    token_to: Path | None,
    hook_url: str | None,
    form: str,
    *,
    update: bool,
    dry_run: bool,
) -> None:
    """Make in NetBox what Setpoint needs: custom fields, the tags of the selection, and a user with the least permissions.

    Every line says what it is for, so that all of it can be made by hand as well. It is safe to run again: what is there
    is left, what is there and differs is told, and changed only with --update. The token has to be an administrator's;
    it is used for this call and kept nowhere.

    Exit codes: 0 all is there, 2 something differs or (with --dry-run) is to be made, 1 it failed; run it again then.
    """
    from setpoint_netbox.verbs.client import connected  # noqa: PLC0415  # not for the help
    from setpoint_netbox.verbs.ensure import State, ensure  # noqa: PLC0415  # likewise

    told = netbox_settings(settings)
    password = Secret(f"{secrets.token_urlsafe(32)}-aA1")
    wishes = _wishes(told, user, password, hook_url)
    granted: list[Granted] = []
    with connected(told.url, token, told.ca) as netbox:
        for one in ensure(netbox, wishes, apply=not dry_run, update=update):
            granted.append(one)
            if form == Form.TEXT:
                click.echo("\n".join(_lines(one)))
        if token_to is not None and not dry_run:
            made = any(one.state is State.MADE and one.wish.name == user for one in granted)
            _give_token(
                netbox, user, password if made else None, token_to, update=update, quiet=form == Form.JSON
            )
    if form == Form.JSON:
        print_json(
            {"objects": [_document(one) for one in granted], "token": str(token_to) if token_to else None}
        )
    else:
        click.echo(_summary(granted))
    if any(one.state in (State.DIFFERS, State.MISSING) for one in granted):
        end(Ending.DIFFERENT)


def _wishes(told: NetBoxSettings, user: str, password: Secret, hook_url: str | None) -> list[Wish]:
    """All of them, in their order.

    Raises:
        SetpointError: a webhook is asked for of which the settings say nothing, or a mapping is wrong.
    """
    from setpoint.secrets import resolve_secret  # noqa: PLC0415  # not for the help
    from setpoint_netbox.verbs import wishes as wish  # noqa: PLC0415  # likewise
    from setpoint_netbox.verbs.access import lent_maps  # noqa: PLC0415  # likewise
    from setpoint_netbox.verbs.fields import taken_types, wanted_fields, written_fields  # noqa: PLC0415  # likewise

    back = told.write_back
    feedback = {} if back is None else written_fields(back.fields, taken_types(told))
    found = [
        *wish.tags(_slugs(told)),
        *wish.custom_fields(wanted_fields(lent_maps(None), feedback, taken_types(told))),
    ]
    if hook_url is not None:
        if told.webhook is None:
            raise SetpointError(
                "--hook-url makes a webhook, and the settings do not listen for one",
                remedy="add inventories.netbox.webhook with a secret to the settings",
            )
        found += wish.hook(hook_url, resolve_secret(told.webhook.secret).reveal(), taken_types(told))
    found.append(wish.user(user, password.reveal()))
    found += wish.permissions(user, told, writes=back is not None)
    return found


def _slugs(told: NetBoxSettings) -> list[str]:
    others = (told.prefixes, told.vlans, told.clusters, told.zones)
    slugs = [*told.select.tags, *(tag for those in others if those is not None for tag in those.tags)]
    return [*dict.fromkeys(slugs)]


def _give_token(
    netbox: NetBox, user: str, password: Secret | None, place: Path, *, update: bool, quiet: bool
) -> None:
    """Write a new token into a new file.

    Raises:
        SetpointError: it cannot be written, or made.
    """
    if place.exists():
        _say(f"is there  the token in {place}: it is left as it is", quiet=quiet)
        return
    if password is None:
        password = _another_password(netbox, user, update=update)
    # The file first: a token that cannot be kept would lie about in NetBox.
    with ExitStack() as given_up:
        file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        given_up.callback(place.unlink)
        with os.fdopen(file, "w", encoding="utf-8") as written:
            written.write(f"{netbox.provision(user, password).reveal()}\n")
        given_up.pop_all()
    _say(f"made      a token for {user}, in {place}", quiet=quiet)


def _another_password(netbox: NetBox, user: str, *, update: bool) -> Secret:
    if netbox.whoami().get("username") == user:
        raise SetpointError(
            f"{user} is whose token was given; Setpoint needs a user of its own", remedy="name another --user"
        )
    if not update:
        raise SetpointError(
            f"the user {user} was there before, and a token is made by a password that nobody knows any more",
            remedy="run it with --update, which gives the user a new one, or make a token in NetBox by hand",
        )
    password = Secret(f"{secrets.token_urlsafe(32)}-aA1")
    rows = netbox.rows("users/users", username=user)
    (number,) = [int(row["id"]) for row in rows if row.get("username") == user]
    netbox.update("users/users", number, {"password": password.reveal()})
    return password


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        click.echo(text)


def _lines(one: Granted) -> Iterator[str]:
    from setpoint_netbox.verbs.ensure import State  # noqa: PLC0415  # not for the help

    yield f"{one.state:<9} {one.wish}: {one.wish.why}"
    for name, (there, wished) in one.differences.items():
        yield f"          {name} is {_shown(name, there)}, and should be {_shown(name, wished)}"
    if one.state is State.MISSING and one.wish.body:
        body = one.wish.body.items()
        yield f"          with {'; '.join(f'{name} {_shown(name, value)}' for name, value in body)}"


def _shown(name: str, value: Any) -> str:
    from setpoint.cli.tables import plain  # noqa: PLC0415  # not for the help

    return "…" if name in _HIDDEN else plain(_readable(value))


def _readable(value: Any) -> Any:
    """References by name."""
    from setpoint_netbox.verbs.wishes import Ref  # noqa: PLC0415  # not for the help

    match value:
        case Ref():
            return value.name
        case list():
            return [_readable(one) for one in cast("Sequence[Any]", value)]
        case _:
            return value


def _summary(granted: list[Granted]) -> str:
    counts = Counter(one.state.removeprefix("is ") for one in granted)
    told = ", ".join(f"{number} {state}" for state, number in counts.items())
    hint = "; --update changes what differs" if counts["differs"] else ""
    return f"{len(granted)} objects: {told}{hint}"


def _document(one: Granted) -> Mapping[str, Any]:
    def shown(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: None if name in _HIDDEN else _readable(value) for name, value in values.items()}

    return {
        "endpoint": one.wish.endpoint,
        "name": one.wish.name,
        "state": one.state.name.lower(),
        "why": one.wish.why,
        "fields": shown(one.wish.body),
        "differences": {
            name: {"is": None, "shouldBe": None}
            if name in _HIDDEN
            else {"is": there, "shouldBe": _readable(wished)}
            for name, (there, wished) in one.differences.items()
        },
    }
