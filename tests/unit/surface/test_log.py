"""Log lines: one format for everybody, fixed fields, never a secret."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from setpoint.model.key import Key
from setpoint.model.secret import Secret
from setpoint.settings import LogFormat, LogLevel, LogSettings
from setpoint.surface.log import set_up_log


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before[0], before[1]
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def told(format_: LogFormat = LogFormat.JSON, level: LogLevel = LogLevel.INFO) -> io.StringIO:
    stream = io.StringIO()
    set_up_log(LogSettings(format=format_, level=level), stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_its_fields() -> None:
    stream = told()
    structlog.stdlib.get_logger("setpoint.worker").info(
        "reconcile_ended", key=Key("default", "Box", "a"), n=1
    )
    (line,) = lines(stream)
    assert line | {"timestamp": ""} == {
        "event": "reconcile_ended", "key": "Box/a", "n": 1, "level": "info",
        "logger": "setpoint.worker", "timestamp": "",
    }  # fmt: skip


@pytest.mark.parametrize("format_", list(LogFormat), ids=str)
def test_no_secret_is_written(format_: LogFormat) -> None:
    stream = told(format_)
    log = structlog.stdlib.get_logger("setpoint.lane")
    log.info("connected", credential=Secret("hunter2"), password="hunter2", Authorization="hunter2")
    assert "connected" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def refuse(password: str) -> None:
    raise ValueError(f"bad length {len(password)}")


@pytest.mark.parametrize("format_", list(LogFormat), ids=str)
def test_a_traceback_shows_no_local_variables(format_: LogFormat) -> None:
    stream = told(format_)
    held = Secret("hunter2")
    try:
        refuse(held.reveal())
    except ValueError:
        structlog.stdlib.get_logger("setpoint.worker").exception("reconcile_crashed")
    assert "ValueError: bad length 7" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_libraries_speak_from_warning_upwards_and_in_the_same_format() -> None:
    stream = told(level=LogLevel.DEBUG)
    library = logging.getLogger("urllib3.connectionpool")
    library.info("noise")
    library.warning("%s is full", "the pool")
    logging.getLogger("setpoint_box.client").debug("box_opened")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old habits", DeprecationWarning, stacklevel=1)
    assert [line["event"] for line in lines(stream)][:2] == ["the pool is full", "box_opened"]
    assert "old habits" in str(lines(stream)[2]["event"])


def test_the_level_holds_for_everybody() -> None:
    stream = told(level=LogLevel.ERROR)
    structlog.stdlib.get_logger("setpoint.worker").warning("quiet")
    logging.getLogger("asyncio").warning("quiet too")
    logging.getLogger("asyncio").error("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_the_console_has_no_colours_off_a_terminal() -> None:
    stream = told(LogFormat.CONSOLE)
    structlog.stdlib.get_logger("setpoint.worker").info("reconcile_ended", outcome="Done")
    assert "\x1b" not in stream.getvalue()
    assert "outcome=Done" in stream.getvalue()
