"""Whether the endpoints of a cluster answer, are who they should be, agree on the time, and let the token in."""

from __future__ import annotations

import asyncio
import re
import shlex
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import requests

from setpoint.model.examine import Check, Verdict
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.kinds.proxmox_cluster.spec import ProxmoxClusterSpec
from setpoint_proxmox.transport import (
    READ_SECONDS,
    Greeting,
    Login,
    close_api,
    greet,
    never_connected,
    open_api,
)

SKEW: Final = 5.0
"""Seconds by which clocks may differ."""
OLDEST: Final = 8
"""The first version of Proxmox VE that is supported."""

_GATEWAY = (595, 596)
_GOT = re.compile(r'got "?([0-9A-Fa-f:]{64,95})')
_SHOW_CERTIFICATE = "openssl s_client -connect localhost:8006 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256"


@dataclass(frozen=True)
class Met:
    """An endpoint, and how it answered or why it did not."""

    endpoint: Endpoint
    answer: Greeting | Exception
    at: float

    @property
    def serves(self) -> bool:
        """Whether more can be asked there."""
        return isinstance(self.answer, Greeting) and bool(self.answer.version)


async def meet(endpoints: list[Endpoint], login: Login, trust: Trust) -> list[Met]:
    """Greet all of them side by side, so that one that hangs costs its time only once."""
    loop = asyncio.get_running_loop()
    threads = ThreadPoolExecutor(len(endpoints), thread_name_prefix="doctor")
    try:
        calls = [loop.run_in_executor(threads, _greeted, endpoint, login, trust) for endpoint in endpoints]
        return await asyncio.gather(*calls)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _greeted(endpoint: Endpoint, login: Login, trust: Trust) -> Met:
    api = open_api(endpoint, login, trust)
    try:
        answer: Greeting | Exception = greet(api)
    except (requests.RequestException, OSError) as error:
        answer = error
    finally:
        close_api(api)
    return Met(endpoint, answer, time.time())


def endpoint_checks(met: Met, spec: ProxmoxClusterSpec) -> Iterator[Check]:
    """How an endpoint answered: itself, its version and its clock."""
    name = f"endpoint {met.endpoint}"
    match met.answer:
        case Greeting(status=status) as answer if status in _GATEWAY:
            yield wrong(
                name,
                f"answers {status} {answer.reason}: its API daemon does not",
                "on that node: systemctl status pvedaemon",
            )
        case Greeting(status=status, version="") as answer if status != requests.codes.unauthorized:
            yield wrong(
                name,
                f"answers {status} {answer.reason}, which is not the Proxmox API",
                "correct the endpoint, or see pveproxy on that node",
            )
        case Greeting() as answer:
            yield Check(name, Verdict.OK, f"answers{_trusted(met.endpoint, spec)}")
            yield from _version_check(met.endpoint, answer)
            yield from _clock_check(met)
        case error:
            yield _unreached(name, error, spec)


def _trusted(endpoint: Endpoint, spec: ProxmoxClusterSpec) -> str:
    if not endpoint.tls:
        return " on this machine itself, without TLS"
    by = "has the declared fingerprint" if spec.fingerprint else "is signed by a trusted authority"
    return f"; its certificate {by}"


def _unreached(name: str, error: Exception, spec: ProxmoxClusterSpec) -> Check:
    text = str(error)
    if (got := _GOT.search(text)) is not None:
        return Check(
            name,
            Verdict.WRONG,
            f"its certificate has the fingerprint {got[1]}, not the declared one, so no token was sent",
            "if the certificate was renewed, compare with what that node itself says, then declare it as fingerprint",
            (_SHOW_CERTIFICATE,),
        )
    if "CERTIFICATE_VERIFY_FAILED" in text:
        why = re.sub(r".*certificate verify failed: ([^(]*).*", r"\1", text, flags=re.DOTALL).strip(" '\")")
        return Check(
            name,
            Verdict.WRONG,
            f"its certificate is not trusted ({why}), so no token was sent",
            "copy /etc/pve/pve-root-ca.pem of a node here and name it with ca, or declare what that node itself says "
            "as fingerprint",
            (_SHOW_CERTIFICATE,),
        )
    if isinstance(error, requests.ReadTimeout):
        return wrong(
            name,
            f"takes connections and gave no answer within {READ_SECONDS:g} s",
            "on that node: systemctl restart pveproxy pvedaemon",
        )
    if not isinstance(error, requests.RequestException):
        return wrong(name, f"was not asked: {error}", f"make the file {spec.ca} readable, or correct ca")
    if not never_connected(error):
        return wrong(
            name, f"broke off ({_reason(error)})", "see what listens there, and pveproxy on that node"
        )
    return wrong(
        name,
        f"cannot be reached ({_reason(error)})",
        "see whether the node is on, its name resolves here and no firewall is between",
    )


def _reason(error: BaseException) -> str:
    """What the system said, which is at the end of a chain of errors."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(inner)
    said = [one.strerror for one in chain if isinstance(one, OSError) and one.strerror]
    return said[-1] if said else str(chain[-1])


def _version_check(endpoint: Endpoint, answer: Greeting) -> Iterator[Check]:
    major = answer.version.partition(".")[0]
    if major.isdecimal():
        name = f"version of {endpoint}"
        if int(major) < OLDEST:
            yield wrong(
                name, f"Proxmox VE {answer.version} is too old", f"upgrade to Proxmox VE {OLDEST} or later"
            )
        else:
            yield Check(name, Verdict.OK, f"Proxmox VE {answer.version}")


def _clock_check(met: Met) -> Iterator[Check]:
    if not isinstance(met.answer, Greeting) or met.answer.clock is None:
        return
    ahead = met.answer.clock - (met.at - met.answer.took / 2)
    name = f"clock of {met.endpoint}"
    if abs(ahead) <= SKEW:
        yield Check(name, Verdict.OK, f"agrees with this host's within {SKEW:g} s")
    else:
        yield Check(
            name,
            Verdict.WARNING,
            f"is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this host's",
            "let NTP set both: timedatectl on this host, chronyc tracking on the node",
        )


def token_checks(met: list[Met], token: str) -> Iterator[Check]:
    """Whether the token is let in; nothing when nobody could tell."""
    if any(one.serves for one in met):
        yield Check("token", Verdict.OK, f"{token} is let in")
    elif any(
        isinstance(one.answer, Greeting) and one.answer.status == requests.codes.unauthorized for one in met
    ):
        yield Check(
            "token",
            Verdict.WRONG,
            f"{token} is not let in: its secret is another one, or the token or its user is missing, expired or "
            "disabled",
            "run on a node what is needed: to see what there is, to make it, to let it never expire; the value of a "
            "new token belongs where its secret is declared",
            _token_commands(token),
        )


def _token_commands(token: str) -> tuple[str, ...]:
    user, _, name = token.partition("!")
    user, name = shlex.quote(user), shlex.quote(name)
    return (
        "pveum user list",
        f"pveum user token list {user}",
        f"pveum user add {user}",
        f"pveum user token add {user} {name} --privsep 1",
        f"pveum user modify {user} --enable 1 --expire 0",
        f"pveum user token modify {user} {name} --expire 0",
    )


def wrong(name: str, sentence: str, remedy: str) -> Check:
    """A check that found something wrong."""
    return Check(name, Verdict.WRONG, sentence, remedy)
