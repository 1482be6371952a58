"""What one look at a host tells: from this machine as it is, over a real sshd, and with everything broken that it uses."""

from __future__ import annotations

import dataclasses
import os
import platform
import subprocess
import time
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setpoint.model.errors import RefusalError, TransportError
from setpoint.model.observation import Unknown
from setpoint_nixos.facts.growth import Past, growth
from setpoint_nixos.facts.look import SCRIPT, look
from setpoint_nixos.facts.model import Disk, Facts, Filesystem, Guest, Listener, Login, Store
from setpoint_nixos.facts.parse import parse
from tests.systems.nixos.servers.sshd import Sshd

MARK = "m4rk"
FOLDERS = (Path("/run"), Path("/dev/shm"))  # noqa: S108  # where the script keeps its words meanwhile
BOOT_ID = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@pytest.fixture(scope="module")
def sshd() -> Generator[Sshd]:
    with Sshd() as server:
        yield server


def run_here(path: str = os.environ["PATH"], limit: int = 5, *paths: str) -> Facts:
    """Look at this machine with these programs first."""
    begun = time.time()
    done = subprocess.run(
        ["/bin/sh", "-s", MARK, str(limit), *paths],
        input=SCRIPT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": path},
        check=True,
        timeout=60,
    )
    return parse(done.stdout.decode("utf-8", "replace"), MARK, begun, time.time(), paths)


async def test_this_machine_tells_of_itself_as_it_is(sshd: Sshd, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"x" * 300_000)
    session = sshd.session()
    facts = await look(session, (str(tmp_path), "/not/there"))
    await session.close()
    assert facts.boot_id == BOOT_ID
    assert facts.kernel == f"Linux {platform.release()}"
    assert facts.name == platform.node()
    assert facts.ahead == 0
    assert facts.nixos is None
    assert facts.record is None
    assert not isinstance(facts.memory, Unknown)
    assert facts.memory.total > facts.memory.available > 0
    assert not isinstance(facts.cpu, Unknown)
    assert facts.cpu.threads == os.cpu_count()
    assert not isinstance(facts.filesystems, Unknown)
    assert any(each.size > each.used > 0 for each in facts.filesystems)
    assert not isinstance(facts.listening, Unknown)
    assert sshd.port in {each.port for each in facts.listening}
    size = facts.paths[str(tmp_path)]
    assert isinstance(size, int)
    assert size >= 300_000
    assert facts.paths["/not/there"] is None


async def test_a_look_is_one_command_and_leaves_nothing(sshd: Sshd) -> None:
    session, before = sshd.session(), sshd.log.count("Starting session")
    await look(session)
    await session.run("true", timeout=10)
    await session.close()
    assert sshd.log.count("Starting session") - before == 2
    assert not list(chain.from_iterable(folder.glob("setpoint-look.*") for folder in FOLDERS))


USED: Mapping[str, tuple[str, ...]] = {
    "date": ("ahead",),
    "uname": ("kernel", "architecture", "name"),
    "systemd-detect-virt": ("virtual",),
    "readlink": (),
    "stat": (),
    "df": ("filesystems",),
    "systemctl": ("units",),
    "zpool": ("zfs",),
    "smartctl": ("disks",),
    "timedatectl": ("synced",),
    "ip": ("interfaces", "tunnels"),
    "wg": (),
    "ss": ("listening",),
    "machinectl": ("guests",),
    "docker": ("guests",),
    "podman": ("guests",),
    "psql": (),
    "who": ("logins",),
    "du": (),
    "lspci": (),
    "sed": (),
    "id": (),
    "btrfs": (),
    "chronyc": (),
    "sudo": (),
    "cat": ("machine_id", "boot_id", "uptime", "os", "memory", "cpu"),
}
"""The programs that the script uses, and the facts that are not known without them."""
BREAKS = {
    "missing": "exit 127",
    "failing": "echo broken >&2; exit 1",
    "rubbish": "printf 'r\\303\\050bb\\377ish \\033[31m @ = : -1 99999999999999999999\\n{\\n[[[\\n'",
    "endless": "while :; do echo y; done",
    "hanging": "while :; do sleep 30; done",
}
CASES = [
    (program, how)
    for program in USED
    for how in BREAKS
    if how in {"missing", "rubbish"} or program in {"df", "ip", "systemctl"}
]


