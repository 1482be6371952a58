"""A repository that a daemon follows, where a commit is told by a forge's signed call."""

from __future__ import annotations

import hashlib
import hmac
import http.client
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from setpoint_lab.rehearsal_folder import free_port
from tests.bench.compiling import commit, git
from tests.bench.estate import Folder, prepare

SECRET = "s3cret"


class Estate:
    """A bare repository that a daemon follows, a clone to commit in, and the forge's call."""

    def __init__(self, folder: Folder, bare: Path, port: int) -> None:
        self.folder, self.bare, self.port = folder, bare, port

    def push(self) -> None:
        git(self.folder.declarations, "push", "-q", str(self.bare), "main")

    def ring(self) -> None:
        """Call the hook as a forge does."""
        body = b'{"ref": "refs/heads/main"}'
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", "/hook", body, headers)
        status = connection.getresponse().status
        connection.close()
        if status != http.client.ACCEPTED:
            raise ConnectionError(f"the hook answered {status}")


def repository(
    root: Path, texts: Iterable[tuple[str, str]], secrets: Mapping[str, str], **settings: Any
) -> Estate:
    """These files in a repository on this host, of which the daemon is told by its hook; `secrets` are environment variables."""
    bare, port = root / "bare.git", free_port(0)
    folder = prepare(
        root / "estate",
        texts,
        # It is watched, too; the hook is what tells first.
        source={"git": {"url": str(bare), "poll": "1h"}},
        hook={"listen": f"127.0.0.1:{port}", "secret": {"env": "BENCH_HOOK"}},
        secrets={**secrets, "BENCH_HOOK": SECRET},
        systems=False,
        **settings,
    )
    git(root, "init", "-q", "--bare", "-b", "main", str(bare))
    git(folder.declarations, "init", "-q", "-b", "main")
    commit(folder.declarations, "Declare everything")
    estate = Estate(folder, bare, port)
    estate.push()
    return estate
