from __future__ import annotations

import json

import pytest

from setpoint.model.inventory import Content
from setpoint_netbox.content import (
    STATE,
    Released,
    State,
    encode_view,
    make_content,
    released,
    renamed,
    state,
    view_path,
    views,
)

WEB = view_path("virtualization.virtualmachine", 17)
KNOWN = State(
    "https://netbox", "4.6", 40, {38: 5.5}, {WEB: Released("its tag was removed", 6.0)}, {WEB: "old"}
)


def test_the_state_comes_back_as_it_was_kept() -> None:
    content = make_content({WEB: b"{}"}, KNOWN)
    assert state(content) == KNOWN
    assert released(content) == {WEB}
    assert renamed(content) == {WEB: "old"}


def test_views_are_everything_but_the_state() -> None:
    content = make_content({WEB: b'{"id":17}'}, State())
    assert dict(views(content)) == {WEB: b'{"id":17}'}
    assert content.files[WEB] == b'{"id":17}'


def test_equal_objects_give_equal_bytes_whatever_the_order_of_their_fields() -> None:
    assert encode_view({"name": "wéb", "id": 1}) == encode_view(json.loads('{"id": 1, "name": "w\\u00e9b"}'))


@pytest.mark.parametrize(
    ("views_now", "known", "same"),
    [
        pytest.param(
            {WEB: b"{}"}, State(hi=900, holes={3: 1.0}), True, id="only how far the changes were read"
        ),
        pytest.param({WEB: b"[]"}, State(), False, id="a view"),
        pytest.param({}, State(), False, id="one view fewer"),
        pytest.param({WEB: b"{}"}, State(released={WEB: Released("", 1.0)}), False, id="what was released"),
        pytest.param({WEB: b"{}"}, State(renamed={WEB: "old"}), False, id="a name"),
    ],
)
def test_another_version_is_whatever_makes_other_sheets(
    views_now: dict[str, bytes], known: State, *, same: bool
) -> None:
    assert (make_content(views_now, known).version == make_content({WEB: b"{}"}, State()).version) is same


@pytest.mark.parametrize("text", [b"", b"[]", b'{"holes": 3}', b'{"released": {"a": "b"}}', b"{}"])
def test_a_state_that_nobody_of_ours_wrote_is_none(text: bytes) -> None:
    assert state(Content("1", {STATE: text})) == State()
