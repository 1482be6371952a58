"""The host that a guest is: declared with it, under its name, and told by it where it is and which key it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from setpoint.model.expand import Expanded
from setpoint.model.key import Key
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Json, Tree

HOST: Final = "Host"
NIXOS: Final = "NixosHost"
_PLAIN: Final = ("port", "user", "key", "passphrase", "watch")
"""What the guest hands on as it is written."""


class GuestHost(Spec):
    """The Host that a guest is. What is left out it takes from the guest, from the defaults of its kind, or from its own."""

    address: str | None = described("Its name or address; what the guest tells when left out.", None)
    port: int | None = described("Where its sshd listens.", None, ge=1, le=65535)
    user: str | None = described("As whom it is entered.", None)
    key: SecretRef | None = described("Where the private key to enter it is found.", None)
    passphrase: SecretRef | None = described("Where the passphrase of the key is found, if it has one.", None)
    host_key: str | None = described(
        "The public key that it shows; when left out, what the agent of a VM reads in it, or the node in a container.",
        None,
    )
    jump: tuple[str | Mapping[str, Any], ...] | None = described(
        "Hosts that are passed on the way, the nearest first: names of declared ones, or as a Host has them. When left out, "
        "a VM is entered straight, and a container through the Host that is called like its node.",
        None,
        examples=[["pve1"]],
    )
    watch: Mapping[str, Any] | None = described("What is too much for it, as a Host has it.", None)
    nixos: Mapping[str, Any] | None = described(
        "Makes the NixosHost, too: its spec, which may be empty where `defaults.yaml` names the flake.",
        None,
        examples=[{"flake": {"url": "git+https://git.example.net/infra"}}],
    )


Way = Callable[[Tree, str], Tree]
"""What the type of a guest says of the way to it, from its spec and its name: `hostKey`, `jump`."""


def expand(way: Way) -> Callable[[Key, Tree], tuple[Expanded, ...]]:
    """How the guests of one type make their hosts."""

    def made(key: Key, spec: Tree) -> tuple[Expanded, ...]:
        written = spec.get("host")
        if written is None:
            return ()
        given = written if isinstance(written, dict) else {}
        own = f"{key.kind}/{key.name}"
        host: Tree = {
            "address": taken(own, "address"),
            "incarnation": taken(own, "incarnation"),
            **way(spec, own),
            **{name: given[name] for name in ("address", "hostKey", *_PLAIN) if given.get(name) is not None},
        }
        if isinstance(given.get("jump"), list):
            host["jump"] = _jumps(given["jump"])
        return (Expanded(HOST, key.name, host, "/host"), *_nixos(key, given))

    return made


def taken(own: str, output: str) -> Json:
    """What a guest publishes, as its host names it."""
    return {"from": own, "output": output}


def told_by_agent(_: Tree, own: str) -> Tree:
    """A VM is entered straight, and its agent tells its key."""
    return {"hostKey": taken(own, "hostKey")}


def told_by_node(spec: Tree, own: str) -> Tree:
    """A container is behind its node, which reads the key in it."""
    node = spec.get("node")
    jump: Tree = {"jump": [{"host": node}]} if isinstance(node, str) else {}
    return {"hostKey": {"container": taken(own, "vmid")}, **jump}


def _jumps(written: Json) -> list[Json]:
    return [
        {"host": one} if isinstance(one, str) else one
        for one in (written if isinstance(written, list) else [])
    ]


def _nixos(key: Key, given: Mapping[str, Json]) -> tuple[Expanded, ...]:
    written = given.get("nixos")
    if written is None:
        return ()
    spec = written if isinstance(written, dict) else {}
    return (Expanded(NIXOS, key.name, spec, "/host/nixos", target=key.name),)
