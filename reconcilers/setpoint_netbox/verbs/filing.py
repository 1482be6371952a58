"""Writes machines into NetBox: what is missing, in an order that NetBox takes, and nothing over what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from setpoint.cli.output import counted
from setpoint.model.errors import SetpointError
from setpoint_netbox.verbs.client import Row
from setpoint_netbox.verbs.ensure import Books, State, ensure, going_on, plain
from setpoint_netbox.verbs.intake import Machine
from setpoint_netbox.verbs.inverse import View
from setpoint_netbox.verbs.wishes import Ref, Wish
from setpoint_netbox.watch.types import INTERFACE, field_of

Name: TypeAlias = tuple[str, ...]
Body: TypeAlias = Callable[[], Row]

BULK: Final = 50
"""Objects of a request: NetBox makes them in one transaction, in which nobody else sees a change."""
MACHINES: Final = "virtualization/virtual-machines"
INTERFACES: Final = "virtualization/interfaces"
DISKS: Final = "virtualization/virtual-disks"
MACS: Final = "dcim/mac-addresses"
ADDRESSES: Final = "ipam/ip-addresses"
_SLUGS: Final = {
    "tenant": "tenancy/tenants", "site": "dcim/sites", "role": "dcim/device-roles", "platform": "dcim/platforms",
}  # fmt: skip
_PLAIN: Final = ("name", "status", "start_on_boot", "vcpus", "memory", "description")
_OF_INTERFACE: Final = ("name", "enabled", "mtu", "mode", "description")


@dataclass
class Filed:
    """What was made, or is to be made.

    Attributes:
        made: by endpoint, how many.
        machines: the names of new ones.
        left: what is there and says something else, or is in the way, and so is left as it is.
    """

    made: Counter[str] = field(default_factory=Counter[str])
    machines: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])


def around(machines: Iterable[Machine]) -> Iterator[Wish]:
    """What machines refer to, each before those that refer to it."""
    machines = list(machines)
    for slug in _distinct(tag["slug"] for machine in machines for tag in machine.view["tags"]):
        yield Wish("extras/tags", slug, "A machine has it.", key="slug", once={"name": slug})
    for name, endpoint in _SLUGS.items():
        for slug in _distinct(machine.view[name]["slug"] for machine in machines if name in machine.view):
            yield Wish(endpoint, slug, f"The {name} of a machine.", key="slug", once={"name": slug})
    for holder, cluster in _distinct((machine.holder, machine.place[0]) for machine in machines):
        kind = holder or "Cluster"
        yield Wish(
            "virtualization/cluster-types", kind, "The type of a cluster.", once={"slug": kind.lower()}
        )
        yield Wish(
            "virtualization/clusters",
            cluster,
            "Machines are in it.",
            once={"type": Ref("virtualization/cluster-types", kind)},
        )
    for vid in _distinct(str(vid) for machine in machines for vid in _vids(machine.view)):
        yield Wish(
            "ipam/vlans",
            vid,
            "An interface is in it.",
            key="vid",
            once={"vid": int(vid), "name": f"VLAN {vid}"},
        )


def _distinct(values: Iterable[Any]) -> list[Any]:
    return [*dict.fromkeys(values)]


def _vids(view: View) -> Iterator[int]:
    for interface in view["interfaces"]:
        if "untagged_vlan" in interface:
            yield interface["untagged_vlan"]["vid"]
        yield from (vlan["vid"] for vlan in interface.get("tagged_vlans", ()))


@dataclass
class Filing:
    """One run.

    Args:
        apply: whether anything is made.
        merge: whether a NetBox that holds other machines, or others of the same names, is written to.
        tell: told after every request that made something.
    """

    netbox: Books
    apply: bool
    merge: bool
    tell: Callable[[str], None]
    filed: Filed = field(default_factory=Filed)
    _ids: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def run(self, machines: Sequence[Machine]) -> Filed:
        """All machines with what belongs to them.

        Raises:
            SetpointError: a call failed, and what was made before stays; or NetBox is not empty.
        """
        there = self.netbox.rows(MACHINES, exclude="config_context")
        wanted = self._mine(machines, there)
        for granted in ensure(self.netbox, around(wanted), apply=self.apply, update=False):
            wish = granted.wish
            if granted.state in (State.MADE, State.MISSING):
                self.filed.made[wish.endpoint] += 1
            if granted.number is not None:
                self._ids[wish.endpoint, wish.name] = granted.number
        known = {_place(row): int(row["id"]) for row in there}
        bodies = {_name(one): self._machine(one.view) for one in wanted}
        self.filed.machines = [str(one.key) for one in wanted if _name(one) not in known]
        ids = self._fill(MACHINES, bodies, known)
        addresses = self._fill_parts(wanted, ids)
        named = {_place(row) for row in there if row.get("primary_ip4") or row.get("primary_ip6")}
        self._make_reachable({name: number for name, number in ids.items() if name not in named}, addresses)
        return self.filed

    def _mine(self, machines: Sequence[Machine], there: Sequence[Row]) -> list[Machine]:
        """Those that are not there, or are there as they would be made.

        Raises:
            SetpointError: others are there, and nobody said that they may.
        """
        by_place = {_place(row): row for row in there}
        numbers = {(_place(row)[0], number): row for row in there if (number := _vmid(row["custom_fields"]))}
        mine: list[Machine] = []
        for one in machines:
            row = by_place.get(_name(one))
            other = numbers.get((one.place[0], _vmid(one.view["custom_fields"])))
            if row is None and other is not None:
                self.filed.left.append(
                    f"{one.key} has the vmid of {other['name']} in NetBox, so it is not made"
                )
                continue
            apart = [] if row is None else [*_differences(one.view, row)]
            if apart:
                self.filed.left.append(f"{one.key} is there and says otherwise: {', '.join(apart)}")
                continue
            mine.append(one)
        foreign = by_place.keys() - {_name(one) for one in machines}
        if (foreign or self.filed.left) and not self.merge:
            what = (
                self.filed.left[0]
                if self.filed.left
                else f"it holds {counted(len(foreign), 'machine')} that nobody declares"
            )
            raise SetpointError(
                f"this NetBox is not empty: {what}",
                remedy="with --merge what is missing is written beside it, and what is there stays as it is",
            )
        return mine

    def _fill(self, endpoint: str, wanted: Mapping[Name, Body], there: Mapping[Name, int]) -> dict[Name, int]:
        """The ids by name, after what is missing was made."""
        missing = [name for name in wanted if name not in there]
        self.filed.made[endpoint] += len(missing)
        ids = {name: there[name] for name in wanted if name in there}
        for start in range(0, len(missing) if self.apply else 0, BULK):
            names = missing[start : start + BULK]
            with going_on(f"{len(names)} of {endpoint}, from {' '.join(names[0])} on, could not be made"):
                made = self.netbox.create(endpoint, [wanted[name]() for name in names])
            ids |= {name: int(row["id"]) for name, row in zip(names, made, strict=True)}
            self.tell(f"{endpoint}: {start + len(names)} of {len(missing)}")
        return ids

    def _fill_parts(self, machines: Sequence[Machine], ids: Mapping[Name, int]) -> Mapping[Name, int]:
        """The ids of addresses by the names of machine, interface and address."""
        owners = {number: name for name, number in ids.items()}
        parts: dict[str, dict[Name, Body]] = {INTERFACES: {}, DISKS: {}}
        for one in machines:
            for interface in one.view["interfaces"]:
                name = (*_name(one), interface["name"])
                parts[INTERFACES][name] = self._interface(_name(one), interface, ids)
            for disk in one.view["disks"]:
                parts[DISKS][(*_name(one), disk["name"])] = self._disk(_name(one), disk, ids)
        found: dict[str, dict[Name, int]] = {}
        for endpoint, wanted in parts.items():
            rows = self.netbox.rows(endpoint) if owners else []
            held = {
                (*owner, str(row["name"])): int(row["id"])
                for row in rows
                if (owner := owners.get(int(row["virtual_machine"]["id"]))) is not None
            }
            found[endpoint] = self._fill(endpoint, wanted, held)
        return self._fill_addresses(machines, found[INTERFACES])

    def _fill_addresses(
        self, machines: Sequence[Machine], interfaces: Mapping[Name, int]
    ) -> Mapping[Name, int]:
        owners = {number: name for name, number in interfaces.items()}
        wanted = [
            ((*_name(one), interface["name"]), interface)
            for one in machines
            for interface in one.view["interfaces"]
        ]
        macs = {
            (*name, mac): self._assigned(name, {"mac_address": mac}, interfaces)
            for name, interface in wanted
            if (mac := str(interface.get("mac_address", "")).upper())
        }
        held = self._held(MACS, "mac_address", owners) if macs else {}
        made = self._fill(MACS, macs, held)
        self._make_primary(made, interfaces)
        taken = {str(row["address"]) for row in self.netbox.rows(ADDRESSES)} if wanted else set[str]()
        held = self._held(ADDRESSES, "address", owners) if taken else {}
        addresses: dict[Name, Body] = {}
        for name, interface in wanted:
            for entry in interface["ip_addresses"]:
                whole: Name = (*name, entry["address"])
                if entry["address"] in taken and whole not in held:
                    self.filed.left.append(f"{entry['address']} of {name[-2]} is there, on something else")
                    continue
                addresses[whole] = self._assigned(name, {"address": entry["address"]}, interfaces)
        return self._fill(ADDRESSES, addresses, held)

    def _make_reachable(self, machines: Mapping[Name, int], addresses: Mapping[Name, int]) -> None:
        """The first address of each family is the one that NetBox shows for the machine."""
        primary: dict[Name, dict[str, int]] = {}
        for name, number in addresses.items() if self.apply else ():
            family = "primary_ip6" if ":" in name[-1] else "primary_ip4"
            primary.setdefault(name[:-2], {}).setdefault(family, number)
        for name, fields in primary.items():
            if name in machines:
                with going_on(f"{name[-1]} could not be given its primary address"):
                    self.netbox.update(MACHINES, machines[name], fields)

    def _held(self, endpoint: str, what: str, owners: Mapping[int, Name]) -> dict[Name, int]:
        """What our interfaces have, by the name of the interface and the value."""
        return {
            (*owner, str(row[what])): int(row["id"])
            for row in self.netbox.rows(endpoint)
            if row.get("assigned_object_type") == INTERFACE
            and (owner := owners.get(int(row["assigned_object_id"]))) is not None
        }

    def _make_primary(self, macs: Mapping[Name, int], interfaces: Mapping[Name, int]) -> None:
        """An interface shows the MAC that it names, which it can only once that is there."""
        if not (self.apply and macs):
            return
        shown = {int(row["id"]) for row in self.netbox.rows(INTERFACES) if row.get("primary_mac_address")}
        for name, number in macs.items():
            if interfaces[name[:-1]] not in shown:
                with going_on(f"{name[-1]} could not become the MAC of {name[-2]} of {name[-3]}"):
                    self.netbox.update(INTERFACES, interfaces[name[:-1]], {"primary_mac_address": number})

    def _assigned(self, name: Name, body: Row, interfaces: Mapping[Name, int]) -> Body:
        return lambda: {**body, "assigned_object_type": INTERFACE, "assigned_object_id": interfaces[name]}

    def _machine(self, view: View) -> Body:
        def body() -> Row:
            return {
                **{name: view[name] for name in _PLAIN if name in view},
                **{
                    name: self._ids[endpoint, view[name]["slug"]]
                    for name, endpoint in _SLUGS.items()
                    if name in view
                },
                "cluster": self._ids["virtualization/clusters", view["cluster"]["name"]],
                "tags": [self._ids["extras/tags", tag["slug"]] for tag in view["tags"]],
                "custom_fields": view["custom_fields"],
            }

        return body

    def _interface(self, owner: Name, view: View, ids: Mapping[Name, int]) -> Body:
        def body() -> Row:
            found: dict[str, Any] = {name: view[name] for name in _OF_INTERFACE if name in view}
            found |= {"virtual_machine": ids[owner], "custom_fields": view["custom_fields"]}
            if "untagged_vlan" in view:
                found["untagged_vlan"] = self._ids["ipam/vlans", str(view["untagged_vlan"]["vid"])]
            if "tagged_vlans" in view:
                found["tagged_vlans"] = [
                    self._ids["ipam/vlans", str(one["vid"])] for one in view["tagged_vlans"]
                ]
            return found

        return body

    def _disk(self, owner: Name, view: View, ids: Mapping[Name, int]) -> Body:
        return lambda: {
            "virtual_machine": ids[owner],
            **{name: view[name] for name in ("name", "size", "description", "custom_fields") if name in view},
        }


def _name(one: Machine) -> Name:
    """Cluster, tenant and name; NetBox does not tell upper from lower case there."""
    return one.place[0], str(one.view.get("tenant", {}).get("slug", "")), one.place[1].casefold()


def _place(row: Row) -> Name:
    cluster, tenant = field_of(row.get("cluster"), "name"), field_of(row.get("tenant"), "slug")
    return str(cluster or ""), str(tenant or ""), str(row["name"]).casefold()


def _vmid(fields: Mapping[str, Any]) -> Any:
    return fields.get("setpoint_vmid")


def _differences(view: View, row: Row) -> Iterator[str]:
    for name in _PLAIN:
        if name in view and plain(row.get(name)) != view[name] and name != "name":
            yield f"{name} {plain(row.get(name))}, not {view[name]}"
    for name, value in view["custom_fields"].items():
        held = plain(field_of(row.get("custom_fields"), name))
        if held != value:
            yield f"{name} {held}, not {value}"
    lacking = {tag["slug"] for tag in view["tags"]} - {tag["slug"] for tag in row.get("tags", ())}
    yield from (f"no tag {slug}" for slug in sorted(lacking))
