"""A whole rehearsal in real processes: git, emulator, daemon and command line, driven from outside as a person would."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from setpoint_lab.process import Running, launch_netbox, launch_proxmox
from setpoint_lab.rehearsal_folder import Folder, prepare
from setpoint_lab.rehearsal_world import TOKEN
from tests.rig.waiting import until

COMMAND = (sys.executable, "-m", "setpoint")
ALL = {
    "ProxmoxCluster/lab",
    "VirtualMachine/app01",
    "VirtualMachine/db01",
    "VirtualMachine/files01",
    "VirtualMachine/shop01",
    "VirtualMachine/shop02",
    "VirtualMachine/vault01",
    "VirtualMachine/web01",
    "VirtualMachine/web02",
    "test/VirtualMachine/build01",
    "test/VirtualMachine/web01",
}


@dataclass
class Rig:
    """One rehearsal."""

    folder: Folder
    emulator: Running
    netbox: Running
    daemon: subprocess.Popen[bytes]

    # the daemon

    def start(self) -> None:
        self.daemon = start_daemon(self.folder)

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.daemon.poll() is None:
            self.daemon.send_signal(number)
        return self.daemon.wait(40)

    def power_off(self) -> dict[str, Any]:
        """Take the cluster away; its state."""
        state: dict[str, Any] = self.ask("GET", "/lab/state")
        self.emulator.stop()
        return state

    def power_on(self, state: dict[str, Any]) -> None:
        self.folder.keep_world(state)
        self.emulator = launch_proxmox(port=self.folder.port, state=self.folder.world, lag=1.0)

    def netbox_state(self) -> dict[str, Any]:
        """All that NetBox holds."""
        connection = http.client.HTTPConnection(urlsplit(self.netbox.url).netloc, timeout=30)
        connection.request("GET", "/lab/state")
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return found

    # the command line

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SETPOINT_CONFIG": str(self.folder.settings)}
        return subprocess.run(
            (*COMMAND, *arguments), capture_output=True, text=True, check=False, env=environment, timeout=60
        )

    def told(self, *arguments: str) -> dict[str, Any]:
        answer = self.call(*arguments, "-o", "json")
        assert answer.stdout, answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def status(self) -> dict[str, Any]:
        return self.told("status")

    def row(self, key: str) -> dict[str, Any]:
        return next((row for row in self.status()["resources"] if row["key"] == key), {})

    def in_sync(self, keys: set[str] = ALL) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            status = self.status() if self.folder.socket.exists() else None
            rows = status["resources"] if status and status["phase"] == "running" else []
            ready = {row["key"] for row in rows if row["ready"] == "True"}
            return status if keys <= ready else None

        return until(found, f"{', '.join(sorted(keys))} in sync")

    # the repository

    def write(self, path: str, text: str | None) -> None:
        place = self.folder.clone / path
        if text is None:
            place.unlink()
        else:
            place.write_text(text)

    def edit(self, path: str, old: str, new: str) -> None:
        place = self.folder.clone / path
        text = place.read_text()
        assert old in text
        place.write_text(text.replace(old, new))

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ("git", "-C", str(self.folder.clone), *arguments), capture_output=True, text=True, check=True
        ).stdout.strip()

    def push(self, subject: str) -> str:
        """Commit everything and push; the commit."""
        self.git("add", "--all")
        self.git("commit", "-q", "-m", subject)
        self.git("push", "-q")
        return self.git("rev-parse", "HEAD")

    def followed(self, commit: str) -> None:
        """Wait until the daemon follows a commit and has looked at everything that it changed."""

        def found() -> bool:
            status = self.status()
            return status["source"]["version"] == commit and not any(
                row["outcome"] in ("Pending", "Changed", "Wait") for row in status["resources"]
            )

        until(found, f"{commit[:12]} in force")

    # the cluster

    def ask(self, method: str, path: str, **fields: str | int) -> Any:
        """A call of the emulated API as root, or of its control plane."""
        url, authorization = self.folder.reach()
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        headers = {"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded"}
        target = path if path.startswith("/lab/") else f"/api2/json{path}"
        connection.request(method, target, urlencode(fields) if fields else None, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        assert response.status == 200, f"{response.status} {response.reason} {content!r}"
        found = json.loads(content)
        return found if path.startswith("/lab/") else found["data"]

    def guests(self) -> list[dict[str, Any]]:
        """Every guest with its configuration, from the nodes themselves."""
        return [
            {
                **guest,
                "node": node["node"],
                **self.ask("GET", f"/nodes/{node['node']}/qemu/{guest['vmid']}/config"),
            }
            for node in self.ask("GET", "/nodes")
            for guest in self.ask("GET", f"/nodes/{node['node']}/qemu")
        ]

    def guest(self, key: str) -> dict[str, Any]:
        """The guest that bears the mark of a key; empty when none does."""
        full = key if key.count("/") > 1 else f"default/{key}"
        return next((g for g in self.guests() if f" {full} vmid=" in g.get("description", "")), {})

    def poke(self, key: str, *changes: str) -> None:
        ended = self.call("lab", "--dir", str(self.folder.root), "poke", key, *changes)
        assert ended.returncode == 0, ended.stderr

    def writes(self) -> list[str]:
        """What the controller's token changed, as `METHOD path`."""
        return [f"{e['method']} {e['path']}" for e in self.ask("GET", "/lab/ledger") if e["user"] == TOKEN]


def start_daemon(folder: Folder) -> subprocess.Popen[bytes]:
    with folder.log.open("ab") as log:
        return subprocess.Popen((*COMMAND, "run", "--config", str(folder.settings)), stdout=log, stderr=log)


@contextmanager
def rehearsal(root: Path) -> Generator[Rig]:
    """A rehearsal over the example estate, converged."""
    folder = prepare(root, port=0)
    emulator = launch_proxmox(port=folder.port, state=folder.world, lag=1.0)
    netbox = launch_netbox(port=folder.netbox_port, state=folder.netbox_world)
    rig = Rig(folder, emulator, netbox, start_daemon(folder))
    try:
        rig.in_sync()
        yield rig
    finally:
        rig.end(signal.SIGKILL)
        rig.emulator.stop()
        rig.netbox.stop()
