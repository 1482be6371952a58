"""NixOS hosts on one machine: an overlay over its root, a /nix of its own, real Nix and a real sshd. For root only.

with SimHost("web01") as host:  # about half a second
    host.receive(nix, system)
    host.deploy(system)
    assert host.points(RUNNING) == system
"""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from setpoint.model.secret import Secret
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.ssh.access import Access
from tests.rig.waiting import until
from tests.systems.nixos.nixes import call
from tests.systems.nixos.servers.sshd import free_port, make_key
from tests.systems.nixos.simulated.link import Link

PROFILE = "/nix/var/nix/profiles/system"
RUNNING = "/run/current-system"
_PARTS = Path(__file__).with_name("simulated")
_NEEDS = ("unshare", "nsenter", "nix", "sshd", "ssh-keygen", "flock", "setpriv")
_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
_NUMBERS = itertools.count(os.getpid())
_NIX = """\
experimental-features = nix-command flakes
sandbox = false
build-users-group =
substituters =
flake-registry =
"""
_SSHD = """\
Port {port}
ListenAddress {address}
HostKey /etc/simhost/host
AuthorizedKeysFile /etc/simhost/authorized
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
MaxStartups 100
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""


class SimHost:
    """A simulated host in a directory of its own, which `close` removes; for a with block, or `start` and `close`.

    Attributes:
        address: of the loopback; `port` is where its sshd is reached over the wire.
        host_key: the public line of its host key.
        link: the wire.
    """

    def __init__(
        self,
        name: str,
        *,
        lower: Path = Path("/"),
        systemd: bool = False,
        daemon: bool = False,
        users: tuple[str, ...] = (),
        nix_conf: str = "",
        sudo: bool = False,
    ) -> None:
        """Make it.

        Args:
            lower: the tree of files that it has; another one may bring another Nix.
            systemd: whether programs answer as if systemd ran.
            daemon: whether nix-daemon runs, as users other than root need it.
            users: who can enter besides root.
            nix_conf: lines for its nix.conf.
            sudo: whether those users may become root by it, without a password.
        """
        _fit()
        self.name = name
        self.address = f"127.0.18.{next(_NUMBERS) % 250 + 2}"
        self.port, self._inner = free_port(), free_port()
        self.root = Path(tempfile.mkdtemp(prefix=f"simhost-{name}-"))
        self._lower = lower
        self._process: subprocess.Popen[bytes] | None = None
        self._link: Link | None = None
        self._furnish(nix_conf, users, systemd=systemd)
        if sudo:
            self._let_become_root()
        for switch, wanted in (("systemd", systemd), ("daemon", daemon)):
            if wanted:
                (self.root / switch).touch()

    def _furnish(self, nix_conf: str, users: tuple[str, ...], *, systemd: bool) -> None:
        for part in ("upper", "work", "merged", "nix", "root", "wire", "upper/etc/simhost", "upper/etc/nix"):
            (self.root / part).mkdir(parents=True)
        etc = self.root / "upper/etc"
        (etc / "nix/nix.conf").write_text(_NIX + nix_conf)
        self.rekey()
        (etc / "simhost/authorized").write_text(f"{make_key(self.root / 'key')}\n")
        (etc / "simhost/sshd_config").write_text(_SSHD.format(port=self._inner, address=self.address))
        for number, user in enumerate(users, 4001):
            home = self.root / f"upper/home/{user}"
            home.mkdir(parents=True)
            os.chown(home, number, number)
            _append(
                self._lower, etc, passwd=f"{user}:x:{number}:{number}::/home/{user}:/bin/sh",
                group=f"{user}:x:{number}:", shadow=f"{user}:*:19000:0:99999:7:::",
            )  # fmt: skip
        if systemd:
            programs = self.root / "upper/usr/local/bin"
            programs.mkdir(parents=True, exist_ok=True)
            for program in ("systemctl", "systemd-run"):
                shutil.copy(_PARTS / program, programs)

    def _let_become_root(self) -> None:
        become = self.root / "upper/usr/local/lib/become"
        become.parent.mkdir(parents=True)
        shutil.copy(shutil.which("setpriv", path=_PATH) or "", become)
        become.chmod(0o4755)
        programs = self.root / "upper/usr/local/bin"
        programs.mkdir(parents=True, exist_ok=True)
        shutil.copy(_PARTS / "sudo", programs)

    def rekey(self) -> None:
        """Make another host key, as an installation does; it shows it from its next start on."""
        place = self.root / "upper/etc/simhost/host"
        self.host_key = make_key(place)

    def entrance(self, user: str = "root", *, host_key: str = "") -> Access:
        """How it is reached."""
        key = Secret((self.root / "key").read_text())
        return Access(self.address, user, host_key or self.host_key, key, self.port)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def link(self) -> Link:
        assert self._link is not None
        return self._link

    @property
    def sshd(self) -> int:
        """The port of its sshd, behind the wire."""
        return self._inner

    @property
    def running(self) -> bool:
        return self._init() is not None and _greets(self.address, self._inner)

    @property
    def boots(self) -> int:
        """How many times it was started, by itself or by us."""
        path = self.root / "boots"
        return len(path.read_text().splitlines()) if path.exists() else 0

    @property
    def boot_id(self) -> str:
        return (self.root / "wire/boot-id").read_text().strip()

    @property
    def console(self) -> str:
        """All that it wrote to its console, with the log of its sshd."""
        path = self.root / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def log(self) -> list[tuple[str, str]]:
        """What was asked of switch-to-configuration, first to last: verb and path of the system."""
        path = self.root / "upper/var/log/switch.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(verb, system) for verb, _, system in (line.partition(" ") for line in lines)]

    def start(self) -> None:
        """Start it, and wait until its sshd answers."""
        assert self._process is None
        script = str(_PARTS / "boot.sh")
        place = (str(self.root), self.name, str(self._lower), self.address, str(self._inner))
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ("bash", script, *place),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PATH": _PATH},
            )
        try:
            until(lambda: self._over() or self.running, f"{self.name} answers")
            assert not self._over(), f"{self.name} ended"
        except AssertionError as error:
            console = self.console
            self.close()
            if "mount:" in console or "unshare:" in console:
                pytest.skip(f"this machine does not let hosts be simulated: {console.strip()}")
            raise AssertionError(f"{error}\n{console}") from None
        if self._link is None:
            down = self.root / "wire/link-down"
            self._link = Link(self.address, self.port, self._inner, down.exists)

    def kill(self) -> None:
        """End it as a power cut does."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
        until(lambda: not _greets(self.address, self._inner), f"{self.name} is off")

    def reboot(self) -> None:
        """A power cut, and power again."""
        self.kill()
        self.start()

    def cut(self) -> None:
        """Pull its wire."""
        self.link.cut = True

    def mend(self) -> None:
        """Put the wire in again."""
        self.link.cut = False

    def path(self, inside: str) -> Path:
        """Where a file of the running host is found from here; links in it lead astray."""
        return Path(f"/proc/{self._pid()}/root{inside}")

    def points(self, link: str) -> str:
        """Where a link on the running host points to in the end; empty when it is not there."""
        return self.run(f"[ ! -e {link} ] || readlink -f {link}").strip()

    def run(self, command: str, given: bytes = b"") -> str:
        """What a command prints that is typed at its console; it has to end well."""
        enter = (
            "nsenter",
            f"--target={self._pid()}",
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
            "--root",
            "--wd=/",
        )
        home = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        line = (*enter, "/bin/sh", "-c", command)
        done = subprocess.run(line, env=home, capture_output=True, input=given, check=False)
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == 0, f"{command}: {done.returncode}\n{out}{err}"
        return out

    def receive(self, nix: Nix, *paths: str) -> None:
        """Put paths of a store here into its own, with all that they refer to, and not over the wire."""
        closure = call(nix, "nix-store", "--query", "--requisites", *paths).split()
        environment = {**os.environ, **nix.environment, "NIX_REMOTE": nix.store}
        sent = subprocess.run(
            ("nix-store", "--export", *closure), env=environment, capture_output=True, check=True
        )
        self.run("nix-store --import", sent.stdout)

    def deploy(self, system: str, verb: str = "switch") -> None:
        """Switch to a system that it has, as an admin at its console does."""
        self.run(f"nix-env -p {PROFILE} --set {system} && {system}/bin/switch-to-configuration {verb}")

    def close(self) -> None:
        """Leave nothing behind."""
        if self._link is not None:
            self._link.close()
        self.kill()
        if self.root.exists():
            shutil.rmtree(self.root)

    def _over(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _pid(self) -> int:
        found = self._init()
        assert found is not None, f"{self.name} is off\n{self.console}"
        return found

    def _init(self) -> int | None:
        """The first process of the host, by its number here."""
        if self._process is None:
            return None
        for child in _children(self._process.pid):
            with suppress(OSError):
                if Path(f"/proc/{child}/comm").read_text() == "unshare\n":
                    return next(iter(_children(child)), None)
        return None


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _greets(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), timeout=2) as tcp:
        return tcp.recv(4) == b"SSH-"
    return False


def _append(lower: Path, etc: Path, **lines: str) -> None:
    for file, line in lines.items():
        place = etc / file
        if not place.exists():
            shutil.copy(lower / "etc" / file, place)
        with place.open("a") as text:
            text.write(f"{line}\n")


def _fit() -> None:
    """Skip where hosts cannot be simulated, with the reason."""
    if os.geteuid() != 0:
        pytest.skip("only root can simulate hosts")
    missing = [program for program in _NEEDS if shutil.which(program, path=_PATH) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: as root on Debian, run deploy/servers.sh")
