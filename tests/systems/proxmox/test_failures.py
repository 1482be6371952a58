"""The classification of every failure, row by row, with the texts that Proxmox really sends."""

from __future__ import annotations

import pytest

from setpoint.model.errors import (
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint_proxmox.failures import BusyError, Call, GoneError, TakenError, answered, silent, unreachable

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
    (READ, 501, "Method 'GET /nosuchpath' not implemented", RefusalError),
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


@pytest.mark.parametrize("error", [BusyError])
def test_a_busy_guest_neither_shuts_its_target_off_nor_is_looked_at_in_circles(
    error: type[TargetError],
) -> None:
    assert issubclass(error, RefusalError)
    assert not issubclass(error, TransportError | ConflictError)


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
