"""Whatever people do and whenever is looked: in the end just that is known which a reading from nothing finds."""

from __future__ import annotations

import random

import pytest

from setpoint_netbox.content import views
from tests.systems.netbox.ground import MACHINES, NetBox, between, following
from tests.systems.netbox.test_traps import changed

CLUSTER = 1
VM = "virtualization.virtualmachine"
TAGGED = {"select": {"tags": ["setpoint"]}}
STEPS = 40
pytestmark = pytest.mark.integration


class Life:
    """People at work in a NetBox, by one seed; knows what was deleted while it was selected."""

    def __init__(self, netbox: NetBox, seed: int) -> None:
        self.netbox = netbox
        self.dice = random.Random(seed)  # noqa: S311  # a test's
        self.made = 0
        self.tagged: dict[int, bool] = {}
        self.nics: dict[int, int] = {}
        self.deleted: set[int] = set()
        self.untagged: set[int] = set()

    def step(self) -> None:
        choices = [self.make, self.make]
        if self.tagged:
            choices += [self.edit, self.edit, self.tag, self.remove, self.wire, self.address]
        self.dice.choice(choices)()

    def make(self) -> None:
        self.made += 1
        tagged = self.dice.random() < 0.7
        self.tagged[self.netbox.machine(CLUSTER, f"vm{self.made}", tagged=tagged)] = tagged

    def edit(self) -> None:
        name = f"renamed{self.made}-{self.dice.random()}"
        change = {"name": name} if self.dice.random() < 0.3 else {"memory": self.dice.randrange(1, 9999)}
        self.netbox.edit(MACHINES, self.any(), **change)

    def tag(self) -> None:
        one = self.any()
        self.tagged[one] = not self.tagged[one]
        if not self.tagged[one]:
            self.untagged.add(one)
        self.netbox.edit(MACHINES, one, tags=[{"slug": "setpoint"}] if self.tagged[one] else [])

    def remove(self) -> None:
        one = self.any()
        if self.tagged.pop(one) and one not in self.untagged:
            self.deleted.add(one)
        self.nics = {nic: machine for nic, machine in self.nics.items() if machine != one}
        self.netbox.remove(MACHINES, one)

    def wire(self) -> None:
        one = self.any()
        nic = self.netbox.make(
            "virtualization/interfaces", virtual_machine=one, name=f"net{len(self.nics)}{self.made}"
        )
        self.nics[nic] = one

    def address(self) -> None:
        if self.nics:
            kind, nic = "virtualization.vminterface", self.dice.choice(list(self.nics))
            last = f"{self.dice.randrange(256)}.{self.dice.randrange(1, 255)}"
            given = {"address": f"10.0.{last}/24", "assigned_object_type": kind, "assigned_object_id": nic}
            if not self.netbox.call("GET", f"ipam/ip-addresses/?address=10.0.{last}")["count"]:
                self.netbox.make("ipam/ip-addresses", **given)

    def any(self) -> int:
        return self.dice.choice(list(self.tagged))


@pytest.mark.parametrize("seed", range(8))
async def test_what_is_known_is_what_is_there_and_nothing_deleted_is_released(
    netbox: NetBox, seed: int
) -> None:
    life = Life(netbox, seed)
    late: set[int] = set()

    def hold_back(_: object, told: dict[str, list[dict[str, int]]]) -> None:
        """Some changes become visible only later, as those of a long transaction do."""
        told["results"] = [row for row in told["results"] if row["id"] not in late]

    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        middle.spoil = changed(middle, hold_back, "/object-changes/")
        netbox.machine(CLUSTER, "stays")
        await one.fetch()
        for _ in range(STEPS):
            life.step()
            highest = netbox.call("GET", "core/object-changes/?limit=1&ordering=-id&fields=id")["results"][0][
                "id"
            ]
            late = {number for number in late if life.dice.random() < 0.6}
            late |= {highest} if life.dice.random() < 0.2 else set()
            if life.dice.random() < 0.4:
                one.approved.update(["*"])
                await one.fetch(life.dice.choice([15.0, 15.0, 200.0]))
        late.clear()
        for _ in range(3):
            await one.fetch()
        async with following(netbox.url, **TAGGED) as fresh:
            content = await fresh.fetch()
        assert one.kept is not None
        assert dict(views(one.kept)) == dict(views(content))
        assert not one.released().keys() & {f"{VM}/{number}" for number in life.deleted}
