"""The HTTP address over a real daemon of the toy: what each route answers, and to whom it does not wait."""

from __future__ import annotations

import asyncio
import gzip
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, web
from structlog.testing import capture_logs

from setpoint.model.errors import SettingsError
from setpoint.run.supervisor import Phase, Supervisor
from setpoint.settings import MetricsSettings
from setpoint.surface.metrics import serve
from setpoint.surface.metrics.meters import PrometheusMeters
from setpoint.surface.metrics.serve import make_app, serve_metrics
from tests.served import Served, serve_toy
from tests.unit.surface.metrics.measured import boxed
from tests.unit.surface.metrics.reading import value


@dataclass
class Watched:
    """A daemon with its address for machines."""

    served: Served
    url: str
    session: ClientSession

    @property
    def supervisor(self) -> Supervisor:
        return self.served.supervisor

    async def get(self, path: str, **headers: str) -> tuple[ClientResponse, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(self.url + path, headers=named) as response:
            return response, await response.text()

    async def page(self) -> str:
        return (await self.get("/metrics"))[1]


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    meters = PrometheusMeters()
    async with serve_toy(tmp_path) as served:
        await served.in_sync("Shelf/s", "Box/a", "Box/b")
        with ThreadPoolExecutor(max_workers=1) as thread:
            runner = web.AppRunner(make_app(served.supervisor, meters, thread), shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with ClientSession() as session:
                yield Watched(served, url, session)
            await runner.cleanup()


async def test_a_scrape_shows_what_is_declared_now(watched: Watched) -> None:
    assert value(await watched.page(), "setpoint_resource_condition", name="a", type="Ready") == 1
    (watched.served.folder / "a.yaml").unlink()
    await watched.served.until(lambda status: not any(row["name"] == "a" for row in status["resources"]))
    page = await watched.page()
    assert 'name="a"' not in page
    assert value(page, "setpoint_resource_condition", name="b", type="Ready") == 1


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [
        pytest.param("text/plain", "text/plain; version=0.0.4", "\n", id="text"),
        pytest.param("*/*", "text/plain; version=0.0.4", "\n", id="a browser"),
        pytest.param(
            "application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0", "# EOF\n",
            id="OpenMetrics",
        ),
    ],
)  # fmt: skip
async def test_the_reader_chooses_the_format(
    watched: Watched, accept: str, content_type: str, end: str
) -> None:
    response, text = await watched.get("/metrics", Accept=accept)
    assert response.headers["Content-Type"].startswith(content_type)
    assert text.endswith(end)
    assert value(text.removesuffix("# EOF\n"), "setpoint_resource_condition", name="a", type="Ready") == 1


async def test_openmetrics_is_read_by_the_library_as_a_whole(watched: Watched) -> None:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    _, text = await watched.get("/metrics", Accept="application/openmetrics-text;version=1.0.0")
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"setpoint_resource_condition", "setpoint_reconciles", "setpoint_queue_depth"} <= names


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("identity", False),
        ("xgzip", False),
    ],
)
async def test_it_is_zipped_for_who_takes_that(watched: Watched, accepted: str, zipped: bool) -> None:  # noqa: FBT001
    async with ClientSession(auto_decompress=False) as session:
        headers = {"Accept-Encoding": accepted}
        async with session.get(f"{watched.url}/metrics", headers=headers) as response:
            body = await response.read()
    assert response.headers.get("Content-Encoding") == ("gzip" if zipped else None)
    assert "setpoint_target_up" in (gzip.decompress(body) if zipped else body).decode()


async def test_head_and_the_index_answer(watched: Watched) -> None:
    async with watched.session.head(f"{watched.url}/metrics") as response:
        assert (response.status, await response.read()) == (200, b"")
    _, index = await watched.get("/")
    for path in re.findall(r'href="([^"]+)"', index):
        assert (await watched.get(path))[0].status == 200


async def test_nothing_can_be_changed(watched: Watched) -> None:
    for path in ("/metrics", "/healthz", "/readyz", "/"):
        async with watched.session.post(watched.url + path) as response:
            assert response.status == 405


