"""Makes our mark on a VM complete again: the line in the description, the tag, and the name."""

from __future__ import annotations

from setpoint.model.identity import Owner
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json, Tree
from setpoint_proxmox.kinds.virtual_machine.forms import TAGS
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.mark import TAG, with_mark, without_mark


def remark(owner: Owner, vm: VmState) -> Step | None:
    """One write of whatever is missing or speaks of another name; None when all is there. It waits for a lock."""
    config: dict[str, Json] = {}
    mark = owner.mark(str(vm.vmid))
    if vm.mark != mark:
        config["description"] = with_mark(without_mark(vm.description), mark)
    if TAG not in vm.tags:
        config["tags"] = TAGS.write(list[Json](vm.tags))
    if vm.name != owner.key.name:
        config["name"] = owner.key.name
    if not config or vm.kind != "qemu":
        return None
    if vm.lock:
        why = f"VM {vm.vmid} is locked ({vm.lock}), so it does not bear our mark yet"
        remedy = f"wait until that ends; if nothing works on it any more: qm unlock {vm.vmid}"
        return obstructed(why, remedy, (), passing=True)
    summary = f"write {', '.join(config)} of VM {vm.vmid}, which tell that it is {owner.key}"
    where: Tree = {"node": vm.node, "digest": vm.digest, "config": config, "delete": []}
    return Step("configure", summary, disruption=Disruption.NONE, arguments=where)
