"""The contract of the store, over a file and in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from setpoint.model.errors import StateError
from setpoint.model.identity import Reserve
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.plan import Intent
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.store.audit import CHATTY, KEEP_AUDIT, KEEP_CHATTY
from setpoint.store.records import Approval, Event, EventKind, Item, Layer, Reservation
from setpoint.store.store import Store
from tests.unit.store import values
from tests.unit.store.values import HOME, MAIL, OTHER, WEB, status


def vm(name: str) -> Key:
    return Key("default", "VirtualMachine", name)


def wish(
    low: int = 100, high: int = 103, taken: frozenset[int] = frozenset(), space: str = "vmid"
) -> Reserve:
    return Reserve(space, low, high, taken)


class TestLayers:
    def test_a_layer_comes_back_with_every_byte(self, store: Store) -> None:
        layer = Layer("git", "c1", 5.0, {"a.yaml": b"\x00\xff", "wéb/b.yaml": b""})
        store.save_layer(layer)
        assert store.layer("git") == layer

    def test_a_newer_one_takes_the_place_of_all_files(self, store: Store) -> None:
        store.save_layer(Layer("git", "c1", 5.0, {"a.yaml": b"a", "b.yaml": b"b"}))
        newer = Layer("git", "c2", 6.0, {"b.yaml": b"c"})
        store.save_layer(newer)
        assert store.layer("git") == newer

    def test_sources_are_kept_apart(self, store: Store) -> None:
        store.save_layer(Layer("git", "c1", 5.0, {"a.yaml": b"a"}))
        assert store.layer("directory") is None

    def test_a_layer_that_cannot_be_saved_leaves_the_old_one(self, store: Store) -> None:
        layer = Layer("git", "c1", 5.0, {"a.yaml": b"a"})
        store.save_layer(layer)
        with pytest.raises(UnicodeEncodeError):
            store.save_layer(Layer("git", "c2", 6.0, {"b.yaml": b"b", "\ud800.yaml": b"c"}))
        assert store.layer("git") == layer

    def test_only_what_a_former_process_did_not_write_is_written(self, tmp_path: Path) -> None:
        files = {f"card/{number}": b"x" * 100 for number in range(1000)}
        first = Store.open(tmp_path / "s.db")
        first.put_in_force({}, (), (), layers=[Layer("@register", "1", 5.0, files)])
        first.close()
        second = Store.open(tmp_path / "s.db")
        changed = Layer("@register", "2", 6.0, {**files, "card/7": b"y"})
        before = second._db._connection.total_changes
        second.put_in_force({}, (), (), layers=[changed])
        # The file, the version of the layer and the accepted one.
        assert second._db._connection.total_changes - before == 3
        assert second.layer("@register") == changed
        second.close()

    def test_an_inventory_that_is_none_of_the_estates_any_more_is_forgotten(self, store: Store) -> None:
        git, book = Layer("git", "c1", 5.0, {"a.yaml": b"a"}), Layer("@register", "1", 5.0, {"card/x": b"x"})
        store.put_in_force({}, (), (), layers=[git, book])
        store.put_in_force({}, (), ())
        assert store.layer("@register") == book
        store.put_in_force({}, (), (), layers=[git])
        assert (store.layer("git"), store.layer("@register")) == (git, None)
        store.put_in_force({}, (), (), layers=[book])
        assert (store.layer("git"), store.layer("@register")) == (git, book)

    @given(layer=values.layers)
    @settings(max_examples=30, deadline=None)
    def test_any_layer_comes_back(self, layer: Layer) -> None:
        store = Store.in_memory()
        store.save_layer(layer)
        assert store.layer(layer.source) == layer
        store.close()


class TestDesired:
    def resource(self, key: Key, spec_hash: str = "h") -> Resource:
        return Resource(key, {"cores": 2}, Policy(), Origin("a.yaml", 1, 1), spec_hash, target=HOME)

    def test_nothing_was_desired_at_first(self, store: Store) -> None:
        assert store.desired() == {}

    def test_the_whole_set_is_replaced(self, store: Store) -> None:
        store.put_in_force({WEB: self.resource(WEB), MAIL: self.resource(MAIL)}, (), ())
        store.put_in_force({MAIL: self.resource(MAIL, "h2")}, (), ())
        assert store.desired() == {MAIL: self.resource(MAIL, "h2")}

    def test_the_order_is_kept(self, store: Store) -> None:
        keys = [vm("z"), vm("a"), MAIL, vm("m")]
        store.put_in_force({key: self.resource(key) for key in keys}, (), ())
        assert list(store.desired()) == keys

    def test_whatever_is_saved_after_whatever_is_there_in_full_and_in_order(self, store: Store) -> None:
        a, b, c = (Key("default", "Kind", name) for name in "abc")
        versions: list[dict[Key, tuple[Key, ...]]] = [
            {a: (), b: (a,)},
            {a: (), c: (), b: (a,)},
            {c: (), a: (c,), b: (a,)},
            {c: (), b: ()},
            {b: (), c: (b,)},
            {},
            {c: ()},
        ]
        for number, version in enumerate(versions):
            saved = {
                key: replace(self.resource(key, f"h{number}"), references=needs)
                for key, needs in version.items()
            }
            store.put_in_force(saved, (), ())
            found = store.desired()
            assert found == saved
            seen: set[Key] = set()
            for key, resource in found.items():
                assert seen.issuperset(resource.references)
                seen.add(key)

    def test_a_desired_set_that_could_not_be_saved_is_saved_in_full_the_next_time(self, store: Store) -> None:
        store.put_in_force({WEB: self.resource(WEB)}, (), ())
        unwritable = vm("\ud800")
        with pytest.raises(UnicodeEncodeError):
            store.put_in_force({WEB: self.resource(WEB, "h2"), unwritable: self.resource(unwritable)}, (), ())
        store.put_in_force({WEB: self.resource(WEB, "h2")}, (), ())
        assert store.desired() == {WEB: self.resource(WEB, "h2")}

    def test_it_comes_into_force_with_who_brought_it_or_not_at_all(self, store: Store) -> None:
        told = Event(3.0, EventKind.DECLARED, "declared by c1", WEB, "c1", "anna")
        store.put_in_force({WEB: self.resource(WEB)}, (), (), {}, (), [told])
        assert store.history(WEB) == [told]
        with pytest.raises(TypeError):
            store.put_in_force({}, (), (), {}, (), [replace(told, version=object())])  # type: ignore[arg-type]  # not JSON
        assert (store.desired(), store.history(WEB)) == ({WEB: self.resource(WEB)}, [told])

    def test_it_comes_into_force_with_its_files_and_as_the_accepted_version_or_not_at_all(
        self, store: Store
    ) -> None:
        layer = Layer("git", "c1", 5.0, {"a.yaml": b"a"})
        store.put_in_force({WEB: self.resource(WEB)}, (), (), layers=[layer])
        assert (store.layer("git"), store.accepted("git")) == (layer, "c1")
        unwritable = Layer("git", "c2", 6.0, {"\ud800.yaml": b"b"})
        with pytest.raises(UnicodeEncodeError):
            store.put_in_force({MAIL: self.resource(MAIL)}, (), (), layers=[unwritable])
        assert store.desired() == {WEB: self.resource(WEB)}
        assert (store.layer("git"), store.accepted("git")) == (layer, "c1")

    def test_what_was_kept_by_a_former_process_is_replaced(self, tmp_path: Path) -> None:
        first = Store.open(tmp_path / "s.db")
        first.put_in_force({WEB: self.resource(WEB), MAIL: self.resource(MAIL)}, (), ())
        first.save_layer(Layer("git", "c1", 5.0, {"a.yaml": b"a", "b.yaml": b"b"}))
        first.close()
        second = Store.open(tmp_path / "s.db")
        second.put_in_force({MAIL: self.resource(MAIL, "h2")}, (), ())
        second.save_layer(Layer("git", "c2", 6.0, {"b.yaml": b"B"}))
        assert second.desired() == {MAIL: self.resource(MAIL, "h2")}
        assert second.layer("git") == Layer("git", "c2", 6.0, {"b.yaml": b"B"})
        second.close()


class TestAccepted:
    def test_the_last_accepted_version_counts(self, store: Store) -> None:
        assert store.accepted("git") is None
        store.accept("git", "c1", 1.0)
        store.accept("git", "c2", 2.0)
        assert store.accepted("git") == "c2"
        assert store.accepted("directory") is None


class TestStatusesAndItems:
    def test_the_last_status_counts(self, store: Store) -> None:
        store.save_status(status())
        store.save_status(status(sentence="memory differs", outcome="Held"))
        assert store.status(WEB) == status(sentence="memory differs", outcome="Held")

    def test_statuses_come_ordered_by_key(self, store: Store) -> None:
        for key in (MAIL, vm("b"), vm("a")):
            store.save_status(status(key))
        assert [one.key for one in store.statuses()] == [vm("a"), vm("b"), MAIL]

    def test_a_forgotten_status_is_gone(self, store: Store) -> None:
        store.save_status(status())
        store.forget_status(WEB)
        store.forget_status(MAIL)
        assert store.status(WEB) is None

    def test_an_item_comes_back_until_it_is_forgotten(self, store: Store) -> None:
        item = Item(WEB, HOME, {"id": 100}, {"cores": 2}, 7.0)
        store.save_item(item)
        assert (store.item(WEB), store.items()) == (item, [item])
        store.forget_item(WEB)
        assert (store.item(WEB), store.items()) == (None, [])


class TestReservations:
    def test_the_lowest_free_number_is_given(self, store: Store) -> None:
        assert store.reserve(HOME, wish(taken=frozenset({100, 102})), vm("a"), 1.0) == 101

    def test_nobody_gets_the_number_of_another(self, store: Store) -> None:
        numbers = [store.reserve(HOME, wish(), vm(name), 1.0) for name in "abcd"]
        assert numbers == [100, 101, 102, 103]

    def test_the_same_key_gets_its_own_number_back(self, store: Store) -> None:
        store.reserve(HOME, wish(), vm("a"), 1.0)
        number = store.reserve(HOME, wish(), vm("b"), 2.0)
        again = store.reserve(HOME, wish(taken=frozenset({number})), vm("b"), 3.0)
        assert again == number
        assert store.reservation(vm("b")) == Reservation(HOME, "vmid", number, vm("b"), 2.0)

    @pytest.mark.parametrize(
        ("target", "space"), [(OTHER, "vmid"), (HOME, "vlan")], ids=["another target", "another space"]
    )
    def test_spaces_are_apart(self, store: Store, target: Key, space: str) -> None:
        store.reserve(HOME, wish(), vm("a"), 1.0)
        assert store.reserve(target, wish(space=space), vm("b"), 1.0) == 100

    def test_a_key_that_moves_to_another_target_gives_its_number_back(self, store: Store) -> None:
        store.reserve(HOME, wish(), vm("a"), 1.0)
        store.reserve(OTHER, wish(), vm("a"), 2.0)
        assert store.reservation(vm("a")) == Reservation(OTHER, "vmid", 100, vm("a"), 2.0)
        assert store.reserve(HOME, wish(), vm("b"), 3.0) == 100

    def test_a_number_outside_a_changed_range_is_given_up(self, store: Store) -> None:
        store.reserve(HOME, wish(), vm("a"), 1.0)
        assert store.reserve(HOME, wish(200, 210), vm("a"), 2.0) == 200

    def test_a_full_range_says_so_and_changes_nothing(self, store: Store) -> None:
        store.reserve(HOME, wish(100, 100), vm("a"), 1.0)
        store.reserve(HOME, wish(200, 200), vm("b"), 1.0)
        with pytest.raises(StateError, match="no vmid is free in 100-101 of Cluster/home") as caught:
            store.reserve(HOME, wish(100, 101, frozenset({101})), vm("b"), 2.0)
        assert "widen the range" in caught.value.remedy
        assert store.reservation(vm("b")) == Reservation(HOME, "vmid", 200, vm("b"), 1.0)

    def test_a_released_number_is_free_again(self, store: Store) -> None:
        store.reserve(HOME, wish(), vm("a"), 1.0)
        store.release(vm("a"))
        assert store.reservation(vm("a")) is None
        assert store.reserve(HOME, wish(), vm("b"), 2.0) == 100


class TestIntents:
    intent = Intent("create", {"id": 100}, {"name": "web01"}, 5.0)

    def test_an_open_intent_is_found_with_its_operation(self, store: Store) -> None:
        store.open_intent(WEB, HOME, self.intent)
        assert store.intent(WEB) == self.intent
        store.note_operation(WEB, "UPID:1")
        noted = store.intent(WEB)
        assert noted is not None
        assert (noted.operation, noted.began) == ("UPID:1", 5.0)

    def test_what_an_act_writes_down_on_its_way_takes_the_place_of_what_it_wrote_before(
        self, store: Store
    ) -> None:
        store.open_intent(WEB, HOME, self.intent)
        for notes in ({"asked": True}, {"token": "t"}):
            store.note_way(WEB, notes)
            assert store.intent(WEB) == replace(self.intent, notes=notes)
        store.open_intent(WEB, HOME, self.intent)
        assert store.intent(WEB) == self.intent

    def test_a_later_step_takes_the_place_of_an_earlier_one(self, store: Store) -> None:
        store.open_intent(WEB, HOME, self.intent)
        later = Intent("start", {"id": 100}, {}, 6.0)
        store.open_intent(WEB, HOME, later)
        assert store.intent(WEB) == later

    def test_a_closed_intent_is_gone(self, store: Store) -> None:
        store.open_intent(WEB, HOME, self.intent)
        store.close_intent(WEB)
        assert store.intent(WEB) is None

    def test_an_operation_without_an_intent_is_a_mistake(self, store: Store) -> None:
        with pytest.raises(KeyError):
            store.note_operation(WEB, "UPID:1")


class TestHistory:
    def event(self, sentence: str, key: Key | None = WEB, kind: EventKind = EventKind.STEP) -> Event:
        return Event(1.0, kind, sentence, key)

    def test_the_newest_comes_first(self, store: Store) -> None:
        for sentence in "abc":
            store.record(self.event(sentence))
        assert [event.sentence for event in store.history(WEB)] == ["c", "b", "a"]
        assert [event.sentence for event in store.history(WEB, limit=2)] == ["c", "b"]

    def test_a_key_has_its_own_and_the_estate_has_all(self, store: Store) -> None:
        for sentence, key in (("web", WEB), ("estate", None), ("mail", MAIL)):
            store.record(self.event(sentence, key))
        assert [event.sentence for event in store.history(WEB)] == ["web"]
        assert [event.sentence for event in store.history()] == ["mail", "estate", "web"]

    @pytest.mark.parametrize(
        ("kind", "kept"),
        [pytest.param(kind, KEEP_CHATTY if kind in CHATTY else KEEP_AUDIT, id=kind) for kind in EventKind],
    )
    def test_it_is_bounded_and_the_oldest_go(self, kind: EventKind, kept: int) -> None:
        store = Store.in_memory()
        for number in range(kept + 3):
            store.record(self.event(str(number), kind=kind))
        sentences = [event.sentence for event in store.history(WEB, limit=10_000)]
        assert sentences == [str(number) for number in range(kept + 2, 2, -1)]
        store.close()

    def test_chatter_drives_out_neither_the_audit_nor_other_keys(self, store: Store) -> None:
        store.record(self.event("started"))
        store.record(self.event("other", MAIL, EventKind.OUTCOME))
        for number in range(KEEP_CHATTY + 10):
            store.record(self.event(str(number), kind=EventKind.OUTCOME))
        assert store.history(WEB, limit=10_000)[-1].sentence == "started"
        assert [event.sentence for event in store.history(MAIL)] == ["other"]


class TestDecisions:
    def test_only_what_was_approved_is_released(self, store: Store) -> None:
        store.approve("t1", "anna", 1.0)
        assert store.approved("t1")
        assert not store.approved("t2")

    def test_the_first_approval_is_the_one_that_is_told(self, store: Store) -> None:
        store.approve("t1", "anna", 1.0)
        store.approve("t1", "bert", 2.0)
        store.approve("t2", "bert", 3.0)
        assert store.approvals() == [Approval("t2", "bert", 3.0), Approval("t1", "anna", 1.0)]

    def test_a_target_is_pinned(self, store: Store) -> None:
        assert store.pinned(HOME) is None
        store.pin(HOME, "cluster-1", 1.0)
        assert store.pinned(HOME) == "cluster-1"
        store.pin(HOME, "cluster-2", 2.0)
        assert (store.pinned(HOME), store.pinned(OTHER)) == ("cluster-2", None)

    def test_requests_are_counted_per_key(self, store: Store) -> None:
        assert store.last_request(WEB) == 0
        assert [store.request([WEB], "anna", 1.0, "v1")[WEB] for _ in range(3)] == [1, 2, 3]
        assert (store.last_request(WEB), store.last_request(MAIL)) == (3, 0)


def test_all_of_it_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state" / "setpoint.db"
    store = Store.open(path)
    store.save_status(status())
    store.reserve(HOME, wish(), WEB, 1.0)
    store.approve("t1", "anna", 1.0)
    store.close()
    again = Store.open(path)
    assert again.status(WEB) == status()
    assert again.reserve(HOME, wish(), WEB, 2.0) == 100
    assert again.approved("t1")
    again.close()
