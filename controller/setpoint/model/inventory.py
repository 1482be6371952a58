"""The contract of an inventory: another system that declares, below the manifests, and that may be told what came of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from setpoint.model.errors import DeclarationProblem, SourceError
from setpoint.model.examine import Check
from setpoint.model.secret import Secret, SecretRef
from setpoint.model.spec import Spec
from setpoint.model.standing import Standing

if TYPE_CHECKING:
    from setpoint.model.kind import Kind

PREFIX = "@"
"""What the path of a sheet begins with among the files of an estate: `@NAME/…`."""


class DoubtError(SourceError):
    """What an inventory says is too far from what it said before; `token` is what a person approves to have it believed."""

    def __init__(self, message: str, *, remedy: str, token: str) -> None:
        super().__init__(message, remedy=remedy)
        self.token = token


def _nobody(_token: str) -> bool:
    return False


@dataclass(frozen=True)
class Content:
    """What an inventory holds, at one moment; nobody but the inventory reads it.

    Attributes:
        version: what people know this state by; another content has another one.
        files: what was read, by a path of the inventory's choice; what did not change has equal bytes under the same path.
        author, subject: who brought the last change, and what it was; empty where that is not known.
    """

    version: str
    files: Mapping[str, bytes]
    author: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Sheets:
    """What an inventory declares.

    Attributes:
        files: declarations, one document each, by their path without `@NAME/` before it. One that cannot be made says why
            in a field `refused`, beside `kind` and `metadata`: its key stays as it was, and people read just that.
        released: paths of sheets that are gone without anybody having been seen to delete what they were made of.
        unexplained: those of them of which nobody can tell why: a manifest above such a one keeps what it had.
        problems: of what says how they are made, where it stands in the repository.
        notes: what was left out and why, one sentence each.
    """

    files: Mapping[str, bytes]
    released: frozenset[str] = frozenset()
    unexplained: frozenset[str] = frozenset()
    problems: tuple[DeclarationProblem, ...] = ()
    notes: tuple[str, ...] = ()


class Inventory(Protocol):
    """A place outside of the repository where people declare things."""

    @property
    def name(self) -> str:
        """How it is called in the settings, in messages, in the store, and in the paths of its sheets."""
        ...

    async def fetch(self, kept: Content | None) -> Content:
        """Everything that it holds now; `kept` is what was last read with success, maybe by a process before this one.

        Raises:
            DoubtError: what it says is believed only once a person approves the token, and a `poke` follows.
            SourceError: it cannot be read, or what it says is not to be trusted; what is kept goes on to count.
        """
        ...

    def watch(self) -> AsyncGenerator[None]:
        """Yields whenever something may have changed; one iteration at a time, to be closed after use."""
        ...

    def poke(self) -> None:
        """Ring, and have the next `fetch` read everything afresh."""
        ...

    def sheets(self, content: Content, files: Mapping[str, bytes]) -> Sheets:
        """What `content` declares; pure, called in a thread. `files` are those of the repository."""
        ...

    def serving(self) -> AbstractAsyncContextManager[None]:
        """What listens for calls while a daemon runs.

        Raises:
            SettingsError: on entry: it cannot listen as it was told.
        """
        ...

    async def tell(self, standings: Sequence[Standing]) -> None:
        """Write back how what it declares stands."""
        ...

    async def close(self) -> None:
        """Give its connections back."""
        ...


@dataclass(frozen=True)
class Opening:
    """What an inventory is opened with, beside its settings.

    Attributes:
        kinds: every installed one, by name.
        lent: what systems lend to it, by their names.
        secret: reads a secret, afresh at each call. Raises SettingsError.
        approved: whether a person approved a token of a `DoubtError`.
    """

    estate: str
    kinds: Mapping[str, Kind[Any, Any]]
    secret: Callable[[SecretRef], Secret]
    lent: Mapping[str, str] = field(default_factory=dict[str, str])
    approved: Callable[[str], bool] = _nobody


@dataclass(frozen=True)
class InventoryType:
    """How a system's inventory is set up: what the settings say of it, and what is made of them.

    Attributes:
        open: the inventory itself, which calls nobody yet.
        examine: every check of it for `doctor`, also after one that failed; in a thread of its own, so a call may block,
            and without writing anything. Raises SetpointError when nothing more can be looked at. None when a reading
            tells enough.
    """

    settings: type[Spec]
    open: Callable[[Any, Opening], Inventory]
    examine: Callable[[Any, Opening], Iterator[Check]] | None = None
