"""The classification of every failure, row by row, with the texts that Proxmox really sends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from setpoint.model.errors import (
    BusyError,
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint_proxmox.failures import (
    Call,
    GoneError,
    LockedError,
    StagedError,
    TakenError,
    UnknownCallError,
    answered,
    silent,
    unreachable,
)
from tests.conformance.load import reference, trace_files

TOKEN = "ctl@pve!plumb"
READ = Call("GET", "/nodes/pve1/qemu/110/config", "pve1:8006", TOKEN)
WRITE = Call("PUT", "/nodes/pve1/qemu/110/config", "pve1:8006", TOKEN)
CREATE = Call("POST", "/nodes/pve1/qemu", "pve1:8006", TOKEN)

ROWS = [
    (READ, 401, "No ticket", RefusalError),
    (WRITE, 401, "Authentication failed!", RefusalError),
    (WRITE, 400, "Parameter verification failed.; cores: value must have a minimum value of 1", RefusalError),
    (READ, 400, "Parameter verification failed.; vmid: VM 100 already exists", TakenError),
    (READ, 403, "Permission check failed (/vms/100, VM.Audit)", RefusalError),
    (CREATE, 403, "Permission check failed", RefusalError),
    (
        WRITE,
        403,
        "Permission check failed (mount point type bind is only allowed for root@pam)",
        RefusalError,
    ),
    (READ, 501, "Method 'GET /nosuchpath' not implemented", UnknownCallError),
    (WRITE, 595, "Connection refused", TransportError),
    (READ, 595, "No route to host", TransportError),
    (WRITE, 596, "Connection timed out", OutcomeUnknownError),
    (READ, 596, "Connection timed out", TransportError),
    (WRITE, 596, "Broken pipe", OutcomeUnknownError),
    (WRITE, 599, "Too many redirections", OutcomeUnknownError),
    (WRITE, 502, "Bad Gateway", OutcomeUnknownError),
    (READ, 504, "Gateway Timeout", TransportError),
    (WRITE, 500, "checksum mismatch (file change by other user?)", ConflictError),
    (WRITE, 500, "checksum missmatch (file change by other user?)", ConflictError),
    (
        WRITE,
        500,
        "update storage failed: detected modified configuration - file changed by other user? Try again.",
        ConflictError,
    ),
    (READ, 500, "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist", GoneError),
    (CREATE, 500, "unable to create VM 110 - VM 110 already exists on node 'pve1'", TakenError),
    (CREATE, 500, "unable to create VM 200 - CT 200 already exists on node 'pve1'", TakenError),
    (CREATE, 500, "unable to create VM 141: config file already exists", TakenError),
    (WRITE, 500, "can't lock file '/var/lock/qemu-server/lock-120.conf' - got timeout", BusyError),
    (WRITE, 500, "cfs-lock 'storage-local' error: got timeout", BusyError),
    (WRITE, 500, "VM is locked (backup)", BusyError),
    (WRITE, 500, "CT is locked (create)", BusyError),
    (CREATE, 500, "cluster not ready - no quorum?", BusyError),
    (WRITE, 500, "update storage failed: cfs-lock 'file-storage_cfg' error: no quorum!", BusyError),
    (
        WRITE,
        500,
        "unable to open file '/etc/pve/nodes/pve1/qemu-server/501.conf.tmp.6328' - Permission denied",
        BusyError,
    ),
    (
        READ,
        500,
        "hostname lookup 'pve9' failed - failed to get address info for: pve9: Temporary failure in name resolution",
        RefusalError,
    ),
    (WRITE, 500, "cfs-lock 'storage-ceph' error: got lock request timeout", BusyError),
    (WRITE, 500, "error with cfs lock 'storage-ceph': unable to create image", BusyError),
    (WRITE, 500, "can't acquire lock '/var/lock/pve-manager/x.lck' - timeout", BusyError),
    (READ, 500, "ipcc_send_rec[1] failed: Connection refused", BusyError),
    (WRITE, 500, "could not acquire lock for SDN config: configuration has pending changes", StagedError),
    (WRITE, 500, "create sdn zone object failed: invalid lock token provided!", LockedError),
    (READ, 500, "sdn vnet 'nope' does not exist", GoneError),
    (READ, 500, "sdn 'z1' does not exist", GoneError),
    (WRITE, 500, "delete sdn zone object failed: sdn 'z4' does not exist", ConflictError),
    (WRITE, 429, "Too Many Requests", BusyError),
    (WRITE, 500, "VM 120 not running", ConflictError),
    (WRITE, 500, "VM 120 is not running", ConflictError),
    (WRITE, 500, "VM 120 already running", ConflictError),
    (WRITE, 500, "VM 113 is running - destroy failed", ConflictError),
    (WRITE, 500, "you can't convert a template to a template", ConflictError),
    (WRITE, 500, "disk is already at specified size", ConflictError),
    (WRITE, 500, "snapshot 'nope' does not exist", ConflictError),
    (WRITE, 500, "update pool failed: VM 600 is already a pool member", TakenError),
    (
        WRITE,
        500,
        "update pool failed: VM 600 belongs already to pool 'a', and 'allow-move' is not set",
        TakenError,
    ),
    (WRITE, 500, "update pool failed: VM 600 is not a pool member", ConflictError),
    (WRITE, 500, "update pool failed: pool 'x' does not exist", RefusalError),
    (WRITE, 500, "create storage failed: storage ID 'local-zfs' already defined", TakenError),
    (READ, 500, "QEMU guest agent is not running", RefusalError),
    (READ, 500, "VM 120 qga command 'guest-network-get-interfaces' failed - got timeout", RefusalError),
    (READ, 500, "VM 120 qmp command 'query-status' failed - got timeout", RefusalError),
    (WRITE, 500, "VM 120 qmp command 'device_del' failed - got timeout", OutcomeUnknownError),
    (WRITE, 500, "got no worker upid - start worker failed", OutcomeUnknownError),
    (WRITE, 501, "for data too large", UnknownCallError),
    (WRITE, 506, "upload 'Content-Type 'text/plain' not implemented", RefusalError),
    (WRITE, 520, "Web Server Returned an Unknown Error", OutcomeUnknownError),
    (WRITE, 500, "can't remove VM 141 - protection mode enabled", RefusalError),
    (CREATE, 403, "Permission check failed (pool 'x' does not exist)", RefusalError),
    (CREATE, 500, "no such cluster node 'nosuch'", RefusalError),
    (
        CREATE,
        500,
        "Linked clone feature is not supported for 'local-zfs:vm-140-disk-0' (scsi0)",
        RefusalError,
    ),
    (CREATE, 500, "storage 'nostore' does not exist", RefusalError),
    (WRITE, 500, "only root can set 'args' config", RefusalError),
    (WRITE, 500, "timeout: no zvol device link for 'vm-501-disk-0' found after 10 sec.", RefusalError),
    (WRITE, 413, "Request Entity Too Large", RefusalError),
]


@pytest.mark.parametrize(
    ("call", "status", "text", "error"),
    [pytest.param(*row, id=f"{row[0].method} {row[1]} {row[2][:60]}") for row in ROWS],
)
def test_an_answer_means(call: Call, status: int, text: str, error: type[TargetError]) -> None:
    found = answered(call, status, text)

    assert type(found) is error
    assert text in str(found)
    assert call.path in str(found)


REFUSALS = (
    r"^storage '.*' (does not exist|is disabled)$|storage failed: (no such option|storage '.*' does not exist)",
    r"^(no options specified|missing value for required option|unable to (delete|modify) (required|read-only) option)",
    r"^(only root can|Only root can|hostname lookup|no such cluster node|no such (replication )?job|no such vzdump)",
    r"protection mode enabled|^Linked clone feature|not allowed for linked clones|reserved name|same storage with same",
    r"^QEMU guest agent is not running$|^fingerprint '.*' not verified|^unable to shrink|^illegal name|^There is a repl",
    r"400 Parameter verification failed|^sdn (vnet )?'.*' does not exist|sdn '.*' does not exist|is used by vnet",
    r"cannot lookup undefined type|dns api error|invalid server response|role '.*' does not exist",
    r"^volume '.*' does not exist|^No replicatable volumes|^Source and target|^Target '.*' does not exist",
    r"^timeout: no zvol device link",
)
"""What was recorded with status 500 and is a plain refusal: looking afresh would not change it, and nothing was done."""


RECORDINGS = trace_files(reference(), "pve")
when_recorded = pytest.mark.skipif(not RECORDINGS, reason="no recorded exchanges; set SETPOINT_REFERENCE")


def recorded() -> Iterator[tuple[Call, int, str]]:
    """Every recorded call that failed, as the client would have read it."""
    for path in RECORDINGS:
        for entry in json.loads(path.read_text("utf-8")):
            reply: dict[str, Any] = entry.get("response") or {}
            status = reply.get("status")
            if "request" in entry and isinstance(status, int) and status >= 400:
                body: dict[str, Any] = reply.get("body") or {}
                text = str(body.get("message", reply.get("reason"))).strip()
                yield (
                    Call(entry["request"]["method"], entry["request"]["path"], "pve1:8006", TOKEN),
                    status,
                    text,
                )


@when_recorded
@pytest.mark.conformance
def test_nothing_recorded_falls_through_the_table() -> None:
    calls = list(recorded())
    assert len(calls) > 200
    for call, status, text in calls:
        found = type(answered(call, status, text))
        if status == 500 and found is RefusalError:
            assert any(re.search(pattern, text) for pattern in REFUSALS), text
        if status == 595:
            assert found is TransportError
        if status == 596:
            assert found is (OutcomeUnknownError if call.writes else TransportError)


@when_recorded
@pytest.mark.conformance
@pytest.mark.parametrize("pattern", REFUSALS)
def test_no_pattern_of_a_refusal_is_left_over(pattern: str) -> None:
    assert any(status == 500 and re.search(pattern, text) for _, status, text in recorded())


@pytest.mark.parametrize(("status", "text"), [(row[1], row[2]) for row in ROWS if row[1] >= 500])
def test_a_read_is_never_in_doubt(status: int, text: str) -> None:
    assert type(answered(replace(WRITE, method="GET"), status, text)) is not OutcomeUnknownError


def test_a_pool_that_is_not_there_is_to_be_made() -> None:
    found = answered(CREATE, 403, "Permission check failed (pool 'x' does not exist)")

    assert found.remedy == "create the pool, or name another one"


def test_a_call_that_never_left_is_a_matter_of_transport() -> None:
    assert type(unreachable(WRITE, "Connection refused")) is TransportError


@pytest.mark.parametrize(
    ("call", "error"), [(READ, TransportError), (WRITE, OutcomeUnknownError)], ids=["read", "write"]
)
def test_a_dropped_reply_leaves_a_write_in_doubt(call: Call, error: type[TargetError]) -> None:
    assert type(silent(call, "Remote end closed connection")) is error


@pytest.mark.parametrize(
    ("path", "scope"),
    [("/nodes/pve2/qemu", "node/pve2"), ("/cluster/status", ""), ("/nodes", ""), ("/version", "")],
)
def test_a_failure_names_the_node_behind_the_endpoint(path: str, scope: str) -> None:
    assert answered(Call("GET", path, "pve1:8006", TOKEN), 595, "Connection refused").scope == scope


@pytest.mark.parametrize(
    ("text", "command"),
    [
        pytest.param(
            "Permission check failed (/vms/100, VM.Audit)",
            "pveum acl modify /vms --users ctl@pve --tokens 'ctl@pve!plumb' --roles PVEVMAdmin",
            id="vm",
        ),
        pytest.param(
            "Permission check failed (/vms/100, VM.Config.Disk|VM.Config.CDROM)",
            "pveum acl modify /vms --users ctl@pve --tokens 'ctl@pve!plumb' --roles PVEVMAdmin",
            id="any of",
        ),
        pytest.param(
            "Permission check failed (/storage/local-zfs, Datastore.AllocateSpace)",
            "pveum acl modify /storage/local-zfs --users ctl@pve --tokens 'ctl@pve!plumb' --roles PVEDatastoreUser",
            id="storage",
        ),
        pytest.param(
            "Permission check failed (/sdn/zones/localnetwork/vmbr0, SDN.Use)",
            "pveum acl modify /sdn/zones/localnetwork/vmbr0 --users ctl@pve --tokens 'ctl@pve!plumb' --roles PVESDNUser",
            id="bridge",
        ),
        pytest.param(
            "Permission check failed (/, Sys.Modify)",
            "pveum role add SetpointSysModify --privs Sys.Modify && "
            "pveum acl modify / --users ctl@pve --tokens 'ctl@pve!plumb' --roles SetpointSysModify",
            id="no role fits",
        ),
        pytest.param("Permission check failed", "--roles PVEVMAdmin", id="bare refusal of a create"),
    ],
)
def test_a_missing_privilege_comes_with_the_command_that_grants_it(text: str, command: str) -> None:
    assert command in answered(CREATE, 403, text).remedy


def test_another_403_names_the_token() -> None:
    assert (
        TOKEN
        in answered(WRITE, 403, "Permission check failed (mount point type bind is only for root)").remedy
    )