def shim(folder: Path, program: str, script: str) -> str:
    """A PATH in which a program is broken."""
    broken = folder / program
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.parametrize(("program", "how"), CASES, ids=[f"{program}-{how}" for program, how in CASES])
def test_a_broken_program_spoils_its_own_part_alone(tmp_path: Path, program: str, how: str) -> None:
    facts = run_here(shim(tmp_path, program, BREAKS[how]), 2)
    spoilt = [name for name in USED[program] if not isinstance(getattr(facts, name), Unknown)]
    assert spoilt == [] or program == "cat"
    if program == "cat":
        return  # it also prints what was found
    assert facts.boot_id == BOOT_ID
    assert isinstance(facts.memory, Unknown) is False
    assert isinstance(facts.listening, Unknown) is (program == "ss")


def test_each_program_that_hangs_spoils_its_own_part_alone(tmp_path: Path) -> None:
    hanging = [program for program in USED if program != "cat"]

    def look_without(program: str) -> Facts:
        folder = tmp_path / program
        folder.mkdir()
        return run_here(shim(folder, program, BREAKS["hanging"]), 4)

    with ThreadPoolExecutor(12) as together:
        found = dict(zip(hanging, together.map(look_without, hanging), strict=True))
    for program, facts in found.items():
        for name in ("boot_id", "uptime", "memory", "cpu", "os"):
            assert not isinstance(getattr(facts, name), Unknown), (program, name)
        for name in USED[program]:
            assert isinstance(getattr(facts, name), Unknown), (program, name)
        assert isinstance(facts.listening, Unknown) is (program == "ss"), program


def test_everything_that_hangs_at_once_ends_in_time(tmp_path: Path) -> None:
    for program in USED:
        if program != "cat":
            path = shim(tmp_path, program, BREAKS["hanging"])
    began = time.monotonic()
    facts = run_here(path, 1)
    assert time.monotonic() - began < 20
    assert facts.boot_id == BOOT_ID
    for names in USED.values():
        for name in names:
            value = getattr(facts, name)
            if name not in {"machine_id", "boot_id", "uptime", "os", "memory", "cpu"}:
                assert isinstance(value, Unknown)
    assert not [line for line in _processes() if str(tmp_path) in line]


def _processes() -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


@pytest.mark.parametrize(
    ("command", "error"),
    [("echo no >&2; exit 9", RefusalError), ("echo hello", TransportError), ("exit 0", TransportError)],
    ids=["refused", "something else", "nothing"],
)
async def test_a_host_that_does_not_run_the_script_is_not_a_host_without_anything(
    command: str, error: type[Exception]
) -> None:
    with Sshd(f"ForceCommand {command}") as server:
        session = server.session()
        with pytest.raises(error):
            await look(session)
        await session.close()


def told(**parts: str | tuple[str, int]) -> Facts:
    """What is made of these parts, each with its text, or with text and status."""
    text = ""
    for name, value in parts.items():
        words, status = value if isinstance(value, tuple) else (value, 0)
        text += f"\n@{MARK} {name}\n{words}\n@{MARK}. {status}\n"
    return parse(f"{text}\n@{MARK} end\n", MARK, 1000.0, 1002.0)


LINKS = """running /nix/store/new-nixos
booted /nix/store/old-nixos
profile /nix/store/new-nixos
running/kernel /nix/store/k2/bzImage
booted/kernel /nix/store/k1/bzImage
running/initrd /nix/store/i/initrd
booted/initrd /nix/store/i/initrd
running/kernel-modules /nix/store/m
booted/kernel-modules /nix/store/m
generation system-42-link
made 1700000000
version 26.05.20260101.abcdef
all"""


def test_the_systems_of_a_nixos_host_are_told() -> None:
    nixos = told(nixos=LINKS).nixos
    assert nixos is not None
    assert not isinstance(nixos, Unknown)
    assert (nixos.running, nixos.booted, nixos.profile) == (
        "/nix/store/new-nixos",
        "/nix/store/old-nixos",
        "/nix/store/new-nixos",
    )
    assert (nixos.generation, nixos.made, nixos.restart) == (42, 1_700_000_000.0, ("kernel",))


