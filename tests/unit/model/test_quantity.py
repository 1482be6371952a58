from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint.model.quantity import (
    Bytes,
    Duration,
    format_bytes,
    format_duration,
    parse_bytes,
    parse_duration,
)
from setpoint.model.spec import Spec, described


class Sized(Spec):
    size: Bytes = described("How large.", 0)
    span: Duration = described("How long.", timedelta(0))


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (0, 0),
        (17, 17),
        ("17", 17),
        ("17B", 17),
        ("1KiB", 1024),
        ("512 MiB", 512 << 20),
        (" 2GiB ", 2 << 30),
        ("1.5GiB", 1536 << 20),
        ("0.5KiB", 512),
        ("3TiB", 3 << 40),
        ("1PiB", 1 << 50),
        ("9007199254740993", 9007199254740993),
        ("8589934592.0009765625MiB", (8589934592 << 20) + 1024),
    ],
    ids=str,
)
def test_a_size_is_read_to_the_byte(written: object, size: int) -> None:
    assert parse_bytes(written) == size


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (-1, "never negative"),
        ("-1GiB", "'-1GiB' is no size; write a number and a unit, e.g. 2GiB"),
        ("", "'' is no size"),
        ("GiB", "no size"),
        ("1e3", "no size"),
        (True, "'True' is no size"),
        (1.5, "'1.5' is no size"),
        (None, "'None' is no size"),
        ("٣GiB", "no size"),
        ("2GB", "'GB' is no unit of size; use KiB, MiB, GiB or TiB"),
        ("2gib", "'gib' is no unit"),
        ("2G", "'G' is no unit"),
        ("0.3KiB", "no whole number of bytes"),
        ("1.5", "no whole number of bytes"),
    ],
    ids=str,
)
def test_what_is_no_size_is_refused_with_the_right_form(written: object, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_bytes(written)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0B"),
        (17, "17B"),
        (1024, "1KiB"),
        (1536 << 20, "1536MiB"),
        (2 << 30, "2GiB"),
        (1 << 60, "1024PiB"),
    ],
)
def test_a_size_is_shown_in_its_largest_exact_unit(size: int, text: str) -> None:
    assert format_bytes(size) == text


@given(st.integers(0, 1 << 70))
def test_a_size_survives_being_shown_and_read(size: int) -> None:
    assert parse_bytes(format_bytes(size)) == size


@pytest.mark.parametrize(
    ("written", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("1h30m", timedelta(minutes=90)),
        ("14d", timedelta(days=14)),
        ("1d1h1m1s", timedelta(days=1, hours=1, minutes=1, seconds=1)),
        ("0s", timedelta(0)),
        (timedelta(seconds=5), timedelta(seconds=5)),
    ],
    ids=str,
)
def test_a_duration_is_read(written: object, span: timedelta) -> None:
    assert parse_duration(written) == span


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "'' is no duration; write e.g. 90s, 10m, 1h30m or 14d"),
        ("10", "no duration"),
        (10, "'10' is no duration"),
        (None, "'None' is no duration"),
        ("30m1h", "no duration"),
        ("1.5h", "no duration"),
        ("1h 30m", "no duration"),
        ("-1h", "no duration"),
        ("1w", "no duration"),
        ("1000000000d", "'1000000000d' is longer than any duration"),
        ("99999999999999999999s", "longer than any duration"),
    ],
    ids=str,
)
def test_what_is_no_duration_is_refused_with_the_right_form(written: object, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_duration(written)


@given(st.integers(0, 10**10).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_duration_survives_being_shown_and_read(span: timedelta) -> None:
    assert parse_duration(format_duration(span)) == span


@given(st.text())
def test_any_text_is_a_quantity_or_a_mistake_that_a_person_can_read(text: str) -> None:
    for field in ("size", "span"):
        with suppress(ValidationError):
            assert Sized.model_validate({field: text}).model_fields_set == {field}


def test_a_spec_shows_its_quantities_as_people_write_them() -> None:
    sized = Sized.model_validate({"size": "1024MiB", "span": "60m"})
    assert sized.model_dump(mode="json") == {"size": "1GiB", "span": "1h"}
    assert sized.model_dump() == {"size": 1 << 30, "span": timedelta(hours=1)}


@given(st.integers(0, 1 << 70), st.integers(0, 10**10).map(lambda seconds: timedelta(seconds=seconds)))
def test_the_published_patterns_take_what_we_show(size: int, span: timedelta) -> None:
    fields = Sized.model_json_schema()["properties"]
    assert re.search(fields["size"]["anyOf"][0]["pattern"], format_bytes(size))
    assert re.search(fields["span"]["pattern"], format_duration(span))
