"""Judges the replay of one trace, and holds the verdicts against the explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.dependence import Unsupported
from tests.conformance.explained import explain, load_explanations
from tests.conformance.judge import judge
from tests.conformance.report import Result

if TYPE_CHECKING:
    from tests.conformance.model import Run


def check_run(run: Run) -> Result:
    """Judge a replay, and hold its differences against the committed explanations."""
    trace = run.trace
    judgements = judge(run, Unsupported.of(trace.system))
    listed = [item for item in load_explanations() if (item.system, item.file) == (trace.system, trace.file)]
    return Result(trace, judgements, explain(listed, judgements, trace.name))
