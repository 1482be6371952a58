"""The body of an upload: some fields and one file, which is read as it is sent, however large it is."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import uuid4

CHUNK = 1 << 20


class Multipart:
    """Readable once, from beginning to end; used in a `with`.

    Attributes:
        content_type: of the request.
        sent: bytes that were read of it so far.
    """

    def __init__(self, fields: Mapping[str, str], name: str, path: Path) -> None:
        """The fields come first, and then the file as `filename`: Proxmox has to know them before.

        Raises:
            OSError: the file cannot be read.
        """
        boundary = uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.sent = 0
        self._stopped = False
        self._file: BinaryIO = path.open("rb")
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in fields.items()
        )
        head += f'--{boundary}\r\nContent-Disposition: form-data; name="filename"; filename="{name}"\r\n'
        head += "Content-Type: application/octet-stream\r\n\r\n"
        self._parts: list[BinaryIO] = [
            io.BytesIO(head.encode()),
            self._file,
            io.BytesIO(f"\r\n--{boundary}--\r\n".encode()),
        ]
        self._length = sum(_length(part) for part in self._parts)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(CHUNK):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; empty at the end.

        Raises:
            OSError: it was stopped, or the file cannot be read any more.
        """
        if self._stopped:
            raise OSError("the upload was stopped")
        while self._parts:
            chunk = self._parts[0].read(size)
            if chunk:
                self.sent += len(chunk)
                return chunk
            del self._parts[0]
        return b""

    def stop(self) -> None:
        """Let whoever sends it break off: a body that is not whole is thrown away where it arrives."""
        self._stopped = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _length(part: BinaryIO) -> int:
    length = part.seek(0, io.SEEK_END)
    part.seek(0)
    return length
