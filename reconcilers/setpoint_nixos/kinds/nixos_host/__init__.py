"""The kind NixosHost: the system of a host, from a flake at a revision."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_nixos.kinds.nixos_host.act import ACTS
from setpoint_nixos.kinds.nixos_host.compute import compute
from setpoint_nixos.kinds.nixos_host.measures import MEASURES
from setpoint_nixos.kinds.nixos_host.plan import declare, plan
from setpoint_nixos.kinds.nixos_host.spec import NixosHostSpec
from setpoint_nixos.kinds.nixos_host.state import NixosState, deployed, observe, problems, project, status

KIND: Kind[NixosHostSpec, NixosState] = Kind(
    name="NixosHost",
    summary="The system of a NixOS host, deployed from a flake.",
    spec=NixosHostSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda _: None,
    object_id=lambda identity: str(identity["host"]),
    acts=ACTS,
    keys=lambda spec: spec.build.keys,
    ways=lambda spec: spec.build.ways,
    hosted_by="Host",
    overridable=("/build/on", "/mode"),
    problems=problems,
    measures=MEASURES,
    renewed=deployed,
    status=status,
    compute=compute,
    examples=examples(__name__),
)
