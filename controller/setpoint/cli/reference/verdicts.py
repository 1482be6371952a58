"""The pages of outcomes and conditions, hold rules, and exit codes; the tables are computed by the code itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import get_args

from setpoint.cli.output import Ending
from setpoint.cli.reference.markdown import code, page, section, table
from setpoint.cli.reference.words import first_sentence, meanings
from setpoint.cli.verdict import row_verdict
from setpoint.decide.conditions import conditions
from setpoint.model.condition import ConditionType
from setpoint.model.hold import Hold, Rule
from setpoint.model.kind import Problem
from setpoint.model.outcome import Blocked, Changed, Done, Failed, Held, Outcome, Stalled, Wait

_RULE = Hold(Rule.EXISTS, "", "")
_CASES: tuple[tuple[str, Outcome, tuple[Problem, ...]], ...] = (
    ("Done", Done(), ()),
    ("Done, with a problem", Done(), (Problem("PROBLEM", ""),)),
    ("Changed", Changed(""), ()),
    ("Wait", Wait("", timedelta()), ()),
    ("Blocked", Blocked("", None), ()),
    ("Held", Held((_RULE,)), ()),
    ("Failed", Failed(""), ()),
    ("Failed, the target not reached", Failed("", transport=True), ()),
    ("Stalled", Stalled(""), ()),
)


def outcomes_page() -> str:
    """How a reconcile ends, and which conditions follow from it."""
    return page(
        "Outcomes and conditions",
        "For whoever reads `setpoint status -o json`, metrics or alerts. A reconcile ends with one outcome; the conditions "
        "follow from it, the same for every kind.",
        section(
            "Outcomes",
            table(("outcome", "meaning", "[exit code](exit-codes.md)"), _outcomes()),
            ["*Pending* stands for what was not looked at yet under its present declaration."],
        ),
        section("Conditions", table(("condition", "meaning"), _named(meanings(ConditionType)))),
        section(
            "Which conditions an outcome gives",
            ["`RULE` is the [rule](holds.md) that holds, `PROBLEM` what the kind found wrong."],
            table(("outcome", *map(str, ConditionType)), map(_row, _CASES)),
        ),
    )


def holds_page() -> str:
    """The rules that stop a step."""
    return page(
        "Hold rules",
        "For whoever reads that something is *Held*: which rule stops it, and how that ends. The hold itself names the fields, "
        "and the command where there is one; `setpoint status KIND/NAME` shows it.",
        table(("rule", "when, and how it ends"), _named(meanings(Rule))),
    )


def exit_codes_page() -> str:
    """What the shell sees."""
    return page(
        "Exit codes",
        "For whoever scripts `setpoint`. Of several things that are told the first in the order 1, 3, 2, 0 counts.",
        table(("code", "meaning"), ((str(ending.code), ending.value) for ending in Ending)),
        [
            "What waits for a window, or is only reported (`policy.drift: warn`), counts as 2: nobody is asked for anything.",
            "Where a verb knows fewer, [its own section](commands.md) says so.",
        ],
    )


def _outcomes() -> Iterator[tuple[str, str, str]]:
    for outcome in get_args(Outcome):
        name = outcome.__name__
        row = {"outcome": name, "ready": "True", "holds": [{"rule": "", "passing": False}]}
        yield code(name), first_sentence(outcome), str(row_verdict(row).code)


def _named(words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, meaning in words.items():
        yield code(name), meaning


def _row(case: tuple[str, Outcome, tuple[Problem, ...]]) -> tuple[str, ...]:
    name, outcome, problems = case
    found = conditions(outcome, problems, (), generation="", now=0.0)
    cells = (f"{one.status}: {code('RULE' if one.reason == _RULE.rule else one.reason)}" for one in found)
    return (name, *cells)
