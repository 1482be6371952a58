"""Makes our mark on a guest complete again: the line in the description, the tag, and the name."""

from __future__ import annotations

from setpoint.model.identity import Owner
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json, Tree
from setpoint_proxmox.guest.forms import TAGS
from setpoint_proxmox.guest.state import GuestState
from setpoint_proxmox.mark import TAG, with_mark, without_mark


def remark(owner: Owner, guest: GuestState) -> Step | None:
    """One write of whatever is missing or speaks of another name; None when all is there. It waits for a lock."""
    config: dict[str, Json] = {}
    mark = owner.mark(str(guest.vmid))
    if guest.mark != mark:
        config["description"] = with_mark(without_mark(guest.description), mark)
    if TAG not in guest.tags:
        config["tags"] = TAGS.write(list[Json](guest.tags))
    if guest.name != owner.key.name:
        config[guest.name_option] = owner.key.name
    if not config or guest.foreign:
        return None
    if guest.lock:
        why = f"{guest} is locked ({guest.lock}), so it does not bear our mark yet"
        remedy = (
            f"wait until that ends; if nothing works on it any more: {guest.words.tool} unlock {guest.vmid}"
        )
        return obstructed(why, remedy, (), passing=True)
    summary = f"write {', '.join(config)} of {guest}, which tell that it is {owner.key}"
    where: Tree = {"node": guest.node, "digest": guest.digest, "config": config, "delete": []}
    return Step("configure", summary, disruption=Disruption.NONE, arguments=where)
