"""What was seen: present, absent, or not known. Unreachable is not deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from setpoint.model.identity import Identity, Mark

S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True)
class Present(Generic[S_co]):
    """The object is there.

    Attributes:
        mark: what it bears; None when it bears none that we can read.
        partial: only what the new declaration touches was read, and the rest is as it was seen before; see
            `Looking.touched_alone`. Steps may follow from that, and never that all is as declared.
    """

    state: S_co
    identity: Identity
    mark: Mark | None
    partial: bool = False


@dataclass(frozen=True)
class Absent:
    """The object is proven not to be there; `proof` says how."""

    proof: str


@dataclass(frozen=True)
class Unknown:
    """Nothing can be said; `why` is a sentence.

    Attributes:
        of_target: the trouble is the target's, which tells of it itself; its resources wait until it is over.
        passing: it ends by itself, and soon.
    """

    why: str
    of_target: bool = False
    passing: bool = False


Observation: TypeAlias = Present[S_co] | Absent | Unknown
