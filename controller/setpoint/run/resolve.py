"""The stage that gets secrets: their values for the act, and their fingerprints for the comparison."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from copy import deepcopy

from setpoint.model.diff import Treatment
from setpoint.model.errors import SettingsError
from setpoint.model.kind import Problem
from setpoint.model.observation import Absent
from setpoint.model.outcome import Outcome
from setpoint.model.secret import Secret
from setpoint.model.tree import Json, Pointer, Tree, lookup, put
from setpoint.run.desk import Desk, Pass
from setpoint.secrets import resolve_secret

_SALT = 32


async def resolve(desk: Desk, now: Pass) -> Pass | Outcome:
    """Read the secrets that the spec names.

    One that cannot be read suspends its own field of an object that is there, and the making of one that is not.

    Raises:
        SettingsError: it is to be made, and a secret for it cannot be read.
    """
    references = now.kind.secrets(now.spec)
    if not references:
        return now
    values: dict[Pointer, Secret] = {}
    problems: list[Problem] = []
    for pointer, reference in references.items():
        try:
            values[pointer] = resolve_secret(reference)
        except SettingsError as error:
            if isinstance(now.observation, Absent):
                raise
            problems.append(Problem("SecretMissing", f"{pointer.lstrip('/')} is not compared: {error}"))
    salt = desk.store.known_salt()
    if salt is None:
        salt = await desk.calls.call(desk.store.salt, secrets.token_bytes(_SALT))
    prints = {pointer: fingerprint(salt, value) for pointer, value in values.items()}
    withheld = tuple(pointer for pointer in references if pointer not in values)
    return now.learn(secrets=values, prints=prints, withheld=withheld, problems=(*now.problems, *problems))


def fingerprint(salt: bytes, secret: Secret) -> str:
    """Tells two values of a secret apart, and nothing else about it to anybody without the salt."""
    return hmac.new(salt, secret.reveal().encode(), hashlib.sha256).hexdigest()


def with_prints(declared: Tree, now: Pass) -> Tree:
    """The declared tree with a fingerprint in the place of each secret; the last one for what could not be read."""
    for pointer in now.withheld:
        put(declared, pointer, _last(now, pointer))
    for pointer, text in now.prints.items():
        put(declared, pointer, text)
    return declared


def treatments(now: Pass) -> Mapping[Pointer, Treatment]:
    """How the fields of the kind are compared, its secrets included."""
    if not (now.prints or now.withheld):
        return now.kind.treatments
    return {**now.kind.treatments, **dict.fromkeys((*now.prints, *now.withheld), Treatment.WRITE_ONLY)}


def remembered(now: Pass) -> Tree | None:
    """The declared tree that was last in force, with what was sent since; None when nothing is remembered."""
    if now.item is None or now.item.applied is None:
        return None
    if not now.item.sent:
        return now.item.applied
    tree = deepcopy(now.item.applied)
    for pointer, text in now.item.sent.items():
        put(tree, pointer, text)
    return tree


def _last(now: Pass, pointer: Pointer) -> Json:
    try:
        return lookup(remembered(now), pointer)
    except KeyError:
        return None
