"""A set that a person approved is deleted as a whole, for it has a limit of its own; and it counts as a disturbance."""

from __future__ import annotations

from setpoint.model.plan import Disruption
from tests.deletion.site import POLICY, Site, key, machines, redeclare, said
from tests.rig.daemon import Running

SOON = {**POLICY, "grace": "0s"}


def test_an_approved_set_goes_although_it_is_more_than_may_be_disturbed_in_a_day(site: Site) -> None:
    site.declare(machines(*range(8), policy=SOON))

    async def script(running: Running) -> None:
        await running.settle()
        await redeclare(running, machines(0, 1, policy=SOON))
        await running.until(lambda: running.estate.store.tombstone(key("w7")) is not None)
        row = await said(running, "w7")
        (token,) = {hold["token"] for hold in row["holds"] if hold["rule"] == "DeletionLimit"}
        assert site.count("guest_gone") == 0
        await running.supervisor.approve(token, "anna")
        await running.until(lambda: site.guests() == {"w0", "w1"}, 3600)
        counted = {
            one.key for one in running.estate.store.disruptions() if one.disruption is Disruption.DESTROY
        }
        assert counted == {key(f"w{number}") for number in range(2, 8)}

    site.run(script)
