"""What cannot be made of one object; it costs that object, never another one."""

from __future__ import annotations


class TroubleError(Exception):
    """A value of an object that cannot become what its map wants.

    Args:
        what: what is wrong, as a part of a sentence.
        remedy: what would be right, in NetBox or in the mapping.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
