"""What was seen: present, absent, or not known. Unreachable is not deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from setpoint.model.identity import Identity, Mark

S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True)
class Present(Generic[S_co]):
    """The object is there. `mark` is what it bears, None when it bears none that we can read."""

    state: S_co
    identity: Identity
    mark: Mark | None


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
