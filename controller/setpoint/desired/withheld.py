"""Policy that is planned and not honoured yet: it is refused, so that nobody relies on it."""

from __future__ import annotations

from setpoint.desired.fields import named
from setpoint.desired.node import Fields
from setpoint.model.errors import DeclarationProblem
from setpoint.model.policy import Policy

_FIELDS = {
    "manage": "every declared field is managed",
    "deletion": "what is no longer declared is left alone and never deleted",
    "grace": "nothing is deleted",
    "protect": "nothing is deleted",
}


def honoured(policy: Fields) -> tuple[Fields, tuple[DeclarationProblem, ...]]:
    """The policy without what is not honoured yet, and a problem for each part of that."""
    kept = dict(policy.fields)
    problems: list[DeclarationProblem] = []
    for name in sorted(_FIELDS.keys() & policy.fields.keys() - named(Policy).keys()):
        remedy = f"remove it: for now {_FIELDS[name]}"
        problems.append(
            DeclarationProblem(
                kept.pop(name).origin, f"'{name}' is not honoured yet", remedy, f"policy.{name}"
            )
        )
    return Fields(kept, policy.origin), tuple(problems)
