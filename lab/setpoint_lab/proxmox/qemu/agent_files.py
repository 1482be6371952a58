"""Programs, files and passwords inside a running VM, by its agent; neighbours: `agent_calls`, `inside`."""

from __future__ import annotations

import base64
import binascii
import shlex
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.inside import Inside, Insides, Outcome
from setpoint_lab.proxmox.qemu.agent_calls import require_agent
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_AGENT = "/nodes/{node}/qemu/{vmid}/agent"
MOST_READ = 16 << 20


@route("POST", f"{_AGENT}/exec")
async def execute(call: Call) -> object:
    """Run a program; its number. It ends as the VM's behaviour says of that command line, else well and silently."""
    vm = requested_vm(call)
    line = shlex.join(call.items("command"))
    if not line:
        raise ApiError.internal("no command or input-data given")
    inside = await _inside(call)
    pid = inside.run(line, vm.behaviour.programs.get(line, Outcome()))
    call.world.changed()
    return {"pid": pid}


@route("GET", f"{_AGENT}/exec-status")
async def tell_outcome(call: Call) -> object:
    """How a program ended; told once."""
    inside, pid = await _inside(call), call.integer("pid")
    outcome = inside.processes.pop(pid, None)
    if outcome is None:
        raise ApiError.internal(f"Agent error: PID {pid} does not exist")
    written = {"out-data": outcome.out, "err-data": outcome.err}
    return {"exited": 1, "exitcode": outcome.exitcode} | {key: text for key, text in written.items() if text}


@route("GET", f"{_AGENT}/file-read")
async def read_file(call: Call) -> object:
    """A part of a file, as it is or in base64."""
    inside, path = await _inside(call), call.text("file")
    if path not in inside.files:
        raise ApiError.internal(
            f"Agent error: failed to open file '{path}' (mode: 'r'): No such file or directory"
        )
    start, count = call.integer("offset"), call.integer("count", MOST_READ)
    whole = inside.files[path].encode()
    part = whole[start : start + count]
    plain = call.flag("decode", default=True)
    content = part.decode(errors="replace") if plain else base64.b64encode(part).decode()
    return {"content": content} | ({"truncated": 1} if start + count < len(whole) else {})


@route("POST", f"{_AGENT}/file-write")
async def write_file(call: Call) -> None:
    """Write a file; what comes in base64 is decoded."""
    inside, content = await _inside(call), call.text("content")
    if not call.flag("encode", default=True):
        try:
            content = base64.b64decode(content, validate=True).decode(errors="replace")
        except binascii.Error as error:
            raise ApiError.internal("Agent error: parameter 'buf-b64' is not base64") from error
    inside.files[call.text("file")] = content
    call.world.changed()


@route("POST", f"{_AGENT}/set-user-password")
async def set_password(call: Call) -> object:
    """Give a user of the system a password."""
    inside = await _inside(call)
    inside.passwords[call.text("username")] = call.text("password")
    call.world.changed()
    return {"result": {}}


async def _inside(call: Call) -> Inside:
    vm = requested_vm(call)
    await require_agent(vm)
    return call.world.part(Insides).of(vm.vmid)
