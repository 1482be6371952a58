"""The inventory as the engine opens it: by the settings, with the maps that systems lend."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from setpoint.model.inventory import Inventory, Opening
from setpoint.model.secret import Secret, SecretRef
from setpoint.systems import installed_systems, registry
from setpoint_netbox import SYSTEM
from setpoint_netbox.settings import NetBoxSettings
from tests.systems.netbox.ground import MACHINES, TOKEN, NetBox

PATIENCE = 60.0
SECRETS = {"T": TOKEN, "HOOK": "sésame"}
pytestmark = pytest.mark.integration


def secret(ref: SecretRef) -> Secret:
    return Secret(SECRETS[str(ref.env)])


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncGenerator[Inventory]:
    assert SYSTEM.inventory is not None
    systems = installed_systems()
    lent = {system.name: system.lends["netbox"]() for system in systems if "netbox" in system.lends}
    told = NetBoxSettings.model_validate({"url": url, "token": {"env": "T"}, **settings})
    inventory = SYSTEM.inventory.open(told, Opening("home", registry(systems), secret, lent))
    try:
        yield inventory
    finally:
        await inventory.close()


def test_the_settings_of_the_system_are_those_of_the_inventory() -> None:
    assert SYSTEM.inventory is not None
    assert SYSTEM.inventory.settings is NetBoxSettings


async def test_objects_become_declarations_by_the_maps_that_systems_lend(netbox: NetBox) -> None:
    number = netbox.machine(1, "web01", memory=4096, vcpus=2)
    async with opened(netbox.url) as inventory:
        content = await inventory.fetch(None)
        sheets = await asyncio.to_thread(inventory.sheets, content, {})
    text = sheets.files[f"virtualization.virtualmachine/{number}.yaml"].decode()
    assert "kind: VirtualMachine" in text
    assert "4096MiB" in text


async def test_a_call_of_the_webhook_has_it_ring_long_before_its_poll(netbox: NetBox) -> None:
    number = netbox.machine(1, "web01")
    hook = {"listen": "127.0.0.1:0", "secret": {"env": "HOOK"}}
    async with opened(netbox.url, poll="1h", webhook=hook) as inventory:
        content = await inventory.fetch(None)
        with pytest.MonkeyPatch.context() as patch:
            addresses = heard(patch)
            async with inventory.serving(), aclosing(inventory.watch()) as rings:
                ring = asyncio.ensure_future(anext(rings))
                netbox.edit(MACHINES, number, memory=77)
                body = json.dumps(
                    {
                        "event": "updated",
                        "timestamp": datetime.fromtimestamp(time.time(), UTC).isoformat(),
                        "object_type": "virtualization.virtualmachine",
                        "data": {"id": number},
                        "request": {"id": "b563ff06"},
                    }
                ).encode()
                signature = hmac.new("sésame".encode(), body, "sha512").hexdigest()
                async with (
                    aiohttp.ClientSession() as session,
                    session.post(
                        f"http://{addresses[0]}/hook", data=body, headers={"X-Hook-Signature": signature}
                    ) as answer,
                ):
                    assert answer.status == 202
                await asyncio.wait_for(ring, PATIENCE)
        after = await inventory.fetch(content)
        assert json.loads(after.files[f"virtualization.virtualmachine/{number}"])["memory"] == 77


def heard(patch: pytest.MonkeyPatch) -> list[str]:
    """The addresses at which hooks are opened, as the log tells them."""
    from setpoint_netbox import hook

    found: list[str] = []

    class Log:
        def info(self, _event: str, **told: Any) -> None:
            found.extend([str(told["address"])] if "address" in told else [])

    patch.setattr(hook, "_log", Log())
    return found


async def test_without_a_webhook_nothing_listens(netbox: NetBox) -> None:
    async with opened(netbox.url) as inventory, inventory.serving():
        assert inventory.name == "netbox"


async def test_a_poke_rings_and_has_everything_read(netbox: NetBox) -> None:
    netbox.machine(1, "web01")
    async with opened(netbox.url, poll="1h") as inventory:
        await inventory.fetch(None)
        async with aclosing(inventory.watch()) as rings:
            inventory.poke()
            await asyncio.wait_for(anext(rings), PATIENCE)


async def test_polls_ring_by_themselves(netbox: NetBox) -> None:
    async with opened(netbox.url, poll="1s") as inventory:
        content = await inventory.fetch(None)
        async with aclosing(inventory.watch()) as rings:
            for _ in range(2):
                await asyncio.wait_for(anext(rings), PATIENCE)
                assert await inventory.fetch(content) is content