def test_a_container_without_a_running_system_is_not_known_and_needs_no_reboot() -> None:
    lines = [line for line in LINKS.splitlines() if "/kernel" not in line and "/initrd" not in line]
    text = "\n".join(lines).replace("running /nix/store/new-nixos", "running -")
    nixos = told(nixos=text.replace("booted /nix/store/old-nixos", "booted -")).nixos
    assert nixos is not None
    assert not isinstance(nixos, Unknown)
    assert isinstance(nixos.running, Unknown)
    assert nixos.profile == "/nix/store/new-nixos"
    assert nixos.booted is None
    assert nixos.restart == ()


@pytest.mark.parametrize("last", ["", "running -", "al"])
def test_links_that_are_cut_are_not_no_nixos(last: str) -> None:
    assert isinstance(told(nixos=f"running -\nbooted -\nprofile -\n{last}").nixos, Unknown)


def test_a_readlink_that_says_nothing_is_not_a_missing_link() -> None:
    text = "running \nbooted \nprofile \ngeneration -\nmade \nall"
    nixos = told(nixos=text).nixos
    assert nixos is not None
    assert not isinstance(nixos, Unknown)
    assert isinstance(nixos.running, Unknown)
    assert isinstance(nixos.booted, Unknown)
    assert isinstance(nixos.restart, Unknown)


@pytest.mark.parametrize(
    ("part", "found"),
    [(('{"a": 1}\n', 0), '{"a": 1}\n'), (("", 44), None), (("", 0), "")],
    ids=["there", "none", "empty"],
)
def test_the_record_is_told_raw_or_not_to_be_there(part: tuple[str, int], found: str | None) -> None:
    facts = told(record=part, status=part)
    assert (facts.record, facts.deploying) == (found, found)


def test_a_record_that_may_not_be_read_is_not_no_record() -> None:
    assert isinstance(told(record=("", 1)).record, Unknown)


ZPOOL = """tank	ONLINE
old	DEGRADED

==
  pool: old
 state: DEGRADED
status: One or more devices has been removed.
  scan: scrub repaired 0B in 00:10:02 with 0 errors on Sun Nov 16 03:10:05 2025
config:
errors: No known data errors

  pool: tank
 state: ONLINE
  scan: none requested
errors: 3 data errors, use '-v' for a list
"""


def test_pools_of_zfs_tell_their_health_and_scrub() -> None:
    assert told(zfs=ZPOOL).zfs == (
        Store("zfs", "tank", "it has errors: 3 data errors, use '-v' for a list", None),
        Store("zfs", "old", "it is DEGRADED (One or more devices has been removed.)", 1_763_262_605.0),
    )


def test_no_zfs_is_known_and_a_zpool_that_fails_is_not() -> None:
    assert told(zfs=("", 45)).zfs == ()
    assert told(zfs="==\nno pools available").zfs == ()
    assert isinstance(told(zfs=("", 1)).zfs, Unknown)
    assert isinstance(told(zfs="").zfs, Unknown)


BTRFS = """== /
[/dev/sda2].write_io_errs    0
[/dev/sda2].corruption_errs  7
Scrub started:    Sun Nov 16 03:00:00 2025
Status:           finished
== /data
[/dev/sdb].write_io_errs    0
	no stats available
all"""


def test_a_btrfs_tells_its_errors_and_scrub() -> None:
    assert told(btrfs=BTRFS).btrfs == (
        Store("btrfs", "/", "[/dev/sda2].corruption_errs is 7", 1_763_262_000.0),
        Store("btrfs", "/data", "", None),
    )


def test_an_array_of_md_tells_what_it_lacks() -> None:
    text = (
        "md0 degraded=1 mismatch=0 action=recover checked=1763262000\n"
        "md1 degraded=0 mismatch=0 action=idle checked=\nmd2 degraded= mismatch= action= checked=x\nall"
    )
    assert told(md=text).md == (
        Store("md", "md0", "it lacks 1 disk, and recovers", 1_763_262_000.0),
        Store("md", "md1", "", None),
        Store("md", "md2", "", None),
    )


