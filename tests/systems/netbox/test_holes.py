from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from setpoint_netbox.watch.holes import MOST, TTL, Feed, begin, take


def test_a_gap_is_read_again_until_it_fills() -> None:
    first = take(Feed(10, {}), [11, 14], 0.0)
    assert (first.new, first.feed.hi, first.feed.start) == ({11, 14}, 14, 12)
    second = take(first.feed, [13, 14], 5.0)
    assert (second.new, second.feed.holes) == ({13}, {12: 0.0})
    assert take(second.feed, [12, 13, 14], 6.0).feed.start == 15


def test_what_was_rolled_back_is_a_gap_for_no_longer_than_any_transaction_lasts() -> None:
    feed = take(Feed(0, {}), [2], 0.0).feed
    assert take(feed, [2], TTL).feed.holes == {1: 0.0}
    assert take(feed, [2], TTL + 1).feed.holes == {}


def test_more_gaps_than_are_watched_are_told() -> None:
    taken = take(Feed(0, {}), [MOST + 2], 0.0)
    assert taken.overflow
    assert taken.feed == Feed(MOST + 2, {})
    assert not take(Feed(0, {}), [MOST + 1], 0.0).overflow


def test_the_feed_begins_with_the_gaps_among_the_recent_changes() -> None:
    assert begin([5, 7, 8], 1.0) == Feed(8, {6: 1.0})
    assert begin([], 1.0) == Feed(0, {})


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, tuple[int, ...]]]:
    """Transactions that take ids when they save and show them when they end, in any order, with polls in between."""
    number = draw(st.integers(1, 8))
    owners = draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=40))
    ids = {one: tuple(i + 1 for i, owner in enumerate(owners) if owner == one) for one in range(number)}
    order = draw(st.permutations(range(number)))
    ends = draw(st.lists(st.sampled_from(["commit", "rollback"]), min_size=number, max_size=number))
    steps: list[tuple[str, tuple[int, ...]]] = []
    for one, end in zip(order, ends, strict=True):
        steps.append((end, ids[one]))
        steps += [("poll", ())] * draw(st.integers(0, 2))
    return steps


@given(histories(), st.integers(1, 4))
def test_no_order_of_commits_and_polls_loses_a_change_or_tells_one_twice(
    steps: list[tuple[str, tuple[int, ...]]], page: int
) -> None:
    visible: set[int] = set()
    told: list[int] = []
    feed = Feed(0, {})
    for now, (what, ids) in enumerate([*steps, ("poll", ())]):
        if what == "commit":
            visible |= set(ids)
        elif what == "poll":
            taken = take(feed, [one for one in sorted(visible) if one >= feed.start], float(now))
            told += taken.new
            feed = taken.feed
    assert sorted(told) == sorted(visible)


@given(st.sets(st.integers(1, 60)), st.data())
def test_what_ends_after_a_beginning_is_told_however_low_its_ids(
    saved: set[int], data: st.DataObject
) -> None:
    """Whoever begins knows the ids that are visible then; the others may come later."""
    visible = {one for one in saved if data.draw(st.booleans())}
    feed = begin(visible, 0.0)
    late = {one for one in saved - visible if one > min(visible, default=0)}
    taken = take(feed, [one for one in saved if one >= feed.start], 1.0)
    assert taken.new == late
