"""Whether a system that was just activated is well, by what a person says shows it. Asked until they pass, or time is up."""

from __future__ import annotations

import asyncio
import re
import shlex
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from pydantic import field_validator, model_validator

from setpoint.model.printable import brief
from setpoint.model.spec import Spec, described
from setpoint_nixos.ssh.session import Session

_UNIT: Final = re.compile(r"[A-Za-z0-9@:._\\-]+")
_PORTS: Final = range(1, 65_536)
_BAD: Final = 400
_SPARE: Final = 5.0
_LONGEST: Final = 120


class Check(Spec):
    """One thing that shows that a host is well; exactly one of unit, http, tcp and command."""

    unit: str | None = described("A unit of systemd that has to be active, e.g. nginx.service.", None)
    http: str | None = described("A URL that has to answer with a status below 400, asked from here.", None)
    tcp: str | None = described("A host:port that has to accept connections, asked from here.", None)
    command: str | None = described("A command that has to end with 0 on the host.", None, min_length=1)
    timeout: int = described("Seconds that one try may take.", 5, ge=1, le=60)

    @field_validator("unit")
    @classmethod
    def _unit(cls, value: str | None) -> str | None:
        if value is not None and not _UNIT.fullmatch(value):
            raise ValueError(f"'{value}' is no name of a unit; write one as nginx.service")
        return value

    @field_validator("http")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None:
            url = urlsplit(value)
            if url.scheme not in {"http", "https"} or not url.hostname:
                raise ValueError(f"'{value}' is no URL; write http://host/path or https://host/path")
        return value

    @field_validator("tcp")
    @classmethod
    def _tcp(cls, value: str | None) -> str | None:
        if value is not None:
            host, _, port = value.rpartition(":")
            if not host or not port.isdigit() or int(port) not in _PORTS:
                raise ValueError(f"'{value}' is no place; write host:port")
        return value

    @model_validator(mode="after")
    def _one(self) -> Check:
        if sum(each is not None for each in (self.unit, self.http, self.tcp, self.command)) != 1:
            raise ValueError("a check has exactly one of unit, http, tcp and command")
        return self


async def failing(session: Session, checks: tuple[Check, ...]) -> str:
    """What is not well, of the first check that fails; empty when all pass.

    Raises:
        TargetError: the host could not be asked.
    """
    for check in checks:
        if why := await _failing(session, check):
            return why
    return ""


async def _failing(session: Session, check: Check) -> str:
    if check.unit is not None:
        return await _on_host(session, f"systemctl is-active {shlex.quote(check.unit)}", check, check.unit)
    if check.command is not None:
        return await _on_host(session, check.command, check, f"'{brief(check.command, 60)}'")
    try:
        async with asyncio.timeout(check.timeout):
            if check.http is not None:
                return await _answers(check.http)
            return await _accepts(check.tcp or "")
    except TimeoutError:
        return f"{check.http or check.tcp} does not answer within {check.timeout} s"
    except (OSError, aiohttp.ClientError) as error:
        return f"{check.http or check.tcp}: {brief(str(error) or type(error).__name__, _LONGEST)}"


async def _on_host(session: Session, command: str, check: Check, what: str) -> str:
    """It is ended on the host itself, so that a slow check is not taken for a host that is silent."""
    line = f"exec timeout {check.timeout} /bin/sh -c {shlex.quote(command)}"
    done = await session.run(line, timeout=check.timeout + _SPARE)
    if done.status == 0:
        return ""
    said = brief((done.out + done.err).decode(errors="replace").strip(), _LONGEST)
    return f"{what} ends with {done.status}" + (f" ({said})" if said else "")


async def _answers(url: str) -> str:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return f"{url} answers with {answer.status}" if answer.status >= _BAD else ""


async def _accepts(place: str) -> str:
    host, _, port = place.rpartition(":")
    _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    writer.close()
    return ""
