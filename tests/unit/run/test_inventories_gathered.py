"""Resources of inventories that contribute to others: whose sheets are read when something changes."""

from __future__ import annotations

import pytest

from setpoint.model.key import Key
from setpoint.run import inventories
from tests.rig.estate import manifest
from tests.toy_inventory import Register
from tests.unit.run import registers
from tests.unit.run.departing import box, shelf
from tests.unit.run.racks import RACKS
from tests.unit.run.registers import Registered, lives


def tag(name: str, colour: str = "red") -> str:
    """A box with a card on the rack, as the register declares it."""
    return manifest("Tag", name, {"colour": colour}, interval="6h", deletion="delete")


def test_sheets_are_read_again_only_of_what_they_declare_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    read, real = list[str](), inventories._declared

    def counted(path: str, sheet: bytes) -> object:
        read.append(path)
        return real(path, sheet)

    monkeypatch.setattr(registers, "KINDS", RACKS)
    monkeypatch.setattr(inventories, "_declared", counted)
    book = Register(cards={name: tag(name) for name in ("x", "y", "z")})

    async def body(daemon: Registered) -> None:
        rack = daemon.estate.resources[Key("default", "Rack", "r")]
        assert set(rack.spec["cards"]) == {"x", "y", "z"}
        await daemon.commit(box("a"))
        await daemon.write(x=tag("x", "blue"))
        assert read == []
        await daemon.write(y=tag("other"))
        assert [path.rsplit("/", 1)[-1].partition(".")[0] for path in dict.fromkeys(read)] == ["y"]

    lives({**shelf(), "r.yaml": manifest("Rack", "r", {"cards": {}})}, book, body)
