"""What a selector means, how it is read, and what is refused before it means too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.key import Key
from setpoint.model.selector import (
    AllOf,
    AnyOf,
    Field,
    Not,
    Selector,
    SelectorError,
    Term,
    matches,
    select,
)
from setpoint.model.selector_text import parse_selector


@dataclass(frozen=True)
class One:
    key: Key
    labels: Mapping[str, str] = field(default_factory=dict)
    target: Key | None = None


LAB = Key("default", "Shelf", "lab")
ESTATE = (
    One(LAB),
    One(Key("default", "Box", "web01"), {"web": "yes", "env": "prod"}, LAB),
    One(Key("default", "Box", "web02"), {"web": "yes", "env": "prod", "canary": "true"}, LAB),
    One(Key("default", "Box", "web03"), {"web": "yes", "env": "test", "canary": "false"}, LAB),
    One(Key("site-a", "Crate", "db01"), {"site.example/role": "db", "env": "prod"}),
)


def meant(text: str) -> list[str]:
    return [str(one.key) for one in select(parse_selector(text), ESTATE)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("web01", ["Box/web01"], id="a name"),
        pytest.param("web", ["Box/web01", "Box/web02", "Box/web03"], id="a label"),
        pytest.param("web and not canary", ["Box/web01", "Box/web03"], id="a label that is taken back"),
        pytest.param("Box", ["Box/web01", "Box/web02", "Box/web03"], id="a kind"),
        pytest.param("kind:B* and env=prod", ["Box/web01", "Box/web02"], id="a kind by glob"),
        pytest.param("name:web*", ["Box/web01", "Box/web02", "Box/web03"], id="names by glob"),
        pytest.param("name:web0?,not name:web02", ["Box/web01", "Box/web03"], id="one sign"),
        pytest.param("Box/web01", ["Box/web01"], id="a key"),
        pytest.param("Crate/*", ["site-a/Crate/db01"], id="a key by glob, in any namespace"),
        pytest.param("site-a/Crate/db01", ["site-a/Crate/db01"], id="a key with its namespace"),
        pytest.param("default/Crate/db01", [], id="a key in another namespace"),
        pytest.param("namespace:site-*", ["site-a/Crate/db01"], id="a namespace"),
        pytest.param("target:Shelf/lab and env=prod", ["Box/web01", "Box/web02"], id="a target"),
        pytest.param("env=prod,web", ["Box/web01", "Box/web02"], id="a comma is an and"),
        pytest.param("env=t*", ["Box/web03"], id="a value by glob"),
        pytest.param("Box and env!=prod", ["Box/web03"], id="another value"),
        pytest.param("nothing!=x and name:lab", ["Shelf/lab"], id="no such label is another value"),
        pytest.param("site.example/role=db", ["site-a/Crate/db01"], id="a label with a slash"),
        pytest.param("label:site.example/role", ["site-a/Crate/db01"], id="that label without a value"),
        pytest.param("label:cannery", [], id="a label that nothing has"),
        pytest.param("web01 or canary or db01", ["Box/web01", "Box/web02", "site-a/Crate/db01"], id="or"),
        pytest.param("env=test or env=prod and canary", ["Box/web02", "Box/web03"], id="and binds more"),
        pytest.param("(env=test or env=prod) and canary", ["Box/web02"], id="parentheses"),
        pytest.param("not(web or Shelf)", ["site-a/Crate/db01"], id="without blanks"),
        pytest.param("not not web01", ["Box/web01"], id="not not"),
        pytest.param("  web01  ", ["Box/web01"], id="blanks around"),
    ],
)
def test_a_selector_means(text: str, names: list[str]) -> None:
    assert meant(text) == names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "something is missing at its end", id="nothing"),
        pytest.param("  ", "something is missing at its end", id="blanks"),
        pytest.param("web and", "something is missing at its end", id="ends too early"),
        pytest.param("web,,db", "something is missing before ','", id="two commas"),
        pytest.param("or web", "something is missing before 'or'", id="begins with or"),
        pytest.param("()", r"something is missing before '\)'", id="empty parentheses"),
        pytest.param("(web", "a parenthesis is not closed", id="not closed"),
        pytest.param("web)", r"'\)' is one too many", id="closed too often"),
        pytest.param("web db", "'db' is one too many", id="not joined"),
        pytest.param("=x", "lacks the label or its value", id="no label"),
        pytest.param("env=", "lacks the label or its value", id="no value"),
        pytest.param("!=x", "lacks the label or its value", id="no label but another value"),
        pytest.param("nam:web", "'nam:web' is none of name:, kind:, key:, ", id="unknown prefix"),
        pytest.param("name:", "is none of name:", id="prefix alone"),
        pytest.param("(" * 17 + "web" + ")" * 17, "it goes too deep", id="too deep"),
        pytest.param("not " * 200 + "web", "it goes too deep", id="too many nots"),
    ],
)
def test_what_is_no_selector_is_told(text: str, why: str) -> None:
    with pytest.raises(SelectorError, match=f"is no selector: .*{why}"):
        parse_selector(text)


def test_a_word_that_nothing_has_is_refused_for_after_a_not_it_would_mean_everything() -> None:
    with pytest.raises(SelectorError, match="nothing is called 'cannary'") as refused:
        meant("web and not cannary")
    assert refused.value.remedy.startswith("did you mean canary? Where there may be none, write ")


def test_a_word_that_means_a_name_and_a_label_is_refused() -> None:
    estate = (*ESTATE, One(Key("default", "Box", "web")))
    with pytest.raises(
        SelectorError, match="'web' is the name of Box/web and a label of Box/web01"
    ) as refused:
        select(parse_selector("web"), estate)
    assert refused.value.remedy == "write name:web or label:web"
    assert len(select(parse_selector("label:web"), estate)) == 3
    same = (One(Key("default", "Box", "mail"), {"mail": "yes"}),)
    assert select(parse_selector("mail"), same) == list(same)


words = st.sampled_from(["web01", "db01", "lab", "canary", "web", "env", "web*", "*", "?eb01"])
terms = st.one_of(
    st.builds(Term, st.sampled_from([one for one in Field if one is not Field.VALUE]), words),
    st.builds(
        Term, st.just(Field.VALUE), st.sampled_from(["prod", "t*", "yes"]), st.sampled_from(["env", "web"])
    ),
)
selectors: st.SearchStrategy[Selector] = st.recursive(
    terms,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def spelt(selector: Selector) -> str:
    match selector:
        case Term(Field.WORD, word):
            return word
        case Term(Field.VALUE, value, label):
            return f"{label}={value}"
        case Term(prefix, word):
            return f"{prefix}:{word}"
        case Not(part):
            return f"not ({spelt(part)})"
        case AllOf(parts):
            return " and ".join(f"({spelt(part)})" for part in parts)
        case AnyOf(parts):
            return " or ".join(f"({spelt(part)})" for part in parts)


@given(selector=selectors)
def test_what_is_written_is_read_as_it_was_meant(selector: Selector) -> None:
    read = parse_selector(spelt(selector))
    assert [matches(read, one) for one in ESTATE] == [matches(selector, one) for one in ESTATE]


@given(one=selectors, other=selectors)
def test_and_or_and_not_are_those_of_sets(one: Selector, other: Selector) -> None:
    for subject in ESTATE:
        left, right = matches(one, subject), matches(other, subject)
        assert matches(Not(one), subject) is (not left)
        assert matches(AllOf((one, other)), subject) is (left and right)
        assert matches(AnyOf((one, other)), subject) is (left or right)


@given(text=st.text(max_size=40) | st.text("and or not()=:!*?/,WeB", max_size=60))
def test_anything_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        found = parse_selector(text)
    except SelectorError:
        return
    assert all(isinstance(matches(found, one), bool) for one in ESTATE)
