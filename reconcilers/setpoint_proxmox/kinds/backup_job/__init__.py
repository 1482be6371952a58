"""The kind BackupJob: a job of the cluster that backs guests up by a schedule."""

from __future__ import annotations

import re

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_proxmox.kinds.backup_job.act import ACTS
from setpoint_proxmox.kinds.backup_job.observe import observe
from setpoint_proxmox.kinds.backup_job.plan import plan, remark, remove
from setpoint_proxmox.kinds.backup_job.project import TREATMENTS, declare, project
from setpoint_proxmox.kinds.backup_job.spec import PATTERN, BackupJobSpec
from setpoint_proxmox.kinds.backup_job.state import JobState, status

KIND: Kind[BackupJobSpec, JobState] = Kind(
    name="BackupJob",
    summary="A job of a Proxmox cluster that backs guests up by a schedule.",
    spec=BackupJobSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda spec: None if spec.job is None else {"job": spec.job},
    named=lambda key: {"job": key.name},
    object_id=lambda identity: str(identity["job"]),
    acts=ACTS,
    treatments=TREATMENTS,
    names=re.compile(PATTERN),
    hosted_by="ProxmoxCluster",
    names_only=True,
    mark=remark,
    remove=remove,
    status=status,
    examples=examples(__name__),
)
