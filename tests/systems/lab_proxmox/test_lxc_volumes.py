"""Whatever is asked of a container's mount points in turn, no volume is lost and none is made by a refused request."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from setpoint_lab.proxmox.lxc.mounts import mounts
from tests.systems.lab_proxmox.lxc_api import CT, CtApi

SLOTS = st.sampled_from(["mp0", "mp1", "mp2"])
SOURCES = st.sampled_from(
    ["local-zfs:1", "local-zfs:1", "local:1", "nope:1", "/srv", *(f"unused{n}" for n in range(3))]
)
NETS = st.sampled_from([None, None, "name=eth1,bridge=vmbr0", "name=eth1,bridge=nope"])
STEPS = st.one_of(
    st.tuples(st.just("set"), SLOTS, SOURCES, NETS),
    st.tuples(st.just("delete"), st.one_of(SLOTS, st.sampled_from(["unused0", "unused1"]))),
    st.tuples(st.just("revert"), SLOTS),
    st.tuples(st.just("power"), st.sampled_from(["start", "stop", "reboot"])),
    st.tuples(st.just("snapshot"), st.sampled_from(["take", "back"])),
)


async def step(api: CtApi, names: list[str], what: tuple[str, ...]) -> bool:
    """Take one step; whether it may destroy a volume."""
    config = api.ct.load().current
    match what:
        case ("set", slot, source, net):
            volume = config.get(source, "local-zfs:1") if source.startswith("unused") else source
            before = (api.ct.text, api.own_volumes())
            cards = {} if net is None else {"net1": net}
            answered = await api.put(**{slot: f"{volume},mp=/{slot}"}, **cards)
            assert answered.status == 200 or (api.ct.text, api.own_volumes()) == before
        case ("delete" | "revert" as verb, key):
            await api.put(**{verb: key})
            return key.startswith("unused")
        case ("power", action):
            await api.ask("POST", f"{CT}/status/{action}")
        case ("snapshot", "take"):
            names.append(f"s{len(names)}")
            await api.ask("POST", f"{CT}/snapshot", snapname=names[-1])
        case _:
            latest = config.get("parent")
            await api.ask("POST", f"{CT}/snapshot/{latest}/rollback")
    await api.pass_until_idle()
    return False


@settings(max_examples=60, deadline=None)
@given(st.booleans(), st.lists(STEPS, max_size=14))
def test_no_volume_is_lost(runs: bool, steps: list[tuple[str, ...]]) -> None:  # noqa: FBT001  # drawn
    async def tell() -> None:
        api, names = CtApi(), list[str]()
        await (api.running if runs else api.create)(rootfs="local-zfs:1")
        for what in steps:
            before = set(api.own_volumes())
            if not await step(api, names, what):
                assert before <= set(api.own_volumes())
        config = api.ct.load()
        values = config.current | {
            key: text for key, text in config.pending.items() if key not in config.current
        }
        held = {mount.source for mount in mounts(values)}
        held |= {mount.source for kept in config.snapshots.values() for mount in mounts(kept)}
        held |= {text for key, text in config.current.items() if key.startswith("unused")}
        assert set(api.own_volumes()) <= held, (
            "every volume is mounted, kept by a snapshot, or shown as unused"
        )
        assert api.ct.lock is None

    asyncio.run(tell())
