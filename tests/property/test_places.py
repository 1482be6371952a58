"""Random askers for places: never more than there are, nobody overtaken for ever, and nothing stays idle or held."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from setpoint.decide.places import Places

LIMITS = {"ceph": 2, "pve1": 1, "pve2": 2, "pve3": 3}
WISHES = st.frozensets(st.sampled_from(sorted(LIMITS)), min_size=1, max_size=3)
NAMES = st.sampled_from("abcdefghijkl")


class Asking(RuleBasedStateMachine):
    """Holders ask, use, and go; the model only knows who uses what, and in which order they asked."""

    def __init__(self) -> None:
        super().__init__()
        self.limits = dict(LIMITS)
        self.places = Places[str](lambda scope: self.limits[scope], self._granted)
        self.using: dict[str, frozenset[str]] = {}
        self.asking: dict[str, frozenset[str]] = {}
        self.adopted: set[str] = set()

    def _granted(self, name: str) -> None:
        self.using[name] = self.asking.pop(name)

    @rule(name=NAMES, wish=WISHES)
    def ask(self, name: str, wish: frozenset[str]) -> None:
        if self.using.get(name) == wish:
            assert self.places.take(name, wish) is None
            return
        self.using.pop(name, None)
        self.adopted.discard(name)
        if self.asking.get(name) != wish:
            self.asking.pop(name, None)
            self.asking[name] = wish
        crowd = self.places.take(name, wish)
        if crowd is None:
            self._granted(name)
        else:
            assert crowd.scope in wish
            assert len(crowd.users) >= crowd.limit or crowd.before == next(iter(self.asking))

    @rule(name=NAMES, wish=WISHES)
    def adopt(self, name: str, wish: frozenset[str]) -> None:
        self.asking.pop(name, None)
        self.using[name] = wish
        self.adopted.add(name)
        self.places.hold(name, wish)

    @rule(name=NAMES)
    def go(self, name: str) -> None:
        self.using.pop(name, None)
        self.asking.pop(name, None)
        self.adopted.discard(name)
        self.places.drop(name)

    @rule(scope=st.sampled_from(sorted(LIMITS)), more=st.integers(0, 2))
    def widen(self, scope: str, more: int) -> None:
        self.limits[scope] += more
        self.places.review()

    @precondition(lambda self: self.asking)
    @rule()
    def whoever_waits_longest_is_next_once_its_scopes_are_free(self) -> None:
        first, wish = next(iter(self.asking.items()))
        for name in [name for name, scopes in self.using.items() if not wish.isdisjoint(scopes)]:
            if first in self.asking:
                self.go(name)
        assert first in self.using

    @invariant()
    def no_more_than_there_are(self) -> None:
        for scope, limit in self.limits.items():
            used = sum(scope in scopes for scopes in self.using.values())
            assert self.places.usage().get(scope, 0) == used
            assert used <= limit or any(scope in self.using[name] for name in self.adopted)

    @invariant()
    def everybody_is_known_and_in_the_order_of_asking(self) -> None:
        assert self.places.waiting() == tuple(self.asking)
        assert all(self.places.holds(name) for name in self.using)
        assert all(name in self.places for name in self.asking)

    @invariant()
    def nobody_waits_for_what_is_free(self) -> None:
        for number, wish in enumerate(self.asking.values()):
            kept = next(iter(self.asking.values())) if number else frozenset[str]()
            used = {s: sum(s in scopes for scopes in self.using.values()) + (s in kept) for s in wish}
            assert any(used[scope] >= self.limits[scope] for scope in wish)


Asking.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestPlaces = Asking.TestCase


def test_a_scope_without_any_place_has_one() -> None:
    places = Places[str](lambda scope: 0, lambda name: None)
    assert places.take("a", {"x"}) is None
    crowd = places.take("b", {"x"})
    assert crowd is not None
    assert (crowd.scope, crowd.limit, crowd.users) == ("x", 1, ("a",))


def test_a_place_is_kept_for_whoever_waits_longest() -> None:
    granted: list[str] = []
    places = Places[str](lambda scope: 1, granted.append)
    assert places.take("user of x", {"x"}) is None
    assert places.take("waits for both", {"x", "y"}) is not None
    crowd = places.take("wants y", {"y"})
    assert crowd is not None
    assert (crowd.users, crowd.before) == ((), "waits for both")
    places.drop("user of x")
    places.drop("waits for both")
    assert granted == ["waits for both", "wants y"]
