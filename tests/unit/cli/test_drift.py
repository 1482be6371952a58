"""`setpoint drift`: both values, why, since when, and what may be done about it."""

from __future__ import annotations

import json
import re

from tests.served import Served, box, row
from tests.unit.cli.conftest import Ask

FIELDS = {
    "key", "namespace", "kind", "name", "path", "desired", "removed", "observed", "missing", "cause", "accepted", "fixed",
    "later", "note", "since", "drift", "lookedAt",
}  # fmt: skip


async def test_nothing_differs_while_all_is_as_declared(served: Served, ask: Ask) -> None:
    said = await ask("drift")
    assert (said.code, said.out) == (0, "Nothing differs from the declarations.\n")


async def test_a_hand_made_change_that_is_only_reported(served: Served, ask: Ask) -> None:
    await only_reported(served)
    served.fields("b").update(colour="dark green", labels=[])
    await ask("resync", "Box/b", "--wait")
    said = await ask("drift")
    assert said.code == 2
    assert said.lines[0] == "KEY    FIELD   DECLARED  SEEN        CAUSE    SINCE  POLICY"
    assert re.fullmatch(r"Box/b  colour  red       dark green  by hand  \d+s     warn", said.lines[1])
    (one,) = json.loads((await ask("drift", "Box/b", "-o", "json")).out)["drift"]
    assert one.keys() == FIELDS
    assert (one["desired"], one["observed"], one["cause"]) == ("red", "dark green", "drift")
    assert (await ask("drift", "Box/a")).code == 0
    assert "nothing declared is called 'Box/c'" in (await ask("drift", "Box/c")).err


async def test_a_selector_says_of_what_it_is_told(served: Served, ask: Ask) -> None:
    served.write(a=box("a", "colour: green", policy="manage: observe", labels="tier: front"))
    await served.until(lambda told: row(told, "Box/a")["outcome"] == "Held")
    assert (await ask("drift", "-l", "tier=front")).code == 2
    assert (await ask("drift", "-l", "not tier=front")).code == 0


async def test_what_was_corrected_is_told_below(served: Served, ask: Ask) -> None:
    served.fields("a")["colour"] = "green"
    assert (await ask("resync", "Box/a", "--wait")).code == 0
    said = await ask("drift")
    assert said.code == 0
    assert "Changed by hand within the last day, and as declared again:" in said.out
    assert re.fullmatch(r"  \d+s ago  Box/a  colour was green, declared is red", said.lines[-1])


async def test_a_declared_change_is_told_apart_from_a_hand_made_one(served: Served, ask: Ask) -> None:
    served.write(a=box("a", "colour: red, size: 3"))
    await served.until(lambda s: row(s, "Box/a").get("outcome") == "Held")
    said = await ask("drift")
    assert re.fullmatch(
        r"Box/a  size   3         \(nothing\) \(until its restart\)  declared  \d+s     enforce",
        said.lines[1],
    )


async def test_a_long_value_is_never_cut(served: Served, ask: Ask) -> None:
    await only_reported(served)
    served.fields("b")["colour"] = "very " * 60 + "green"
    await ask("resync", "Box/b", "--wait")
    assert "very " * 60 + "green" in (await ask("drift")).out


async def only_reported(served: Served) -> None:
    served.write(b=box("b", "colour: red", policy="drift: warn"))
    await served.until(
        lambda s: row(s, "Box/b").get("drift") == "warn" and row(s, "Box/b")["ready"] == "True"
    )
