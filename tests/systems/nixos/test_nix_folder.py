"""The folder nix/: what its modules make of settings, what they refuse, and that they fit the daemon and its hosts."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Generator, Mapping
from configparser import RawConfigParser
from pathlib import Path
from typing import Any, Final

import pytest

from setpoint.settings import load_settings
from setpoint_nixos.nix.run import Nix
from tests.systems.nixos.nixes import make_nix, remove
from tests.systems.nixos.shelf import LIBS, ROOT, STUB, Answer, Shelf, ask, nix_text

UNIT: Final = ROOT / "deploy/systemd/setpoint.service"
KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQZI5ioto6X7+Ai1aDzs9UsTJKpsWAbs6xzAPmD7q3l setpoint"
SIGNER: Final = "estate-1:uZ0DAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
DAEMON: Final[Mapping[str, Any]] = {
    "enable": True,
    "settings": {"estate": "home", "source": {"git": {"url": "https://forge.example.org/estate.git"}}},
}
GUEST: Final[Mapping[str, Any]] = {"enable": True, "authorizedKeys": [KEY], "trustedKeys": [SIGNER]}
Configure = Callable[..., Answer]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Nix, Shelf]]:
    folder = tmp_path_factory.mktemp("folder")
    yield make_nix(folder / "nix"), Shelf(folder)
    remove(folder)


@pytest.fixture(scope="module", params=LIBS)
def lib(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def daemon(bare: tuple[Nix, Shelf], lib: str) -> Configure:
    nix, shelf = bare

    def configure(part: str = "", **given: Any) -> Answer:
        settings = {"services": {"setpoint": {**DAEMON, **given}}}
        return shelf.configuration(nix, lib, "module.nix", settings, part)

    return configure


@pytest.fixture
def guest(bare: tuple[Nix, Shelf], lib: str) -> Configure:
    nix, shelf = bare

    def configure(part: str = "", **given: Any) -> Answer:
        return shelf.configuration(nix, lib, "guest.nix", {"setpoint": {"guest": {**GUEST, **given}}}, part)

    return configure


def value(answer: Answer) -> Any:
    assert answer.value is not None, answer.errors
    return answer.value


def shipped(section: str) -> dict[str, set[str]]:
    """What the unit for other systems says, each directive with its words."""
    parser = RawConfigParser(strict=False, dict_type=_Several, empty_lines_in_values=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep capitals
    parser.read(UNIT, "utf-8")
    return {name: words(text) for name, text in parser[section].items()}


class _Several(dict[str, Any]):
    """A directive that stands there twice says both."""

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(value, list) and name in self:
            value = [*self[name], *value]
        super().__setitem__(name, value)


def words(told: Any) -> set[str]:
    """What a directive says, in the words of systemd and of NixOS alike."""
    if isinstance(told, bool):
        return {"yes" if told else "no"}
    return {word for line in (told if isinstance(told, list) else [told]) for word in str(line).split()}


def test_which_lib_of_nixpkgs_was_there_is_told(
    bare: tuple[Nix, Shelf], lib: str, record_property: Callable[[str, object], None]
) -> None:
    nix, shelf = bare
    version = ask(nix, f"(import {shelf.lib(lib)}).trivial.release").value if lib == "nixpkgs" else "ours"
    what = f"nixpkgs' lib {version}" if lib == "nixpkgs" else "a stub of nixpkgs' lib"
    record_property("figure", f"nix/ evaluated with {what}, over a stub of NixOS's options")
    assert version


def test_the_service_is_as_closed_as_the_unit_for_other_systems(daemon: Configure) -> None:
    service = {
        name: words(told) for name, told in value(daemon(".systemd.services.setpoint.serviceConfig")).items()
    }
    expected = shipped("Service")
    program = service.pop("ExecStart")
    assert {Path(word).name for word in program} == {Path(word).name for word in expected.pop("ExecStart")}
    ours = {"CacheDirectoryMode", "LoadCredential", "LoadCredentialEncrypted"}
    assert {name: told for name, told in service.items() if name not in ours} == expected


def test_the_service_starts_when_the_unit_for_other_systems_does(daemon: Configure) -> None:
    unit = value(daemon(".systemd.services.setpoint"))
    assert {"Description": words(unit["description"]), "Wants": {*unit["wants"]}, "After": {*unit["after"]},
            "StartLimitIntervalSec": words(unit["unitConfig"]["StartLimitIntervalSec"])} == shipped("Unit")  # fmt: skip
    assert {*unit["wantedBy"]} == shipped("Install")["WantedBy"]
    assert [path.partition("-")[2] for path in unit["path"]] == ["git", "openssh", "nix"]


def test_the_daemon_reads_its_settings(daemon: Configure, tmp_path: Path) -> None:
    text = value(daemon('.environment.etc."setpoint/setpoint.yaml".text'))
    (tmp_path / "setpoint.yaml").write_text(text)
    settings = load_settings(tmp_path / "setpoint.yaml", {})
    assert settings.estate == "home"
    assert settings.metrics.address == ("127.0.0.1", 9645)
    assert str(settings.state) == "/var/lib/setpoint"


def test_other_settings_restart_the_daemon_and_nothing_else_does(daemon: Configure) -> None:
    part = ".systemd.services.setpoint.restartTriggers"
    other = {**DAEMON["settings"], "log": {"format": "json"}}
    assert value(daemon(part)) != value(daemon(part, settings=other))


def test_secrets_reach_the_unit_as_credentials(daemon: Configure) -> None:
    made = value(
        daemon(
            ".systemd.services.setpoint.serviceConfig",
            credentials={"proxmox-token": "/run/secrets/token", "hook": "/run/secrets/hook"},
            encryptedCredentials={"key": "/etc/key.cred"},
        )
    )
    assert made["LoadCredential"] == ["hook:/run/secrets/hook", "proxmox-token:/run/secrets/token"]
    assert made["LoadCredentialEncrypted"] == ["key:/etc/key.cred"]


def test_what_is_not_enabled_changes_nothing(daemon: Configure, guest: Configure) -> None:
    for made in (value(daemon(enable=False)), value(guest(enable=False, health={"enable": True}))):
        assert made["users"] == {"groups": {}, "users": {}}
        assert made["systemd"]["services"] == made["systemd"]["sockets"] == made["environment"]["etc"] == {}
        assert not made["security"]["sudo"]["extraRules"]
        assert len(made["nix"]["settings"]["trusted-public-keys"]) == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"settings": {"source": {}}}, "settings.estate' was accessed but has no value defined"),
        (
            {"settings": {**DAEMON["settings"], "estate": "My Home"}},
            "settings.estate' is not of type `string matching",
        ),
        (
            {"settings": {**DAEMON["settings"], "metrics": {"listen": 9645}}},
            "metrics.listen' is not of type `string'",
        ),
        (
            {"credentials": {"a": "secret"}},
            "credentials.a' is not of type `path of a file, as text, outside of",
        ),
        (
            {"credentials": {"a": "/nix/store/x-secret"}},
            "credentials.a' is not of type `path of a file, as text",
        ),
        ({"enable": "yes"}, "services.setpoint.enable' is not of type `boolean'"),
        ({"setings": {}}, "The option `services.setpoint.setings' does not exist"),
    ],
    ids=["no-estate", "estate", "listen", "relative", "in-the-store", "enable", "misspelt"],
)
def test_wrong_settings_of_the_daemon_are_told_by_their_names(
    daemon: Configure, given: Any, told: str
) -> None:
    answer = daemon(**given)
    assert answer.value is None
    assert told in answer.errors


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"authorizedKeys": "ssh-ed25519 x"}, "authorizedKeys' is not of type `list of "),
        ({"authorizedKeys": ["a\nb"]}, "is not of type `(optionally newline-terminated) single-line string'"),
        ({"trustedKeys": ["no key"]}, "is not of type `string matching"),
        ({"user": "Deploy User"}, "setpoint.guest.user' is not of type `string matching"),
        ({"platform": "vm"}, "setpoint.guest.platform' is not of type `null or one of "),
        ({"health": {"port": 70000}}, "health.port' is not of type `16 bit unsigned integer"),
        ({"hostKey": "key"}, "setpoint.guest.hostKey' is not of type `null or string matching"),
    ],
    ids=["keys", "two-lines", "signer", "user", "platform", "port", "host-key"],
)
def test_wrong_settings_of_a_guest_are_told_by_their_names(guest: Configure, given: Any, told: str) -> None:
    answer = guest(**given)
    assert answer.value is None
    assert told in answer.errors


def failed(answer: Answer) -> list[str]:
    """What NixOS would refuse to build for."""
    return [one["message"] for one in value(answer) if not one["assertion"]]


def test_a_daemon_whose_memory_would_be_elsewhere_is_not_built(daemon: Configure) -> None:
    assert failed(daemon(".assertions")) == []
    (told,) = failed(daemon(".assertions", settings={**DAEMON["settings"], "state": "/srv"}))
    assert "the daemon's memory is in /var/lib/setpoint" in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"authorizedKeys": []}, "nobody could enter; add the public key of Setpoint"),
        ({"trustedKeys": []}, "deploy could bring no system; add the public key that signs them"),
        ({"user": "root", "trustedKeys": []}, None),
        ({}, None),
    ],
    ids=["nobody", "unsigned", "root", "sound"],
)
def test_a_guest_that_could_not_be_deployed_is_not_built(
    guest: Configure, given: Any, told: str | None
) -> None:
    found = failed(guest(".assertions", **given))
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


def test_a_guest_lets_a_user_of_its_own_in_who_brings_only_what_is_signed(guest: Configure) -> None:
    made = value(guest())
    user = made["users"]["users"]["deploy"]
    assert user["openssh"]["authorizedKeys"]["keys"] == [KEY]
    assert (user["isSystemUser"], user["createHome"], user["group"]) == (True, True, "deploy")
    assert made["nix"]["settings"]["trusted-public-keys"].count(SIGNER) == 1
    assert "trusted-users" not in json.dumps(made["nix"])
    assert made["services"]["openssh"]["enable"]


def test_a_guest_lets_its_user_run_what_setpoint_runs_and_no_more(guest: Configure) -> None:
    probe = (ROOT / "reconcilers/setpoint_nixos/facts/probe.sh").read_text("utf-8")
    engines = " ".join(re.findall(r"for engine in ([a-z ]+)", probe)).split()
    programs = {*re.findall(r"\broot ([a-z]\w+)", probe), *engines}
    assert engines
    assert programs >= {"btrfs", "smartctl", "wg"}
    as_root, as_postgres = value(guest(".security.sudo.extraRules"))
    assert {rule["command"] for rule in as_root["commands"]} == {
        "/bin/sh",
        *(f"/run/current-system/sw/bin/{name}" for name in programs),
    }
    assert (as_postgres["runAs"], [rule["command"] for rule in as_postgres["commands"]]) == (
        "postgres",
        ["/run/current-system/sw/bin/psql"],
    )
    assert all(rule["options"] == ["NOPASSWD"] for rule in [*as_root["commands"], *as_postgres["commands"]])


def test_a_guest_that_is_entered_as_root_needs_no_rule_and_no_other_user(guest: Configure) -> None:
    made = value(guest(user="root"))
    assert made["users"]["users"]["root"] == {"openssh": {"authorizedKeys": {"keys": [KEY]}}}
    assert made["users"]["groups"] == {}
    assert not made["security"]["sudo"]["extraRules"]


def test_a_guest_shows_the_host_key_that_was_placed_there(guest: Configure) -> None:
    assert value(guest(".services.openssh.hostKeys")) == []
    placed = value(guest(".services.openssh.hostKeys", hostKey="/persist/key"))
    assert placed == [{"type": "ed25519", "path": "/persist/key"}]


@pytest.mark.parametrize("platform", ["virtual-machine", "container", None])
def test_a_guest_is_what_its_node_expects(guest: Configure, platform: str | None) -> None:
    made, agent, container = (
        value(guest(platform=platform)),
        platform == "virtual-machine",
        platform == "container",
    )
    assert made["services"]["qemuGuest"]["enable"] == agent
    assert bool(made["boot"]["initrd"]["availableKernelModules"]) == agent
    assert made["boot"]["isContainer"] == made["networking"]["useNetworkd"] == container
    assert made["networking"]["useDHCP"] != container
    assert bool(made["systemd"]["suppressedSystemUnits"]) == container


def test_a_guest_answers_about_its_health_where_that_is_wanted(guest: Configure) -> None:
    assert value(guest(".systemd.sockets")) == {}
    made = value(guest(health={"enable": True, "openFirewall": True, "allowedUnits": ["a.mount"]}))
    assert made["systemd"]["sockets"]["setpoint-health"]["listenStreams"] == ["9647"]
    assert made["networking"]["firewall"]["allowedTCPPorts"] == [9647]
    (service,) = made["systemd"]["services"].values()
    assert re.fullmatch(
        r"-/nix/store/\S+-setpoint-health '?a\.mount'?", service["serviceConfig"]["ExecStart"]
    )
    assert service["serviceConfig"]["DynamicUser"]


def test_a_machine_may_have_both_modules_and_import_one_twice(bare: tuple[Nix, Shelf], lib: str) -> None:
    nix, shelf = bare
    flake = f"((import {shelf.ours}/nix/flake.nix).outputs {{ self = null; nixpkgs = null; }}).nixosModules"
    given = json.dumps({"services": {"setpoint": DAEMON}, "setpoint": {"guest": GUEST}})
    made = value(
        ask(
            nix,
            f"(import {shelf.nixpkgs}/evaluate.nix {{ lib = import {shelf.lib(lib)};"
            f" modules = with {flake}; [ default guest guest manifests (builtins.fromJSON {nix_text(given)}) ];"
            " }).config",
        )
    )
    assert {*made["users"]["users"]} == {"deploy", "setpoint"}
    assert made["users"]["users"]["deploy"]["openssh"]["authorizedKeys"]["keys"] == [KEY]
    assert len(made["security"]["sudo"]["extraRules"]) == 2


def test_the_package_needs_what_the_project_says(bare: tuple[Nix, Shelf]) -> None:
    nix, shelf = bare
    made = value(
        ask(
            nix,
            f"let pkgs = import {shelf.nixpkgs}/pkgs.nix (import {shelf.nixpkgs}/lib.nix);"
            f" made = pkgs.callPackage {shelf.ours}/nix/package.nix {{ }};"
            " in { inherit (made) pname version checkPhase pythonImportsCheck; names = map (one: one.name) made.dependencies; }",
        )
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {name for line in project["dependencies"] for name in names_in(line)}
    assert {*made["names"]} == needed
    assert (made["pname"], made["version"]) == (project["name"], project["version"])
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert {*made["pythonImportsCheck"]} == {Path(each).name for each in wheel["packages"]}


EXTRAS: Final = {"asyncssh[bcrypt]": "bcrypt", "dnspython[idna]": "idna"}


def names_in(requirement: str) -> set[str]:
    """The packages that a requirement means, by the names of nixpkgs."""
    name = re.split(r"[>=<~!]", requirement)[0]
    return {name.partition("[")[0].lower(), *filter(None, [EXTRAS.get(name, "")])}


def test_a_text_of_nix_is_what_was_meant(bare: tuple[Nix, Shelf]) -> None:
    nix, _ = bare
    text = 'a "b" ${c} \\ $ \n'
    assert value(ask(nix, nix_text(text))) == text


def test_the_stand_in_is_not_shipped() -> None:
    assert not list((ROOT / "nix").rglob("*stub*"))
    assert STUB.is_dir()
