"""A real repository to fetch from, written with plumbing commands: no work tree, no settings of the host."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

AUTHOR = {
    "GIT_AUTHOR_NAME": "Ánna Admin",
    "GIT_AUTHOR_EMAIL": "anna@example.org",
    "GIT_COMMITTER_NAME": "Ánna Admin",
    "GIT_COMMITTER_EMAIL": "anna@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


@dataclass(frozen=True)
class Repository:
    path: Path

    @classmethod
    def make(cls, path: Path) -> Repository:
        repository = cls(path)
        path.mkdir(parents=True)
        repository.git("init", "--quiet", "--bare", "--initial-branch=main")
        return repository

    def git(self, *arguments: str, given: bytes = b"") -> str:
        command = ["git", f"--git-dir={self.path}", *arguments]
        env = {**os.environ, **AUTHOR}
        done = subprocess.run(command, input=given, capture_output=True, check=True, env=env)
        return done.stdout.decode().strip()

    def tree(self, files: Mapping[str, bytes], modes: Mapping[str, str]) -> str:
        index = {"GIT_INDEX_FILE": str(self.path.with_suffix(".index"))}
        lines = [
            f"{modes.get(path, '100644')} {self.blob(content, modes.get(path))}\t{path}\0"
            for path, content in files.items()
        ]
        env = {**os.environ, **AUTHOR, **index}
        base = ["git", f"--git-dir={self.path}"]
        subprocess.run([*base, "read-tree", "--empty"], check=True, env=env)
        told = "".join(lines).encode(errors="surrogateescape")
        subprocess.run([*base, "update-index", "-z", "--index-info"], input=told, check=True, env=env)
        done = subprocess.run([*base, "write-tree", "--missing-ok"], check=True, env=env, capture_output=True)
        return done.stdout.decode().strip()

    def blob(self, content: bytes, mode: str | None) -> str:
        if mode == "160000":
            return content.decode()
        return self.git("hash-object", "-w", "--stdin", given=content)

    def commit(
        self,
        files: Mapping[str, bytes],
        *,
        parent: str | None = None,
        branch: str = "main",
        subject: str = "Change",
        modes: Mapping[str, str] | None = None,
    ) -> str:
        """Commit `files` as the whole content on top of `parent`, and move the branch there."""
        parents = ["-p", parent] if parent else []
        tree = self.tree(files, modes or {})
        commit = self.git("commit-tree", tree, *parents, "-m", subject)
        self.git("update-ref", f"refs/heads/{branch}", commit)
        return commit
