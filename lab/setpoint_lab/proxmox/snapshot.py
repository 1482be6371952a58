"""Writes a world as a state; neighbour: `state`, which reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from setpoint_lab.proxmox.users import User
    from setpoint_lab.proxmox.volumes import Storage, Volume
    from setpoint_lab.proxmox.world import Pool, World


def write_state(world: World) -> dict[str, Any]:
    """The world in the format that POST /lab/state takes."""
    access = world.access
    return {
        "nodes": [
            {
                "name": node.name,
                "ip": node.ip,
                "online": node.online,
                "local": node.name == world.local,
                "cpus": node.cpus,
                "memory": node.memory,
            }
            for node in world.nodes.values()
        ],
        "cluster": {"name": world.cluster, "version": world.cluster_version} if world.cluster else None,
        "quorate": world.quorate,
        "pace": world.pace.name,
        "storages": {storage.id: _storage(storage) for storage in world.storages.values()},
        "content": [_volume(volume) for volume in world.volumes],
        "bridges": [dict(bridge) for bridge in world.bridges.values()],
        "guests": [dict(guest.state()) for guest in world.guests.values()],
        "pools": [_pool(pool) for pool in world.pools.values()],
        "users": [_user(user) for user in access.users.values()],
        "tokens": [token for user in access.users.values() for token in _tokens(user)],
        "roles": [
            {"roleid": role.roleid, "privs": ",".join(sorted(role.privs))}
            for role in access.roles.values()
            if not role.special
        ],
        "acls": [
            {
                "path": entry.path,
                "type": entry.kind,
                "ugid": entry.ugid,
                "roleid": entry.role,
                "propagate": int(propagate),
            }
            for entry, propagate in access.acl.items()
        ],
        "tasks": [
            {"upid": str(task.upid), "endtime": task.endtime, "exitstatus": task.exitstatus}
            for task in world.tasks.all
            if not task.running
        ],
        "missing_devices": [{"volid": volid} for volid in sorted(world.missing_devices)],
        "datacenter_options": dict(world.datacenter),
        **world.other,
        **{key: part.state() for key, part in world.parts.items()},
    }


def _storage(storage: Storage) -> dict[str, Any]:
    parts = {"path": storage.path, "pool": storage.pool}
    return {
        "type": storage.type,
        "content": ",".join(sorted(storage.content)),
        "shared": int(storage.shared),
        "nodes": "all" if storage.nodes is None else ",".join(sorted(storage.nodes)),
        "total": storage.total,
        "used": storage.used,
        "disable": int(storage.disabled),
        **{key: value for key, value in parts.items() if value is not None},
        **storage.options,
    }


def _volume(volume: Volume) -> dict[str, Any]:
    parts = {
        "vmid": volume.vmid,
        "parent": volume.parent,
        "ctime": volume.ctime,
        "text": volume.text,
        "sums": dict(volume.sums) or None,
    }
    return {
        "volid": volume.volid,
        "node": volume.node,
        "content": volume.content,
        "format": volume.format,
        "size": volume.size,
        **{key: value for key, value in parts.items() if value is not None},
        **volume.options,
    }


def _pool(pool: Pool) -> dict[str, Any]:
    members: list[dict[str, Any]] = [{"vmid": vmid} for vmid in sorted(pool.guests)]
    members += [{"storage": storage} for storage in sorted(pool.storages)]
    comment = {"comment": pool.comment} if pool.comment is not None else {}
    return {"poolid": pool.id, "members": members, **comment}


def _user(user: User) -> dict[str, Any]:
    password = {"password": user.password} if user.password is not None else {}
    return {
        "userid": user.userid,
        "enable": int(user.enable),
        "expire": user.expire,
        **password,
        **user.details,
    }


def _tokens(user: User) -> list[dict[str, Any]]:
    return [
        {
            "tokenid": f"{user.userid}!{name}",
            "secret": token.secret,
            "privsep": int(token.privsep),
            "expire": token.expire,
            **({"comment": token.comment} if token.comment is not None else {}),
        }
        for name, token in user.tokens.items()
    ]
