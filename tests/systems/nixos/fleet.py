"""A git repository with a flake of simulated NixOS systems, of which each behaves as its knobs say.

fleet = Fleet(tmp_path)
fleet.host("web01", payload="one", failUnits=["nginx.service"])
revision = fleet.commit()  # nixosConfigurations.web01.config.system.build.toplevel, at fleet.url
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TypedDict, Unpack

_FLAKE = Path(__file__).with_name("flake")
_AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.test", "-c", "commit.gpgsign=false")


class Knobs(TypedDict, total=False):
    """How a system differs, and how it behaves.

    Attributes:
        payload: changes the closure and nothing else.
        kernel: its release; a change needs a reboot.
        failUnits: units that are failed after activation: exit code 4.
        failActivate: the activation script fails: exit code 2.
        failReturn: as failActivate, from its second activation on; so a return to it fails.
        failBoot: the boot loader cannot be installed: exit code 1 after activation, with `boot`.
        inhibit: a switch inhibitor refuses: exit code 1 to `check` and `test`, 0 to `boot`.
        dies: the exit code with which switch-to-configuration dies after the activation, as of a panic.
        initChange: another interface of init: exit code 100, only a reboot helps.
        breakNet: activation cuts the link of the host; that of any other system restores it.
        slow: seconds that activation takes.
        throw: evaluation fails with these words.
        buildFail: the build fails with these words.
        buildSeconds: seconds that the build takes.
        ballast: bytes of noise in the closure.
        burn: elements of a list that evaluation makes; 3000000 are some 450 MB.
        stamp: the system bears the revision of the repository, so that every commit changes it.
    """

    payload: str
    kernel: str
    failUnits: list[str]
    failActivate: bool
    failReturn: bool
    failBoot: bool
    inhibit: bool
    dies: int
    initChange: str
    breakNet: bool
    slow: float
    throw: str
    buildFail: str
    buildSeconds: float
    ballast: int
    burn: int
    stamp: bool


class Fleet:
    """A bare repository and what its next commit is made of.

    Attributes:
        repository: the bare repository.
        directory: where in it the flake is; empty for its root.
    """

    def __init__(self, root: Path, *, directory: str = "", branch: str = "main") -> None:
        self.repository = root / "fleet.git"
        self.directory = directory
        self.branch = branch
        self._tree = root / "fleet"
        self._flake = self._tree / directory
        self._hosts: dict[str, Knobs] = {}
        shutil.copytree(_FLAKE, self._flake)
        self._git("init", "--quiet", "--bare", f"--initial-branch={branch}", str(self.repository))

    @property
    def url(self) -> str:
        """The repository as git takes it."""
        return f"file://{self.repository}"

    def reference(self, name: str, revision: str) -> str:
        """The system of a host at a revision, as Nix takes it."""
        directory = f"&dir={self.directory}" if self.directory else ""
        flake = f"git+{self.url}?ref={self.branch}&rev={revision}{directory}"
        return f"{flake}#nixosConfigurations.{name}.config.system.build.toplevel"

    def host(self, name: str, **knobs: Unpack[Knobs]) -> None:
        """Declare a host, in place of what was said of it before."""
        self._hosts[name] = knobs

    def remove(self, name: str) -> None:
        """Declare it no more."""
        del self._hosts[name]

    def write(self, path: str, text: str) -> Path:
        """Put another file into the repository; where it lies until it is committed."""
        place = self._tree / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place

    def commit(self) -> str:
        """Commit what was declared, and give the revision; there is a new one each time."""
        (self._flake / "hosts.json").write_text(json.dumps(self._hosts, indent=1, sort_keys=True))
        at = (f"--git-dir={self.repository}", f"--work-tree={self._tree}")
        self._git(*at, "add", "--all")
        self._git(*at, *_AUTHOR, "commit", "--quiet", "--allow-empty", "--message=Change hosts")
        return self._git(*at, "rev-parse", "HEAD")

    @staticmethod
    def _git(*arguments: str) -> str:
        done = subprocess.run(("git", *arguments), check=True, capture_output=True, text=True)
        return done.stdout.strip()
