"""The wire to a simulated host: what is sent while it is cut arrives when it is mended, as over a real one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

_STEP = 0.02
_CHUNK = 65_536


class Link:
    """Passes on TCP from one place of the loopback to another, as long as the wire is whole.

    Attributes:
        cut: whether somebody pulled it.
        passed: bytes that went towards the host.
    """

    def __init__(self, address: str, port: int, inner: int, down: Callable[[], bool]) -> None:
        self._inner = (address, inner)
        self._down = down
        self._closed = False
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server((address, port))
        self.cut = False
        self.passed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection, and listen no more."""
        self._closed = True
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                outer, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(outer,), daemon=True).start()

    def _connect(self, outer: socket.socket) -> None:
        """A connection that is asked for while the wire is cut comes about later: its first packet is sent again."""
        self._sockets.add(outer)
        self._whole()
        inner = socket.socket()
        self._sockets.add(inner)
        try:
            inner.connect(self._inner)
        except OSError:
            self._end(outer, inner)
            return
        threading.Thread(target=self._pump, args=(inner, outer), daemon=True).start()
        self._pump(outer, inner, inward=True)

    def _pump(self, source: socket.socket, sink: socket.socket, *, inward: bool = False) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK):
                self._whole()
                sink.sendall(chunk)
                self.passed += len(chunk) if inward else 0
        self._whole()
        self._end(source, sink)

    def _end(self, *sockets: socket.socket) -> None:
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self._sockets.discard(each)

    def _whole(self) -> None:
        while (self.cut or self._down()) and not self._closed:
            time.sleep(_STEP)
