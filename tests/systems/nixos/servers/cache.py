"""A binary cache over HTTP in a folder: it takes what is put into it, and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class HttpCache:
    """One that is served.

    Attributes:
        folder: what is in it.
        fails: the status that it answers to everything; 0 to serve.
        hangs: it answers nothing until `free` is set.
        asked: the paths that were asked for.
    """

    folder: Path
    url: str = ""
    fails: int = 0
    hangs: bool = False
    free: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list[str])


@contextmanager
def serving(folder: Path) -> Generator[HttpCache]:
    """Serve a folder for as long as the block lasts."""
    folder.mkdir(exist_ok=True)
    cache = HttpCache(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, cache))
    cache.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield cache
    finally:
        cache.free.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, cache: HttpCache, *args: object) -> None:
        self._cache = cache
        super().__init__(*args, directory=str(cache.folder))  # type: ignore[arg-type]  # as the server calls it

    def do_GET(self) -> None:
        if self._serves():
            super().do_GET()

    def do_HEAD(self) -> None:
        if self._serves():
            super().do_HEAD()

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._serves():
            return
        place = Path(self.translate_path(self.path))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        pass

    def _serves(self) -> bool:
        cache = self._cache
        cache.asked.append(self.path)
        if cache.hangs:
            cache.free.wait()
            self.close_connection = True
            return False
        if cache.fails:
            self.send_error(cache.fails)
        return not cache.fails
