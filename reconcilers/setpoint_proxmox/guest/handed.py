"""What stands in a guest's network settings in the place of an address that a pool is to hand out."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import model_validator

from setpoint.model.handed import Handed
from setpoint.model.reference import Name, Reference
from setpoint.model.spec import described


class _FromPool(Handed):
    """An address of a pool, which is remembered."""

    pool: Annotated[str, Reference("AddressPool")] = described("Name of the AddressPool.", examples=["lan"])

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: object) -> object:
        if isinstance(given, str):
            raise ValueError(  # noqa: TRY004  # pydantic takes only this one for a mistake of the user
                "this names no pool; write {pool: NAME} for an address of an AddressPool"
            )
        return given

    @property
    def giver(self) -> Name:
        """The pool."""
        assert isinstance(self.pool, Name)  # noqa: S101  # what Reference makes of a text
        return self.pool


class FromPool4(_FromPool):
    """An IPv4 address of a pool, which is remembered; its gateway is set with it."""

    wants: ClassVar = "IPv4 address"
    beside: ClassVar = {"gateway4": "gateway"}


class FromPool6(_FromPool):
    """An IPv6 address of a pool, which is remembered; its gateway is set with it."""

    wants: ClassVar = "IPv6 address"
    beside: ClassVar = {"gateway6": "gateway"}
