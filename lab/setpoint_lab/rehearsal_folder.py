"""The working folder of the rehearsal: repository, clone, settings, secrets, and the world between two runs."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import uuid
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from setpoint.model.errors import SetpointError
from setpoint.settings import load_settings
from setpoint_lab.rehearsal_netbox import first_netbox, token_of
from setpoint_lab.rehearsal_world import ROOT_TOKEN, first_world

PORT = 8006
"""Proxmox's own port; another one is chosen when it is taken."""
NETBOX = 8001
"""Where the emulated NetBox listens; another port is chosen when it is taken."""
METRICS = 9645
"""The daemon's own port for metrics; another one is chosen when it is taken."""
_EXAMPLE_URL = f"http://127.0.0.1:{PORT}"
_EXAMPLE_SECRETS = "/etc/setpoint/"
_PRIVATE = 0o600
_SETTINGS = """\
# The settings of the rehearsal's daemon. setpoint finds them here, or by SETPOINT_CONFIG.
estate: lab
source:
  git: {{url: estate.git, poll: 10s}}
state: state
metrics: {{listen: "127.0.0.1:{metrics}"}}
inventories:
  netbox:
    url: http://127.0.0.1:{netbox}
    token: {{file: {token}}}
    select: {{tags: [setpoint]}}
    poll: 2s
    writeBack: {{}}
"""


@dataclass(frozen=True)
class Folder:
    """Where everything is."""

    root: Path

    @property
    def repository(self) -> Path:
        """The bare repository that the daemon follows."""
        return self.root / "estate.git"

    @property
    def clone(self) -> Path:
        """A clone to edit."""
        return self.root / "estate"

    @property
    def settings(self) -> Path:
        """The daemon's settings."""
        return self.root / "setpoint.yaml"

    @property
    def socket(self) -> Path:
        """The daemon's socket."""
        return self.root / "state" / "setpoint.sock"

    @property
    def log(self) -> Path:
        """What the daemon logs."""
        return self.root / "daemon.log"

    @property
    def world(self) -> Path:
        """The emulated data centre, as it was last kept."""
        return self.root / "world.json"

    @property
    def secret(self) -> Path:
        """The value of the daemon's token."""
        return self.root / "proxmox-token"

    @property
    def netbox_world(self) -> Path:
        """The emulated NetBox, as it was last kept."""
        return self.root / "netbox.json"

    @property
    def netbox_secret(self) -> Path:
        """The value of the token for it, the daemon's and everybody's."""
        return self.root / "netbox-token"

    @property
    def password(self) -> Path:
        """The password that cloud-init gives the user of app01."""
        return self.root / "app01-password"

    @property
    def access(self) -> Path:
        """How a person reaches the emulator as root."""
        return self.root / "access.json"

    def keep_world(self, state: dict[str, Any]) -> None:
        """Remember the data centre for the next run, whole or not at all."""
        _write_private(self.world, json.dumps(state))

    def keep_netbox(self, state: dict[str, Any]) -> None:
        """Remember the NetBox for the next run, whole or not at all."""
        _write_private(self.netbox_world, json.dumps(state))

    def reach(self) -> tuple[str, str]:
        """The emulator's URL, and the value of the Authorization header that makes one root.

        Raises:
            SetpointError: the folder is none of a rehearsal.
        """
        try:
            access = json.loads(self.access.read_text(encoding="utf-8"))
        except OSError as error:
            raise SetpointError(
                f"{self.root} is no folder of a rehearsal ({error.strerror})",
                remedy="start one with setpoint lab",
            ) from error
        return f"http://127.0.0.1:{access['port']}", f"PVEAPIToken={ROOT_TOKEN}={access['root']}"

    @property
    def metrics(self) -> str | None:
        """Where the daemon tells how it fares; None for nowhere."""
        address = load_settings(self.settings, {}).metrics.address
        return address and f"http://{address[0]}:{address[1]}"

    @property
    def port(self) -> int:
        """Where the emulated cluster listens."""
        return int(json.loads(self.access.read_text(encoding="utf-8"))["port"])

    @property
    def netbox_port(self) -> int:
        """Where the emulated NetBox listens."""
        return int(json.loads(self.access.read_text(encoding="utf-8"))["netbox"])


