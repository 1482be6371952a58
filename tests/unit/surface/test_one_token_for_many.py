"""What a limit holds waits for one token, which says how many it lets go."""

from __future__ import annotations

from tests.served import Served, box


async def test_one_approval_lets_all_go_and_says_how_many(served: Served) -> None:
    names = [f"x{number}" for number in range(6)]
    served.write(**{name: box(name, "size: 1", "reboot: whenNeeded") for name in names})
    await served.supervisor.look()
    await served.in_sync(*(f"Box/{name}" for name in names))
    served.write(**{name: box(name, "size: 2", "reboot: whenNeeded") for name in names})
    await served.supervisor.look()
    status = await served.until(lambda told: sum(row["outcome"] == "Held" for row in told["resources"]) == 3)
    (token,) = {hold["token"] for row in status["resources"] for hold in row["holds"]}
    held = sorted(row["key"] for row in status["resources"] if row["holds"])
    answer = await served.post("/v1/approve", {"token": token})
    assert answer["releases"].startswith(
        f"{held[0]} and 2 more: 3 others of the 8 Box on Shelf/s were disturbed"
    )
    await served.in_sync(*held)
    assert served.world.effects.count("restart") == 6
