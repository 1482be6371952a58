"""The kind Host: a machine that is reached over SSH, and looked at."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind, TargetPort
from setpoint_nixos.connect import budget, close, connect, secrets
from setpoint_nixos.deploying import find, poll
from setpoint_nixos.doctor import examine
from setpoint_nixos.kinds.host.measures import MEASURES
from setpoint_nixos.kinds.host.problems import problems
from setpoint_nixos.kinds.host.spec import HostSpec
from setpoint_nixos.kinds.host.state import HostOutputs, HostState, observe, project, publish
from setpoint_nixos.kinds.host.status import status
from setpoint_nixos.reach import survey

KIND: Kind[HostSpec, HostState] = Kind(
    name="Host",
    summary="A machine that is reached over SSH, with its facts and what is wrong with it.",
    spec=HostSpec,
    declare=lambda _: {},
    project=project,
    observe=observe,
    plan=lambda _diff, _planning: (),
    identify=lambda _: None,
    object_id=lambda identity: str(identity["id"]),
    port=TargetPort(connect, survey, poll, find, close, secrets, budget, examine),
    problems=problems,
    status=status,
    measures=MEASURES,
    outputs=HostOutputs,
    publish=publish,
    examples=examples(__name__),
)
