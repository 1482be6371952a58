"""A real server as a process on 127.0.0.1: started and polled until it answers, stopped, killed, restarted at the same ports."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import pytest

from tests.rig.waiting import until

PATIENCE = 20.0
"""Seconds for which anything is waited for; what is waited for takes a fraction of one."""

HMAC = "hmac-sha256"
SECRET = "8PRghja9Z9A9aCaB2jxQDjf2+xeCKJWbyAmMI4OCF4c="
"""The secret of every TSIG key here."""

_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
_PORTS = range(18_000, 32_000)
"""Below those that the system hands out for connections, so that a port is still free when its server is restarted."""


def free_port() -> int:
    """A port of 127.0.0.1 that is free for UDP and TCP."""
    for port in random.SystemRandom().sample(_PORTS, 1_000):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, suppress(OSError):
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port of 127.0.0.1 is free")


def absolute(zone: str) -> str:
    """A zone's name with its final dot."""
    return zone if zone.endswith(".") else f"{zone}."


class Program(ABC):
    """A DNS server in a temporary directory of its own, which `close` removes.

    Attributes:
        root: its directory; data, configuration and log are below it.
        port: where it answers DNS, UDP and TCP.
        updates: whether it takes signed updates, from the next start on.
    """

    program: str

    def __init__(self) -> None:
        found = shutil.which(self.program, path=_PATH)
        if found is None:
            pytest.skip(f"{self.program} is not installed: as root on Debian, run deploy/servers.sh")
        # Not below pytest's own: paths of sockets may have 107 characters at most.
        self.root = Path(tempfile.mkdtemp(prefix=f"{self.program}-"))
        self.port = free_port()
        self.updates = True
        self._binary = found
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """All that it wrote, over all its lives."""
        path = self.root / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Write the configuration as it is to be now, start, and wait until it answers."""
        assert not self.running
        self.configure()
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(
                (self._binary, *self.arguments()),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.root,
            )
        try:
            until(lambda: not self.running or self.answers(), f"{self.program} answers at {self.port}")
            assert self.running, f"{self.program} ended with {self._process.returncode}"
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}\n{self.log}") from None

    def stop(self) -> None:
        """End it as an admin would."""
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(subprocess.Popen.kill)

    def restart(self) -> None:
        """Stop and start at the same ports with the same data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        shutil.rmtree(self.root)

    @abstractmethod
    def configure(self) -> None:
        """Write the configuration."""

    @abstractmethod
    def arguments(self) -> Sequence[str]:
        """What follows the program's name on its command line."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it is ready."""

    def ask(self, name: str, rtype: str, *, key: str = "") -> dns.message.Message | None:
        """Its answer over TCP, signed with the key of that name; None when there is none."""
        query = dns.message.make_query(absolute(name), rtype, use_edns=True)
        if key:
            query.use_tsig(dns.tsig.Key(key, SECRET, HMAC))
        with suppress(OSError, EOFError, dns.exception.DNSException):
            return dns.query.tcp(query, "127.0.0.1", port=self.port, timeout=2)
        return None

    def serves(self, zone: str, *, key: str = "") -> bool:
        return (answer := self.ask(zone, "SOA", key=key)) is not None and bool(answer.answer)

    def values(self, name: str, rtype: str, *, key: str = "") -> list[str]:
        """The texts of the records of that type that it answers, sorted."""
        answer = self.ask(name, rtype, key=key)
        wanted = dns.rdatatype.from_text(rtype)
        found = [] if answer is None else [each for each in answer.answer if each.rdtype == wanted]
        return sorted(rdata.to_text() for rrset in found for rdata in rrset)

    def serial(self, zone: str, *, key: str = "") -> int:
        """The serial that it answers; -1 when it serves no such zone."""
        soa = self.values(zone, "SOA", key=key)
        return int(soa[0].split()[2]) if soa else -1

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        how(process)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{self.program} did not end\n{self.log}") from None


def zone_file(zone: str, *, serial: int = 1, records: Sequence[str] = ()) -> str:
    """The text of a zone with SOA and NS, and these records (`www 300 IN A 192.0.2.1`)."""
    lines = (
        f"$ORIGIN {absolute(zone)}",
        f"@ 3600 IN SOA ns1 hostmaster {serial} 10800 3600 604800 300",
        "@ 3600 IN NS ns1",
        "ns1 3600 IN A 127.0.0.1",
        *records,
    )
    return "\n".join((*lines, ""))


def settings_text(settings: Mapping[str, str]) -> str:
    """Lines of `name=value`."""
    return "".join(f"{name}={value}\n" for name, value in settings.items())
