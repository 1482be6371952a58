"""Changes or destroys a guest behind the daemon's back, over HTTP and as root; says how to do the same with curl."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import click

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint_lab.rehearsal_folder import Folder

_TICK = 0.2


def poke(root: Path, name: str, changes: Sequence[str]) -> None:
    """Set fields of the guest of a key, e.g. `memory=1024`, as Proxmox names them.

    Raises:
        SetpointError: no such guest is there, or the API refuses.
    """
    folder = Folder(root.absolute())
    url, authorization = folder.reach()
    key, given = _key(name), _given(changes)
    place = _find(url, authorization, key)
    _ask(url, authorization, "PUT", f"{place}/config", given)
    data = " ".join(f"-d {one}" for one in changes)
    click.echo(
        f"done; the same by curl:\n  curl -X PUT -H 'Authorization: {authorization}' {url}{place}/config {data}"
    )


def lose(root: Path, name: str) -> None:
    """Destroy the guest of a key, which must not run.

    Raises:
        SetpointError: no such guest is there, or the API refuses.
    """
    url, authorization = Folder(root.absolute()).reach()
    key = _key(name)
    place = _find(url, authorization, key)
    task = _ask(url, authorization, "DELETE", place, {})
    node = place.split("/")[4]
    state = f"/api2/json/nodes/{node}/tasks/{task}/status"
    while _ask(url, authorization, "GET", state, {})["status"] == "running":
        time.sleep(_TICK)
    click.echo(f"{key} is destroyed; look with: setpoint resync {key} --wait")


def _key(name: str) -> Key:
    try:
        return Key.parse(name)
    except ValueError as error:
        raise SetpointError(str(error)) from None


def _given(changes: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in changes]
    for name, sign, _ in pairs:
        if not name or not sign:
            raise SetpointError(f"'{name}' is no change", remedy="write FIELD=VALUE, e.g. memory=1024")
    return {name: value for name, _, value in pairs}


def _find(url: str, authorization: str, key: Key) -> str:
    """The path of the guest that bears the mark of `key`."""
    wanted = f" {key.namespace}/{key.kind}/{key.name} vmid="
    for guest in _ask(url, authorization, "GET", "/api2/json/cluster/resources?type=vm", {}):
        place = f"/api2/json/nodes/{guest['node']}/{guest['type']}/{guest['vmid']}"
        config = _ask(url, authorization, "GET", f"{place}/config", {})
        if wanted in config.get("description", ""):
            return place
    raise SetpointError(f"no guest bears the mark of {key}", remedy="see setpoint status for what there is")


def _ask(url: str, authorization: str, method: str, target: str, fields: Mapping[str, str]) -> Any:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers = {"Authorization": authorization}
    body = None
    if fields:
        body, headers["Content-Type"] = urlencode(fields), "application/x-www-form-urlencoded"
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        content = response.read()
    except OSError as error:
        raise SetpointError(
            f"{url} does not answer: {error}", remedy="start the rehearsal with setpoint lab"
        ) from error
    finally:
        connection.close()
    if response.status != HTTPStatus.OK:
        raise SetpointError(
            f"{method} {target}: {response.status} {response.reason} {content.decode(errors='replace')}"
        )
    return json.loads(content)["data"]