def prepare(root: Path, *, port: int = PORT) -> Folder:
    """The folder, made when it is not there; one that was made before is left as it is.

    Args:
        root: its path.
        port: where the emulated cluster should listen; another one is chosen when it is taken, and for 0, for the others
            too.

    Raises:
        SetpointError: it holds something else, cannot be written, or git does not work.
    """
    try:
        return _prepared(root, port)
    except OSError as error:
        raise SetpointError(
            f"the rehearsal's folder {root} cannot be made: {error.strerror}",
            remedy="make room or give it to yourself, or name another folder with --dir",
        ) from error


def _prepared(root: Path, port: int) -> Folder:
    folder = Folder(root.absolute())
    if folder.access.exists():
        return folder
    if root.exists() and any(root.iterdir()):
        raise SetpointError(f"{root} holds something else already", remedy="name another folder with --dir")
    folder.root.mkdir(parents=True, exist_ok=True)
    token, root_token = str(uuid.uuid4()), str(uuid.uuid4())
    _write_private(folder.secret, f"{token}\n")
    _write_private(folder.password, f"{secrets.token_urlsafe(12)}\n")
    folder.keep_world(first_world(token, root_token))
    secret = secrets.token_hex(20)
    _write_private(folder.netbox_secret, f"{token_of(secret)}\n")
    folder.keep_netbox(first_netbox(secret))
    metrics, netbox = (_chosen_port(wanted if port else 0) for wanted in (METRICS, NETBOX))
    settings = _SETTINGS.format(metrics=metrics, netbox=netbox, token=folder.netbox_secret)
    folder.settings.write_text(settings, encoding="utf-8")
    port = _chosen_port(port)
    _make_estate(folder, port)
    # Last, for it says that everything else is there.
    _write_private(folder.access, json.dumps({"port": port, "netbox": netbox, "root": root_token}))
    return folder


def example_estate() -> Path:
    """The folder with the example estate: in the installed package, or in the checkout."""
    installed = Path(str(files("setpoint_lab"))) / "estate"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "examples" / "estate"


def _chosen_port(wanted: int) -> int:
    """The wanted port, unless somebody uses it or another rehearsal that is just beginning has chosen it."""
    if not wanted:
        return free_port(0)
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0setpoint-lab-{wanted}")
    except OSError:
        claim.close()
        return free_port(0)
    # Kept as long as this process lives: until its emulator and its daemon listen, nothing else shows the choice.
    claim.detach()
    return free_port(wanted)


def free_port(wanted: int) -> int:
    """The wanted port if nobody uses it, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SetpointError("no port of 127.0.0.1 is free", remedy="end some of the programs that listen there")


def _make_estate(folder: Folder, port: int) -> None:
    """The example estate as first commit, with this rehearsal's address and secrets."""
    _git("init", "--quiet", "--bare", "--initial-branch=main", str(folder.repository))
    _git("clone", "--quiet", str(folder.repository), str(folder.clone))
    shutil.copytree(example_estate(), folder.clone, dirs_exist_ok=True)
    for path in folder.clone.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace(_EXAMPLE_URL, f"http://127.0.0.1:{port}")
        path.write_text(text.replace(_EXAMPLE_SECRETS, f"{folder.root}/"), encoding="utf-8")
    inside = ("-C", str(folder.clone))
    for name, value in (("user.name", "You"), ("user.email", "you@example.org"), ("commit.gpgsign", "false")):
        _git(*inside, "config", name, value)
    _git(*inside, "checkout", "--quiet", "-B", "main")
    _git(*inside, "add", "--all")
    _git(*inside, "commit", "--quiet", "-m", "Declare the example estate")
    _git(*inside, "push", "--quiet", "--set-upstream", "origin", "main")


def _git(*arguments: str) -> None:
    try:
        ended = subprocess.run(  # noqa: S603  # arguments of our own
            ("git", *arguments),  # noqa: S607  # git of the user's own PATH
            check=False,
            capture_output=True,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        )
    except OSError as error:
        raise SetpointError(f"git cannot be started: {error.strerror}", remedy="install git") from error
    if ended.returncode:
        raise SetpointError(f"git {arguments[0]} failed: {ended.stderr.strip()}")


def _write_private(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.touch(mode=_PRIVATE)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
