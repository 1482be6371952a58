"""Real Prometheus and Alertmanager on loopback, with the shipped configuration at the pace of a test.

What is changed of the shipped files: a minute of `for` becomes a second (at most ten), an age that an alert allows becomes
five seconds (that of a fetch twenty, twice what the rehearsal waits between two), scrapes and evaluations happen every second, groups wait a second, mails become calls of the webhook, and
addresses are those of the test. Every expression, label, note, route and inhibition stays as it is shipped.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import yaml

from setpoint_lab.rehearsal_folder import free_port
from tests.e2e.rig import Rig
from tests.observability.expressions import ROOT, RULES
from tests.rig.waiting import until

LONGEST_WAIT = 10
"""Seconds that the slowest alert waits here."""
_AGE = re.compile(r"> \d{4}\b")
_MINUTES = {"m": 1, "h": 60, "d": 1440}
Labels = Mapping[str, str]


def ask(url: str, body: object = None) -> Any:
    """The JSON answer of a server on this machine."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310  # an address of our own
    with urlopen(request, timeout=10) as answer:  # noqa: S310  # as above
        text = answer.read()
    return json.loads(text) if text else None


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2):  # noqa: S310  # an address of our own
            return True
    except (URLError, OSError):
        return False


@dataclass
class Receiver:
    """What Alertmanager calls; `heard` holds every alert that it told, in order."""

    port: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)

    def names(self, status: str = "firing") -> set[str]:
        return {alert["labels"]["alertname"] for alert in self.heard if alert["status"] == status}

    def find(self, name: str, status: str = "firing", **labels: str) -> dict[str, Any]:
        """The first such alert; empty when none was told."""
        wanted = {"alertname": name, **labels}
        told = (alert for alert in list(self.heard) if alert["status"] == status)
        return next((alert for alert in told if wanted.items() <= alert["labels"].items()), {})


@dataclass(frozen=True)
class Monitoring:
    """The two servers and the receiver."""

    prometheus: str
    alertmanager: str
    receiver: Receiver

    def query(self, expr: str) -> list[dict[str, Any]]:
        """What Prometheus answers now; fails when it is no PromQL for it."""
        found = ask(f"{self.prometheus}/api/v1/query?{urlencode({'query': expr})}")
        assert found["status"] == "success", found
        result: list[dict[str, Any]] = found["data"]["result"]
        return result

    def values(self, expr: str) -> list[float]:
        return [float(series["value"][1]) for series in self.query(expr)]

    def label_values(self, label: str, series: str) -> list[str]:
        found = ask(f"{self.prometheus}/api/v1/label/{label}/values?{urlencode({'match[]': series})}")
        values: list[str] = found["data"]
        return values


@dataclass(frozen=True)
class Watched:
    """A rehearsal, and those that watch it."""

    lab: Rig
    servers: Monitoring

    def event(self, **what: object) -> None:
        """Let something happen in the emulated cluster."""
        ask(f"{self.lab.folder.reach()[0]}/lab/events", what)

    def text(self) -> str:
        """What is scraped."""
        with urlopen(f"{self.lab.folder.metrics}/metrics", timeout=10) as answer:  # noqa: S310  # of our own
            return str(answer.read().decode())


@contextmanager
def monitoring(root: Path, *, scraped: str) -> Generator[Monitoring]:
    """Prometheus that scrapes `scraped` (host:port), Alertmanager and a receiver, for the length of a with block."""
    with alerting(root) as (alerts, receiver):
        address = f"127.0.0.1:{free_port(0)}"
        (root / "setpoint.rules.yml").write_text(yaml.safe_dump(hurried_rules()))
        (root / "prometheus.yml").write_text(yaml.safe_dump(_prometheus(scraped, alerts)))
        flags = (
            f"--config.file={root / 'prometheus.yml'}",
            f"--storage.tsdb.path={root / 'tsdb'}",
            f"--web.listen-address={address}",
            "--log.level=warn",
        )
        with _running(root, ("prometheus", *flags), address):
            yield Monitoring(f"http://{address}", f"http://{alerts}", receiver)


@contextmanager
def alerting(root: Path) -> Generator[tuple[str, Receiver]]:
    """Alertmanager's address, and the receiver that it calls."""
    for program in ("prometheus", "prometheus-alertmanager"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: as root on Debian, run deploy/servers.sh")
    root.mkdir()
    address = f"127.0.0.1:{free_port(0)}"
    with _receiver() as receiver:
        (root / "alertmanager.yml").write_text(yaml.safe_dump(_alertmanager(receiver.port)))
        flags = (
            f"--config.file={root / 'alertmanager.yml'}",
            f"--storage.path={root / 'alerts'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
            "--log.level=warn",
        )
        with _running(root, ("prometheus-alertmanager", *flags), address):
            yield address, receiver


def hurried_rules() -> dict[str, Any]:
    """The shipped rules at the pace of a test."""
    rules: dict[str, Any] = yaml.safe_load(RULES.read_text("utf-8"))
    for rule in (rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule):
        number, unit = int(rule["for"][:-1]), rule["for"][-1]
        rule["for"] = f"{min(number * _MINUTES[unit], LONGEST_WAIT)}s"
        rule["expr"] = _AGE.sub("> 20" if "fetch" in rule["expr"] else "> 5", rule["expr"])
    return rules


def _prometheus(scraped: str, alerts: str) -> dict[str, Any]:
    shipped: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    shipped["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    shipped["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [alerts]}]
    (job,) = shipped["scrape_configs"]
    job.pop("scrape_interval")
    job["static_configs"] = [{"targets": [scraped]}]
    return shipped


def _alertmanager(port: int) -> dict[str, Any]:
    shipped: dict[str, Any] = yaml.safe_load(
        (ROOT / "deploy/alertmanager/alertmanager.yml").read_text("utf-8")
    )
    shipped["global"] = {"resolve_timeout": "5m"}
    for route in (shipped["route"], *shipped["route"]["routes"]):
        route |= {"group_wait": "1s", "group_interval": "1s"}
    hook = {"url": f"http://127.0.0.1:{port}/alerts", "send_resolved": True}
    shipped["receivers"] = [{"name": one["name"], "webhook_configs": [hook]} for one in shipped["receivers"]]
    return shipped


@contextmanager
def _running(root: Path, command: Iterable[str], address: str) -> Generator[None]:
    program, *arguments = command
    log = root / f"{program}.log"
    with log.open("wb") as output:
        process = subprocess.Popen((program, *arguments), stdout=output, stderr=output, cwd=root)
    try:
        until(
            lambda: process.poll() is not None or answers(f"http://{address}/-/ready"),
            f"{program} answers at {address}",
        )
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _receiver() -> Generator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.heard.extend(json.loads(body)["alerts"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of the base class
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
