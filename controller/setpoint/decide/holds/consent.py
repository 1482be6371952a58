"""What its kind says goes far, such as most of a zone at once, needs a person who has seen what it is."""

from __future__ import annotations

import hashlib
import json

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import Key
from setpoint.model.plan import Consent, Step


def consent(looked: Looked, step: Step) -> Hold | None:
    """Hold a step that asks for consent until exactly what it asks for is approved."""
    if step.consent is None or (step.consent.again and looked.at_once):
        return None
    token = consent_token(looked.owner.key, step.consent)
    if looked.approved(token):
        return None
    release = f"declare it otherwise, or let just this be done: setpoint approve {token}"
    return Hold(Rule.CONSENT, step.consent.why, release, token=token)


def consent_token(key: Key, asked: Consent) -> str:
    """Names exactly what is asked for, of exactly this resource."""
    wanted = json.dumps([str(key), asked.subject], sort_keys=True)
    return hashlib.sha256(wanted.encode()).hexdigest()[:12]