async def test_secrets_are_in_no_series(watched: Watched, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open-sesame\n")
    secret.chmod(0o600)
    watched.served.write(c=f"kind: Box\nmetadata: {{name: c}}\nspec: {{lock: {{file: {secret}}}}}\n")
    await watched.served.in_sync("Box/c")
    assert watched.served.fields("c")["lock"] == "open-sesame"
    assert "sesame" not in await watched.page()


async def test_many_scrapes_at_once_are_all_answered(watched: Watched) -> None:
    pages = await asyncio.gather(*(watched.page() for _ in range(8)))
    assert all(value(page, "setpoint_resource_condition", name="a", type="Ready") == 1 for page in pages)


class TestTroubledStore:
    async def test_a_scrape_shows_what_is_known_while_the_database_takes_no_writes(
        self, watched: Watched
    ) -> None:
        store = watched.supervisor.estate.store
        store._db.run("PRAGMA query_only = ON")
        page = await watched.page()
        assert value(page, "setpoint_resource_condition", name="b", type="Ready") == 1
        store._db.run("PRAGMA query_only = OFF")

    async def test_it_is_not_ready_and_says_why_and_recovers(self, watched: Watched) -> None:
        store = watched.supervisor.estate.store
        store._db.run("PRAGMA query_only = ON")
        response, text = await watched.get("/readyz")
        assert response.status == 503
        assert "cannot be written" in text
        assert text.count("\n") == 1
        assert (await watched.get("/healthz"))[0].status == 200
        store._db.run("PRAGMA query_only = OFF")
        assert (await watched.get("/readyz"))[0].status == 200


async def test_health_follows_the_life_of_the_daemon(watched: Watched) -> None:
    response, text = await watched.get("/readyz")
    assert (response.status, text.partition(";")[0]) == (200, "3 resources")
    for phase in (Phase.STARTING, Phase.STOPPING):
        watched.supervisor.phase = phase
        response, text = await watched.get("/readyz")
        assert (response.status, text) == (503, f"the daemon is {phase}\n")
        response, text = await watched.get("/healthz")
        assert (response.status, text) == (200, f"the daemon is {phase}\n")
    watched.supervisor.phase = Phase.RUNNING


async def test_a_worker_that_ended_is_bad_health(watched: Watched) -> None:
    worker = next(task for task in asyncio.all_tasks() if task.get_name() == "Shelf/s#0")
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    response, text = await watched.get("/healthz")
    assert (response.status, text) == (503, "1 worker has ended by itself; restart the daemon\n")


def swell(supervisor: Supervisor, number: int) -> None:
    """Declare so much that a page does not fit into the buffers of a connection."""
    for index in range(number):
        resource = boxed(f"{'x' * 400}{index}")
        supervisor.estate.resources[resource.key] = resource


async def test_a_reader_that_stands_still_is_let_go_and_holds_up_nobody(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "SLOWEST", 1.0)
    swell(watched.supervisor, 10_000)
    host, port = watched.url.removeprefix("http://").split(":")
    with capture_logs() as logs, socket.socket() as still:
        still.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        still.setblocking(False)
        await asyncio.get_running_loop().sock_connect(still, (host, int(port)))
        await asyncio.get_running_loop().sock_sendall(still, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(20):
            assert (await watched.get("/healthz"))[0].status == 200
            while not any(line["event"] == "metrics_reader_too_slow" for line in logs):
                await asyncio.sleep(0.05)
            assert await drained(still) < len(await watched.page())


async def drained(reader: socket.socket) -> int:
    """How many bytes were still on their way when the connection ended."""
    total = 0
    with suppress(ConnectionResetError):
        while content := await asyncio.get_running_loop().sock_recv(reader, 1 << 20):
            total += len(content)
    return total


async def test_the_loop_goes_on_while_a_large_page_is_rendered(watched: Watched) -> None:
    swell(watched.supervisor, 10_000)
    loop, lags = asyncio.get_running_loop(), [0.0]

    async def beat() -> None:
        while True:
            began = loop.time()
            await asyncio.sleep(0.001)
            lags.append(loop.time() - began)

    beating = asyncio.create_task(beat())
    began = loop.time()
    async with watched.session.head(f"{watched.url}/metrics") as response:
        assert response.status == 200
    took = loop.time() - began
    beating.cancel()
    assert len(lags) > 5
    assert max(lags) < took


class TestAddress:
    async def test_a_taken_one_is_refused_with_the_way_out(self, tmp_path: Path) -> None:
        async with serve_toy(tmp_path) as served:
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                settings = MetricsSettings(listen=f"127.0.0.1:{taken.getsockname()[1]}")
                with pytest.raises(SettingsError, match="the metrics cannot listen on 127") as caught:
                    async with serve_metrics(settings, served.supervisor, PrometheusMeters()):
                        pytest.fail("it serves")
            assert caught.value.remedy == "set metrics.listen to a free address, or to none"

    @pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0"])
    async def test_the_log_tells_the_address_that_can_be_asked(self, tmp_path: Path, listen: str) -> None:
        meters = PrometheusMeters()
        async with serve_toy(tmp_path) as served:
            with capture_logs() as logs:
                async with (
                    serve_metrics(MetricsSettings(listen=listen), served.supervisor, meters),
                    ClientSession() as session,
                ):
                    (address,) = (line["address"] for line in logs if line["event"] == "metrics_open")
                    async with session.get(f"http://{address}/healthz") as response:
                        assert response.status == 200
                    lag = meters.registry.get_sample_value
                    async with asyncio.timeout(20):
                        while not lag("setpoint_event_loop_lag_seconds_count"):
                            await asyncio.sleep(0.05)

    async def test_none_serves_nothing(self, tmp_path: Path) -> None:
        async with serve_toy(tmp_path) as served:
            with capture_logs() as logs:
                async with serve_metrics(
                    MetricsSettings(listen="none"), served.supervisor, PrometheusMeters()
                ):
                    pass
        assert not [line for line in logs if line["event"] == "metrics_open"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
async def test_promtool_finds_nothing_to_say(watched: Watched) -> None:
    text = "".join(line for line in (await watched.page()).splitlines(keepends=True) if "python_" not in line)
    checked = await asyncio.to_thread(
        subprocess.run,
        ("promtool", "check", "metrics"),
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
