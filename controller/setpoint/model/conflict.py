"""Where a manifest and the sheet of an inventory below it do not say the same, so that one of both is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.origin import Origin
from setpoint.model.tree import Pointer


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both give.

    Attributes:
        pointer: of the field in the spec; `target` for that.
        value: what is in force, as text; a manifest or a patch of an overlay says it.
        origin: where that is written.
        sheet_value: what the inventory says instead, as text.
        sheet_origin: where its sheet says so.
        remark: of what in the inventory that was made, for people; empty where the sheet does not say.
    """

    pointer: Pointer
    value: str
    origin: Origin
    sheet_value: str
    sheet_origin: Origin
    remark: str = ""
