"""The replies of Proxmox, for the common parts."""

from __future__ import annotations

from tests.conformance import rules
from tests.conformance.dependence import Dependence
from tests.conformance.dialect import Dialect
from tests.conformance.tokens import FORMS

PROXMOX = Dialect(rules, FORMS, Dependence, slack={"time": 2, "pstart": 200})
"""Two emulated times may lie this far apart that were one in the recording: seconds, and ticks since the start."""
