"""How the daemon tells what it does: fixed event names with fields, for people or for a collector, never a secret."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import TextIO

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import EventDict, Processor, WrappedLogger

from setpoint.model.key import Key
from setpoint.model.secret import Secret
from setpoint.settings import LogFormat, LogSettings

OURS = "setpoint"
"""Loggers whose names begin so are ours; every other one speaks only from WARNING upwards."""
HIDDEN = frozenset({"password", "secret", "authorization", "cookie", "token_value"})
"""Fields that are never written, whatever they hold."""

_STRANGERS = (HttpProcessingError, ConnectionError)
"""What whoever reaches an address can cause as often as it likes; a line with a traceback each would fill the disk."""


def set_up_log(settings: LogSettings, stream: TextIO) -> None:
    """Send every log line of this process to `stream`, ours and those of libraries in one format."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(is_worth_it)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=_ending(settings, stream))
    )
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what must never be written."""
    return {
        name: "…" if name.lower() in HIDDEN or isinstance(value, Secret) else _plain(value)
        for name, value in event.items()
    }


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Key) else value


def is_worth_it(record: logging.LogRecord) -> bool:
    """Whether a line of a library, or of ours, is written: not that a stranger sent no HTTP, or hung up."""
    if record.name.startswith("aiohttp.") and record.exc_info and isinstance(record.exc_info[1], _STRANGERS):
        return False
    return record.name.partition(".")[0].startswith(OURS) or record.levelno >= logging.WARNING


_SHARED: Sequence[Processor] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    hide_secrets,
)


def _ending(settings: LogSettings, stream: TextIO) -> list[Processor]:
    """What makes a line of an event. Tracebacks are plain: richer ones print local variables, secrets among them."""
    first: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.format is LogFormat.JSON:
        return [*first, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    coloured = stream.isatty() and not os.environ.get("NO_COLOR")
    console = structlog.dev.ConsoleRenderer(
        colors=coloured, exception_formatter=structlog.dev.plain_traceback, pad_event_to=24
    )
    return [*first, console]
