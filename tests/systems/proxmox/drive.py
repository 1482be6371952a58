"""Drives a kind against the emulator as the engine does: survey, observe, compare, plan, one step, again."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import requests

from setpoint.decide.diff import diff, in_force
from setpoint.decide.scope import actionable
from setpoint.model.diff import Diff, Treatment
from setpoint.model.identity import Identity, Owner
from setpoint.model.kind import Acting, Kind, Looking, Planning
from setpoint.model.observation import Absent, Observation, Present
from setpoint.model.plan import Disruption, Finished, Intent, Started, Step
from setpoint.model.policy import Policy
from setpoint.model.secret import Secret
from setpoint.model.survey import Survey
from setpoint.model.tree import Pointer, Tree, put
from setpoint.run.gate import LaneGate
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.proxmox_cluster.connect import connect
from setpoint_proxmox.kinds.proxmox_cluster.spec import ProxmoxClusterSpec
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.survey import survey
from setpoint_proxmox.tasks import poll
from tests.systems.proxmox.made import OWNER

TOKEN = "setpoint@pve!ctl"
PASSWORD: Pointer = "/cloudInit/password"
SECRET = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
ROLES = {"/": "PVEAuditor", "/vms": "PVEVMAdmin", "/storage": "PVEDatastoreUser", "/sdn": "PVESDNUser"}


def world(granted: Mapping[str, str] = ROLES, **parts: Any) -> dict[str, Any]:
    """A state of the emulator: two nodes, a ZFS pool and a directory on each, one bridge, and our token."""
    user, _, _ = TOKEN.partition("!")
    grants = [("user", user), ("token", TOKEN)]
    return {
        "nodes": [
            {"name": "pve1", "ip": "10.99.0.1", "online": True, "local": True},
            {"name": "pve2", "ip": "10.99.0.2", "online": True, "local": False},
        ],
        "cluster": {"name": "lab"},
        "storages": {
            "local-zfs": {
                "type": "zfspool",
                "content": "images,rootdir",
                "pool": "rpool/data",
                "total": 1 << 40,
            },
            "local": {"type": "dir", "content": "images,iso", "path": "/var/lib/vz", "total": 1 << 40},
        },
        "bridges": [
            {"iface": "vmbr0", "type": "bridge", "active": 1},
            {"iface": "vmbr1", "type": "bridge", "active": 1},
        ],
        "users": [{"userid": user, "enable": 1}],
        "tokens": [{"tokenid": TOKEN, "secret": SECRET, "privsep": 1}],
        "acls": [
            {"path": path, "type": kind, "ugid": who, "roleid": role, "propagate": 1}
            for path, role in granted.items()
            for kind, who in grants
        ],
        **parts,
    }


@dataclass(frozen=True)
class Lab:
    """The emulator's control plane."""

    url: str

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        answer = requests.post(f"{self.url}/lab/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.url}/lab/{path}", timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def begin(self, state: Mapping[str, Any]) -> None:
        self.post("state", state)

    def happen(self, kind: str, **spec: Any) -> None:
        self.post("events", {kind: spec})

    def finish(self) -> None:
        for _ in range(3):
            if not self.post("tasks/finish", {})["running"]:
                return
        raise AssertionError("a task does not end")

    def writes(self) -> list[str]:
        """Every request that changed something, as `METHOD path`."""
        return [f"{effect['method']} {effect['path']}" for effect in self.get("ledger")]

    def api(self, method: str, path: str, **params: Any) -> Any:
        """What another admin does by hand, as root; waits for the task."""
        login = requests.post(
            f"{self.url}/api2/json/access/ticket",
            data={"username": "root@pam", "password": "setpoint"},
            timeout=30,
        ).json()["data"]
        answer = requests.request(
            method,
            f"{self.url}/api2/json/{path}",
            data=params,
            cookies={"PVEAuthCookie": login["ticket"]},
            headers={"CSRFPreventionToken": login["CSRFPreventionToken"]},
            timeout=30,
        )
        assert answer.status_code == 200, answer.reason
        self.finish()
        return answer.json()["data"]

    def connect(self, **fields: Any) -> Cluster:
        return connect(cluster_spec(self.url, **fields), {"token": Secret(SECRET)}, LaneGate())


def cluster_spec(*endpoints: str, **fields: Any) -> ProxmoxClusterSpec:
    token = {"id": TOKEN, "secret": {"env": "TOKEN"}}
    return ProxmoxClusterSpec.model_validate({"endpoints": endpoints, "token": token} | fields)


@dataclass(frozen=True)
class Seen:
    """What one look told."""

    observation: Observation[Any]
    found: Diff
    steps: tuple[Step, ...]

    @property
    def state(self) -> Any:
        assert isinstance(self.observation, Present), self.observation
        return self.observation.state

    @property
    def paths(self) -> list[str]:
        return [change.path for change in self.found.changes]


@dataclass
class Driver:
    """One guest under control.

    Attributes:
        kind: of a VM, or another one of the same system.
        identity: what inventory and reservations would remember.
        applied: what was in force at the last look, as the inventory would remember it.
        secrets: what the references in the declaration stand for.
        sent: fingerprint of each secret that was sent, which is the secret itself here.
    """

    lab: Lab
    cluster: Cluster
    owner: Owner = OWNER
    kind: Kind[Any, Any] = KIND
    identity: Identity | None = None
    intents: list[Intent] = field(default_factory=list[Intent])
    applied: Tree | None = None
    secrets: dict[Pointer, Secret] = field(default_factory=lambda: {PASSWORD: Secret("first")})
    sent: dict[Pointer, str] = field(default_factory=dict[Pointer, str])

    async def survey(self) -> Survey[Facts]:
        return await survey(self.cluster, 0.0)

    async def observe(self, declared: Any) -> tuple[Observation[Any], Facts]:
        seen = await self.survey()
        marked = (one for mark, one in seen.found if self.owner.owns(mark, self.kind.object_id(one)))
        self.identity = self.kind.identify(declared) or self.identity or next(marked, None)
        return await self.kind.observe(
            self.cluster, Looking(declared, self.owner, self.identity, seen)
        ), seen.facts

    async def look(self, declared: Any) -> Seen:
        observation, facts = await self.observe(declared)
        assert isinstance(observation, Present | Absent), observation
        state = observation.state if isinstance(observation, Present) else None
        seen = self.kind.project(state) if state is not None else None
        tree = self.kind.declare(declared)
        prints = {pointer: self.secrets[pointer].reveal() for pointer in self.kind.secrets(declared)}
        treatments = {**self.kind.treatments, **dict.fromkeys(prints, Treatment.WRITE_ONLY)}
        for pointer, text in prints.items():
            put(tree, pointer, text)
        found = diff(tree, seen, treatments, applied=self._remembered())
        if state is not None:
            self.applied = in_force(tree, found, treatments, applied=self._remembered())
        planning = Planning(declared, self.owner, state, self.identity, facts)
        wanted = actionable(found, Policy())
        return Seen(observation, found, self.kind.plan(wanted, planning) if wanted.changes else ())

    def _remembered(self) -> Tree | None:
        if self.applied is None:
            return None
        tree = deepcopy(self.applied)
        for pointer, text in self.sent.items():
            put(tree, pointer, text)
        return tree

    async def act(self, step: Step, *, finish: bool = True) -> str:
        """Take a step; gives the text with which its task failed, empty when it did not."""
        if step.reserve is not None:
            free = set(range(step.reserve.low, step.reserve.high + 1)) - step.reserve.taken
            self.identity = {step.reserve.space: min(free)}
        identity = self.identity or {}
        self.intents.append(Intent(step.verb, identity, step.arguments, self.lab.get("clock")["now"]))
        acting = Acting(self.owner, identity, step.arguments, self.secrets)
        answer = await self.kind.acts[step.verb](self.cluster, acting)
        places = step.arguments.get("secrets") or {}
        assert isinstance(places, dict)
        self.sent |= {str(place): self.secrets[str(place)].reveal() for place in places.values()}
        if self.applied is None:
            self.applied = {}
        if not isinstance(answer, Started) or not finish:
            return ""
        self.lab.finish()
        ended = await poll(self.cluster, answer.operation)
        assert isinstance(ended, Finished)
        return ended.error

    async def converge(self, declared: Any, *, restart: bool = False) -> list[str]:
        """Take one free step after the other until none is left; the verbs in their order."""
        verbs: list[str] = []
        for _ in range(20):
            seen = await self.look(declared)
            free = [
                step
                for step in seen.steps
                if step.obstacle is None and (restart or step.disruption < Disruption.RESTART)
            ]
            if not free:
                return verbs
            assert await self.act(free[0]) == ""
            verbs.append(free[0].verb)
        raise AssertionError(f"does not converge: {verbs}")
