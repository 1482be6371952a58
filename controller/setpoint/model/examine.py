"""What `doctor` asks of a target's kind, and how every check answers, be it of a target, an inventory or this host."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from setpoint.model.key import Key
from setpoint.model.secret import Secret
from setpoint.model.spec import Spec

P = TypeVar("P", bound=Spec)


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what was looked at, in a word or two.
        sentence: how it is.
        remedy: what to do about it; empty when it is well.
        commands: to be copied, one a line, where the remedy is to run them.
    """

    name: str
    verdict: Verdict
    sentence: str
    remedy: str = ""
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examination(Generic[P]):
    """What a target is examined for.

    Attributes:
        spec: of the target.
        secrets: what `TargetPort.secrets` names, resolved.
        held: the specs of all resources that are declared on it.
    """

    spec: P
    secrets: Mapping[str, Secret]
    held: Mapping[Key, Any]


class _Open:
    """Lets every call pass: an examination is short, and wants to hear each failure itself."""

    def using(
        self, *scopes: str, writes: bool = False, elsewhere: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """See `setpoint.model.kind.Gate`."""
        del scopes, writes, elsewhere
        return nullcontext()


OPEN: Final = _Open()
"""The gate that an examination's client passes."""
