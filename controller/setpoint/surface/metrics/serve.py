"""The HTTP address for machines that watch: /metrics, /healthz, /readyz. It changes nothing and knows no secret."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import hdrs, web
from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from setpoint.run.supervisor import Supervisor
from setpoint.settings import MetricsSettings
from setpoint.surface import health
from setpoint.surface.doorman import Manners, open_door
from setpoint.surface.metrics.collector import EstateCollector
from setpoint.surface.metrics.lag import measuring_lag
from setpoint.surface.metrics.measures import metrics_of
from setpoint.surface.metrics.meters import PrometheusMeters
from setpoint.surface.metrics.series import ResourceSeries
from setpoint.surface.metrics.snapshot import take

SLOWEST: Final = 30.0
"""Seconds that a reader may take for an answer; a page of many megabytes is not kept for one that stands still."""
MANNERS: Final = Manners(most=64, longest=120.0, renewed=True)
"""Strangers on the network must not take what the daemon itself opens."""
_ZIP_LEVEL: Final = 1
_GZIP: Final = re.compile(r"(^|,)\s*gzip\s*(;(?!\s*q=0(\.0*)?\s*(,|$))|,|$)")
"""The header of a reader that takes gzip."""
_INDEX: Final = """<!doctype html><title>Setpoint</title><h1>Setpoint</h1>
<ul><li><a href="/metrics">/metrics</a><li><a href="/healthz">/healthz</a><li><a href="/readyz">/readyz</a></ul>
"""
_log = structlog.stdlib.get_logger("setpoint.metrics")


@dataclass(frozen=True)
class Page(Collector):
    """What was counted, and what is read now."""

    counted: Collector
    read: Collector

    def collect(self) -> Iterator[Metric]:
        """Every family of both."""
        yield from self.counted.collect()
        yield from self.read.collect()


@asynccontextmanager
async def serve_metrics(
    settings: MetricsSettings, supervisor: Supervisor, meters: PrometheusMeters
) -> AsyncGenerator[None]:
    """Answer at the address of the settings for the length of the block; nowhere when they say so.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    if settings.address is None:
        yield
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics") as thread:
        door = open_door(
            make_app(supervisor, meters, thread),
            MANNERS,
            settings.address,
            what="the metrics",
            remedy="set metrics.listen to a free address, or to none",
        )
        async with door as address:
            _log.info("metrics_open", address=address)
            async with measuring_lag(meters.lagged):
                yield


def make_app(supervisor: Supervisor, meters: PrometheusMeters, thread: ThreadPoolExecutor) -> web.Application:
    """The routes; pages are rendered in `thread`, one after the other."""
    series = ResourceSeries(metrics_of(supervisor.estate.kinds))

    async def metrics(request: web.Request) -> web.StreamResponse:
        encode, content_type = choose_encoder(request.headers.get(hdrs.ACCEPT, ""))
        shot = take(supervisor)
        meters.keep(str(target) for target in shot.lanes)
        zipped = _GZIP.search(request.headers.get(hdrs.ACCEPT_ENCODING, "")) is not None

        def render() -> bytes:
            resources, count = series.render(shot.resources, shot.statuses, shot.now)
            text = resources.encode() + encode(Page(meters.registry, EstateCollector(shot, count)))
            return gzip.compress(text, _ZIP_LEVEL, mtime=0) if zipped else text

        body = await asyncio.get_running_loop().run_in_executor(thread, render)
        headers: dict[str, str] = {hdrs.CONTENT_TYPE: content_type}
        if zipped:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        return await _send(request, body, headers)

    async def healthz(_request: web.Request) -> web.Response:
        return _told(health.alive(supervisor))

    async def readyz(_request: web.Request) -> web.Response:
        return _told(await health.ready(supervisor))

    async def index(_request: web.Request) -> web.Response:
        return web.Response(text=_INDEX, content_type="text/html")

    app = web.Application()
    app.add_routes(
        [
            web.get("/", index),
            web.get("/metrics", metrics),
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
        ]
    )
    return app


async def _send(request: web.Request, body: bytes, headers: Mapping[str, str]) -> web.StreamResponse:
    """Send the page here and not after the handler, where nothing would bound how long that takes."""
    response = web.StreamResponse(headers=headers)
    response.content_length = len(body)
    try:
        async with asyncio.timeout(SLOWEST):
            await response.prepare(request)
            if request.method != hdrs.METH_HEAD:
                await response.write(body)
            await response.write_eof()
    except TimeoutError:
        _log.warning("metrics_reader_too_slow", peer=request.remote)
        if request.transport is not None:
            request.transport.abort()
    return response


def _told(verdict: health.Verdict) -> web.Response:
    status = HTTPStatus.OK if verdict.well else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(text=f"{verdict.sentence}\n", status=status)