CARDS = "0000:01:00.0 0x10de 0x2684 nvidia\n0000:02:00.0 0x1002 0x7550 \nall"


@pytest.mark.parametrize(
    ("names", "first"),
    [
        ("== 0000:01:00.0\nSlot:\t0000:01:00.0\nVendor:\tNVIDIA Corporation\nDevice:\tAD102\nRev:\ta1\nall", " (NVIDIA Corporation AD102)"),
        ("== 0000:01:00.0\nVendor: NVIDIA Corporation\nall", " (NVIDIA Corporation)"),
        ("== 0000:01:00.0\nall", ""),
        ("rubbish\nall", ""),
        ("rubb", ""),
        (("", 137), ""),
        (("", 1), ""),
    ],
    ids=["lspci", "vendor-alone", "not-called", "rubbish", "cut", "hung", "failed"],
)  # fmt: skip
def test_graphics_processors_are_told_by_name_where_one_is_known(
    names: str | tuple[str, int], first: str
) -> None:
    assert told(gpu=CARDS, cards=names).gpus == (
        f"0000:01:00.0 0x10de 0x2684 nvidia{first}",
        "0000:02:00.0 0x1002 0x7550",
    )


IDS = """\
10dd  Other
\t2684  No card of theirs
10de  NVIDIA Corporation
\t2683  Another
\t2684  AD102 [GeForce RTX 4090]
\t\t2684 2684  Of a board
1002  Advanced Micro Devices
\t2684  No card of theirs
C 03  Display controller
"""


