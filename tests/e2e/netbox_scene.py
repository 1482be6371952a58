"""A rehearsal whose machines are all destroyed once they are declared no more, with somebody who edits NetBox and git meanwhile."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from setpoint_lab.rehearsal_folder import Folder, free_port, prepare
from tests.e2e.rig import Rig, rehearsal
from tests.rig.waiting import until

MACHINES = "/api/virtualization/virtual-machines/"
VM = "virtualization.virtualmachine"
NAMES = {"shop01": 1, "shop02": 2, "till01": 3, "till02": 4, "last01": 2_000}
"""What is entered in NetBox for the cluster, and its ids."""
PLANNED = range(10, 1_006)
"""Ids of machines that are only planned, so that nothing is made of them: with the others a page, but for `last01`."""
PLAN = "of the objects are not declared, as leaveOut"
"""What is told of them."""
KEYS = {f"VirtualMachine/{name}" for name in (*NAMES, "note01")}
MAPPING = """\
inventory: netbox
maps:
  virtual-machines:
    policy: {deletion: {value: delete}, grace: {value: 0s}}
"""
NOTE = """\
kind: VirtualMachine
metadata: {name: note01}
policy: {deletion: delete, grace: 0s}
spec: {power: stopped, description: %s}
"""


@dataclass
class Scene:
    """What people do, and what became of it."""

    rig: Rig
    seen: int = 0
    rounds: int = 0
    wanted: dict[str, str] = field(default_factory=dict[str, str])

    # what people do

    def lab(self, method: str, path: str, body: object = None) -> Any:
        """A command of the emulated NetBox's control plane."""
        connection = http.client.HTTPConnection(urlsplit(self.rig.netbox.url).netloc, timeout=60)
        connection.request(method, f"/lab/{path}", None if body is None else json.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 200, content
        return json.loads(content)

    def happen(self, **events: Any) -> None:
        self.lab("POST", "events", events)

    def text(self, what: str) -> str:
        """Something that nobody said before."""
        self.rounds += 1
        return f"{what} {self.rounds}"

    def edited(self, name: str, text: str, **fields: Any) -> dict[str, Any]:
        """The request of somebody who edits a machine, whatever stands in the way of others."""
        self.wanted[name] = text
        body = {"description": text, **fields}
        return {"method": "PATCH", "path": f"{MACHINES}{NAMES[name]}/", "body": body, "as": "anna"}

    def edit(self, name: str, text: str, **fields: Any) -> None:
        self.happen(request=self.edited(name, text, **fields))

    def note(self, text: str) -> None:
        """Another change, in git."""
        self.wanted["note01"] = text
        self.rig.write("prod/note01.yaml", NOTE % text)
        self.rig.push(text)

    def restart(self, old: str, new: str) -> None:
        """Other settings for the daemon."""
        settings = self.rig.folder.settings
        text = settings.read_text()
        assert old in text
        settings.write_text(text.replace(old, new))
        assert self.rig.end() == 0
        self.rig.start()
        until(lambda: self.rig.folder.socket.exists() and self.rig.status()["phase"] == "running", "a start")

    def resync(self) -> None:
        """Somebody has mended it, and does not want to wait."""
        done = self.rig.call("resync", "--all")
        assert done.returncode == 0, done.stderr

    # what became of it

    def rows(self, endpoint: str = "virtualization/virtual-machines") -> dict[int, dict[str, Any]]:
        return {one["id"]: one for one in self.lab("GET", "state")["objects"][endpoint]}

    def row(self, name: str) -> dict[str, Any]:
        return self.rows()[NAMES[name]]

    def inventory(self) -> dict[str, Any]:
        found: dict[str, Any] = self.rig.status()["inventories"][0]
        return found

    def is_up(self) -> bool:
        """What the metrics say."""
        with urllib.request.urlopen(f"{self.rig.folder.metrics}/metrics", timeout=30) as answer:  # noqa: S310
            found = re.search(
                r'^setpoint_inventory_up\{inventory="netbox"\} (\S+)', answer.read().decode(), re.MULTILINE
            )
        assert found
        return float(found[1]) == 1

    def converged(self, *names: str) -> None:
        """Wait until guests say on the cluster what was last said of them; of all unless some are named."""

        def missing() -> dict[str, str]:
            guests = self.rig.guests()
            said = {
                name: next((g["description"] for g in guests if g["name"] == name), "")
                for name in self.wanted
            }
            return {
                name: said[name]
                for name, text in self.wanted.items()
                if name in (names or self.wanted) and text not in said[name]
            }

        until(lambda: not missing(), lambda: f"{missing()} instead of {self.wanted}: {self.inventory()}", 120)

    def told(self, expected: str) -> None:
        """Wait until the status tells of a trouble with NetBox or with what it says, and the metrics of the former."""

        def found() -> bool:
            status = self.rig.status()
            one = status["inventories"][0]
            said = " ".join((one["sentence"], *one["notes"], *(each["text"] for each in status["problems"])))
            return re.search(expected, said) is not None and one["good"] == self.is_up()

        until(found, lambda: f"{expected}: {self.inventory()}", 120)

    def well(self) -> None:
        """Wait until no trouble is told any more, and everything is taken care of."""

        def found() -> bool:
            status = self.rig.status()
            one = status["inventories"][0]
            troubles = [*status["problems"], *(note for note in one["notes"] if PLAN not in note)]
            return bool(one["good"]) and not troubles and not one["untold"] and self.is_up()

        until(found, lambda: str(self.inventory()), 120)
        self.rig.in_sync(KEYS)

    def intact(self, *, but: frozenset[str] = frozenset()) -> None:
        """Nothing was stopped, destroyed or let go on the cluster; `but` says what may be let go."""
        effects = self.rig.ask("GET", "/lab/effects")[self.seen :]
        assert not [one for one in effects if one["kind"] in ("guest_gone", "volume_gone", "stopped")]
        writes = self.rig.writes()
        assert not [one for one in writes if one.startswith("DELETE") or one.endswith(("/stop", "/shutdown"))]
        status = self.rig.status()
        assert not status["deletions"], status["deletions"]
        declared = {row["key"] for row in status["resources"] if "outcome" in row}
        assert declared >= KEYS - but, sorted(KEYS - declared)


@contextmanager
def scene(root: Path) -> Generator[Scene]:
    """A rehearsal with all that, converged."""
    folder = prepare(root, port=0)
    hook = f"127.0.0.1:{free_port(0)}"
    _enter(folder, hook)
    with rehearsal(root) as rig:
        made = Scene(rig)
        rig.write("netbox.yaml", MAPPING)
        made.note("At first")
        for name in NAMES:
            made.edit(name, f"At first, {name}")
        made.converged()
        made.well()
        assert "policy.deletion: delete" in rig.call("plan", "VirtualMachine/last01", "--effective").stdout
        made.seen = len(rig.ask("GET", "/lab/effects"))
        yield made


def _enter(folder: Folder, hook: str) -> None:
    """More machines, a page full of planned ones, a selection, a second person, and calls at every change."""
    secret = folder.root / "hook-secret"
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_hex(8))
    text = folder.settings.read_text()
    text += f"    webhook: {{listen: '{hook}', secret: {{file: {secret}}}}}\n"
    folder.settings.write_text(text.replace("poll: 10s", "poll: 2s"))
    world = json.loads(folder.netbox_world.read_text())
    objects = world["objects"]
    machines: list[dict[str, Any]] = objects["virtualization/virtual-machines"]
    for name, number in NAMES.items():
        if not any(one["name"] == name for one in machines):
            machines.append({**machines[0], "id": number, "name": name, "status": "staged", "memory": 512})
    for one in machines:
        one["custom_fields"] = {"setpoint_node": "pve1"}
    common: dict[str, Any] = {**machines[0], "status": "planned", "custom_fields": {}}
    machines += [{**common, "id": number, "name": f"plan{number:04}"} for number in PLANNED]
    nodes = {"id": 1, "name": "nodes", "extra_choices": [[f"pve{n}", f"Node {n}"] for n in (1, 2, 3)]}
    objects["extras/custom-field-choice-sets"] = [nodes]
    for one in objects["extras/custom-fields"]:
        if one["name"] == "setpoint_node":
            one.update(type="select", choice_set=1)
    objects["users/users"].append({"id": 2, "username": "anna", "is_superuser": True, "is_active": True})
    objects |= _calls(f"http://{hook}/hook", secret.read_text())
    folder.keep_netbox(world)


def _calls(url: str, secret: str) -> Mapping[str, list[dict[str, Any]]]:
    rule = {
        "object_types": [VM],
        "event_types": ["object_created", "object_updated", "object_deleted"],
        "action_type": "webhook",
        "action_object_type": "extras.webhook",
        "action_object_id": 1,
    }
    hook = {"id": 1, "name": "setpoint", "payload_url": url, "secret": secret, "ssl_verification": True}
    return {
        "extras/webhooks": [hook],
        "extras/event-rules": [{"id": 1, "name": "setpoint", "enabled": True, **rule}],
    }