@pytest.mark.parametrize("asked", ["pci.ids", "lspci"])
def test_names_of_cards_come_from_lspci_or_from_the_list_of_ids(tmp_path: Path, asked: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can pretend other devices")
    for name, words in {"class": "0x030000", "vendor": "0x10de", "device": "0x2684"}.items():
        place = tmp_path / "devices/0000:01:00.0" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{words}\n")
    (tmp_path / "misc").mkdir()
    (tmp_path / "misc/pci.ids").write_text(IDS if asked == "pci.ids" else "rubbish\n")
    answer = '[ "$*" = "-D -vmm -s 0000:01:00.0" ] && printf "Vendor:\\tNVIDIA Corporation\\nDevice:\\tAD102 [GeForce RTX 4090]\\n"'
    path = shim(tmp_path, "lspci", answer) if asked == "lspci" else os.environ["PATH"]
    inside = (
        'mount --bind "$0/devices" /sys/bus/pci/devices; mkdir -p /usr/share/misc; '
        'mount --bind "$0/misc" /usr/share/misc; exec sh -s "$@"'
    )
    elsewhere = (
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-ec",
        inside,
        str(tmp_path),
        MARK,
        "5",
    )
    done = subprocess.run(
        elsewhere,
        input=SCRIPT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": path},
        check=True,
        timeout=60,
    )
    facts = parse(done.stdout.decode(), MARK, 0.0, 1.0, ())
    assert facts.gpus == ("0000:01:00.0 0x10de 0x2684 (NVIDIA Corporation AD102 [GeForce RTX 4090])",)


SMART = """== /dev/sda
{"smartctl": {"exit_status": 0}, "model_name": "WDC", "smart_status": {"passed": false}, "power_on_time": {"hours": 9}}
== /dev/nvme0
{"model_name": "SSD", "smart_status": {"passed": true}, "nvme_smart_health_information_log": {"percentage_used": 12}}
== /dev/sdb
{"smartctl": {"exit_status": 2}}
== /dev/sdc
rubbish

== all"""


def test_disks_tell_their_own_verdict_and_a_sleeping_one_none() -> None:
    found = told(smart=SMART).disks
    assert not isinstance(found, Unknown)
    assert found[:2] == (Disk("/dev/sda", "WDC", False, None, 9), Disk("/dev/nvme0", "SSD", True, 12, None))
    assert all(isinstance(each.well, Unknown) for each in found[2:])
    assert isinstance(told(smart=("", 45)).disks, Unknown)


DF = """Filesystem Type 1024-blocks Used Available Capacity Mounted on
/dev/vda ext4 100 60 40 60% /
/dev/vdb1 btrfs 1000 999 1 100% /with blank
tmpfs tmpfs 1 0 1 0% /run
"""


def test_filesystems_are_told_with_inodes_and_how_they_are_mounted() -> None:
    inodes = (
        "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/vda 10 9 1 90% /\n/dev/vdb1 0 0 0 - /with blank"
    )
    mounts = "/dev/vda / ext4 rw 0 0\n/dev/vdb1 /with\\040blank btrfs ro,noatime 0 0"
    assert told(filesystems=DF, inodes=inodes, mounts=mounts).filesystems == (
        Filesystem("/", "/dev/vda", "ext4", 102_400, 61_440, 40_960, 90, False),
        Filesystem("/with blank", "/dev/vdb1", "btrfs", 1_024_000, 1_022_976, 1_024, None, True),
    )


def test_units_that_failed_are_believed_only_when_they_are_as_many_as_systemd_counts() -> None:
    state = "SystemState=degraded\nNFailedUnits=2"
    units = told(units=f"{state}\nb.service loaded failed failed B\na.timer loaded failed failed A").units
    assert not isinstance(units, Unknown)
    assert (units.state, units.units) == ("degraded", ("a.timer", "b.service"))
    assert isinstance(told(units=f"{state}\nb.service loaded failed failed B").units, Unknown)
    assert isinstance(told(units="").units, Unknown)


@pytest.mark.parametrize(
    ("clock", "ahead"), [("1000", 0), ("999", 0), ("1002", 0), ("1032", 30), ("940", -59)], ids=str
)
def test_a_clock_is_off_only_by_what_the_look_itself_does_not_explain(clock: str, ahead: float) -> None:
    assert told(clock=clock).ahead == ahead


def test_chrony_is_believed_before_systemd_which_does_not_see_it() -> None:
    systemd = "NTPSynchronized=no"
    assert told(time=systemd, chrony="Leap status     : Normal").synced is True
    assert told(time=systemd, chrony="Leap status     : Not synchronised").synced is False
    assert told(time=systemd, chrony=("", 45)).synced is False


LINK = (
    '{"ifname": "%s", "flags": ["UP"], "link_type": "%s", "linkinfo": {"info_kind": "%s"}, "addr_info": [%s]}'
)


def test_a_vpn_tells_when_a_peer_was_last_heard() -> None:
    wg, tun = LINK % ("wg0", "none", "wireguard", ""), LINK % ("tun0", "none", "tun", "")
    facts = told(addresses=f"[{wg}, {tun}]", wireguard="wg0\tkey=\t1700\nwg0\tother=\t0\nall")
    assert not isinstance(facts.tunnels, Unknown)
    assert [(each.name, each.peers, each.heard) for each in facts.tunnels[:1]] == [("wg0", 2, 1700.0)]
    assert isinstance(facts.tunnels[1].heard, Unknown)


def test_addresses_of_a_link_alone_are_left_out() -> None:
    four = '{"local": "192.0.2.7", "prefixlen": 24, "scope": "global"}'
    six = '{"local": "fe80::1", "prefixlen": 64, "scope": "link"}'
    facts = told(
        addresses=f"[{LINK % ('lo', 'loopback', '', four)}, {LINK % ('eth0', 'ether', '', f'{four}, {six}')}]"
    )
    assert not isinstance(facts.interfaces, Unknown)
    assert [(each.name, each.addresses) for each in facts.interfaces] == [("eth0", ("192.0.2.7/24",))]


def test_what_listens_runs_and_is_logged_in_is_told() -> None:
    facts = told(
        listening='tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=1,fd=3))\nudp UNCONN 0 0 0.0.0.0%eth0:68 0.0.0.0:*',
        containers="== docker\nweb running nginx:1\n== microvm\nmicrovm@vm1.service loaded active running MicroVM\n== all",
        databases="app 8000000\nwith blank 7\nall ",
        logins="anna pts/0 2026-11-22 07:00 (192.0.2.9)\nroot tty1 2026-11-22 07:00\nall",
    )
    assert facts.listening == (Listener("tcp", "[::]", 22, "sshd"), Listener("udp", "0.0.0.0%eth0", 68, ""))
    assert facts.guests == (Guest("docker", "web", "running"), Guest("microvm", "vm1", "running"))
    assert facts.databases == {"app": 8_000_000, "with blank": 7}
    assert facts.logins == (Login("anna", "pts/0", "192.0.2.9"), Login("root", "tty1", ""))


def test_an_engine_that_does_not_answer_hides_no_container() -> None:
    assert isinstance(told(containers="== docker\n== unknown docker\n== microvm\n== all").guests, Unknown)


def test_a_mark_of_somebody_else_is_a_part_of_the_text() -> None:
    assert told(record="@other end\n@other. 0").record == "@other end\n@other. 0"


PARTS = [
    "clock",
    "nixos",
    "record",
    "units",
    "zfs",
    "btrfs",
    "md",
    "smart",
    "addresses",
    "wireguard",
    "listening",
    "containers",
    "databases",
    "logins",
    "path.0",
    "filesystems",
    "inodes",
    "mounts",
    "memory",
    "cpu",
    "load",
    "os",
    "kernel",
    "time",
    "chrony",
    "machine",
    "boot",
    "uptime",
    "gpu",
    "cards",
    "reboot",
]
PIECES = st.sampled_from(
    ["==", "== x", "all", "== all", "\n", " ", "\t", "=", ":", "-", "[", "{", "1", "9" * 30, "²", "\x00", "\ufffd", "Filesystem",
     "NFailedUnits=0", "SystemState=x", '[{"ifname": 1, "flags": 3, "addr_info": {"a": 1}}]', "[" * 3000, "nan", "1e999",
     "system-1-link", "running -", "Sun Nov 99 99:99:99 2025", "pool: x", "scan: scrub", "degraded=x"]
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(PARTS), st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=12).map("".join)
    )
)
def test_no_text_of_any_part_makes_it_fail(parts: dict[str, str]) -> None:
    facts = told(**parts)
    assert {each.name for each in dataclasses.fields(facts)} >= set(USED["cat"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(), st.lists(st.text(), max_size=3))
def test_no_text_at_all_makes_it_fail(text: str, paths: list[str]) -> None:
    facts = parse(f"@{MARK} {text}\n@{MARK}. 0", MARK, 0.0, 1.0, paths)
    assert set(facts.paths) == set(paths)


def sample(at: float, used: int, path: int | None, boot: str = "a") -> Facts:
    disk = Filesystem("/", "/dev/vda", "ext4", 1_000, used, 1_000 - used, None, False)
    return Facts(at=at, machine_id=boot, filesystems=(disk,), paths={"/var": path})


def test_two_looks_tell_what_grows_and_when_it_is_full() -> None:
    found = growth(sample(0, 100, 50), sample(1000, 300, 150))
    assert [(each.place, each.rate, each.left) for each in found] == [("/", 0.2, 3500.0), ("/var", 0.1, None)]


@pytest.mark.parametrize(
    "now",
    [
        sample(300, 900, 900),
        sample(1000, 100, 50),
        sample(1000, 900, 900, "b"),
        sample(1000, 50, None),
        Facts(at=1000),
    ],
    ids=["too soon", "no growth", "another installation", "shrunk", "not known"],
)
def test_two_looks_tell_of_no_trend(now: Facts) -> None:
    assert growth(sample(0, 100, 50), now) == ()
    assert growth(None, now) == ()


def test_a_look_is_compared_with_the_oldest_of_a_day() -> None:
    past = Past()
    hours = [past.compared(sample(hour * 3600, 100 + hour, None)) for hour in range(40)]
    assert hours[0].growth == ()
    assert [each.rate * 3600 for each in hours[30].growth] == [pytest.approx(1.0)]
    assert past.compared(sample(39 * 3600 + 5, 700, None)).growth[0].rate * 82_805 == pytest.approx(700 - 116)


def test_a_clock_of_ours_that_was_set_back_starts_anew() -> None:
    past = Past()
    past.compared(sample(90_000, 100, None))
    assert past.compared(sample(50, 900, None)).growth == ()
