"""The invariants: what must never happen, judged at every request and every effect as it happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint_lab.proxmox.dispatch import Request
from setpoint_lab.proxmox.effects import Happened
from setpoint_lab.proxmox.envelope import Answer
from setpoint_lab.proxmox.ledger import Effect
from tests.simulation import networks
from tests.simulation.declared import GRACES, Machine, kind_of
from tests.simulation.life import Life
from tests.simulation.site import Site, mark_of
from tests.simulation.truth import (
    ESTATE,
    LAG,
    Guest,
    Truth,
    Write,
    by_daemon,
    form_mark_name,
    is_old,
    key_of,
    may_restart,
    options,
)

SETTLE = 29.0
"""Seconds in which a write whose answer was lost is not sent again: the target may still execute it."""
WIPED_WITHIN = 3600.0
"""Seconds after its moment in which a wipe begins."""
ENDED_WITHIN = 86_400.0
"""Seconds after its moment in which what was stopped for a wipe is destroyed."""
FEW = 3
"""How many of a kind on a target are restarted in a day without a person's word."""
JUST_NOW = 90.0
"""Seconds for which the daemon may not have seen yet what others did."""
GAVE_UP = 596
"""From this status on an answer leaves open whether the request is executed yet."""
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")


@dataclass
class Lost:
    """A write whose answer never came."""

    write: Write
    at: float


@dataclass(frozen=True)
class Disturbance:
    """A write that restarts or wipes a guest.

    Attributes:
        name: whose it is.
        before: how many requests had changed something on its site when it was sent.
    """

    write: Write
    name: str
    before: int

    @property
    def executed(self) -> bool:
        """Whether the same was done to the guest since, be it by this one."""
        done = self.write.site.world.ledger.effects[self.before :]
        return any((one.method, one.path) == (self.write.method, self.write.path) for one in done)


@dataclass
class Frozen:
    """A freeze, from its answer on.

    Attributes:
        order: scope and name; another freeze of the same replaces it.
        names: of whom it speaks; None for all.
        begun: the vmids and names whose step had begun before.
    """

    order: tuple[str, str]
    names: frozenset[str] | None
    begun: frozenset[object]
    until: float

    def holds(self, name: str, now: float) -> bool:
        return now < self.until and (self.names is None or name in self.names)


@dataclass
class Rules:
    """Judges.

    Attributes:
        restarted: what restarts or wipes, but for what was refused; a storm is shorter than a day.
        destroyed: what of each kind was begun to be deleted on each cluster.
        locks: by cluster, the last lock on its networks.
        waiting: for the answer to a write to which VM a daemon waits, and which daemon.
        quiet: who is in sync while nothing happens, and so is not written to.
        broken: what was violated, in order; empty when all is well.
        jumped: when the daemon's clock last jumped, seconds of the loop.
        forgot: when the daemon last lost its memory, seconds since the epoch.
        touched: when somebody else than the daemon last changed each VM, seconds of the loop.
    """

    truth: Truth
    now: Callable[[], float]
    note: Callable[[str, str], None]
    broken: list[str] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    frozen: list[Frozen] = field(default_factory=list)
    jumped: float = -1e9
    forgot: float = -1e9
    touched: dict[tuple[str, int], float] = field(default_factory=dict)
    restarted: list[Disturbance] = field(default_factory=list)
    destroyed: dict[tuple[str, str], dict[str, Guest]] = field(default_factory=dict)
    locks: dict[str, networks.Lock] = field(default_factory=dict)
    waiting: dict[tuple[str, int], int] = field(default_factory=dict)
    quiet: frozenset[str] = frozenset()
    judged: int = 0

    def fail(self, what: str) -> None:
        """Something must not be."""
        self.note("BROKEN", what)
        self.broken.append(f"at {self.now():.3f}: {what}")

    def sending(self, life: Life, site: Site, request: Request) -> None:
        """Judge a request of the daemon before it has any effect."""
        if request.method == "GET":
            return
        write = Write.read(site, request)
        self.judged += 1
        if networks.is_about_networks(request):
            why = networks.judge(self, life, site, request)
            if why:
                self.fail(f"{why}: {write}")
            return
        name = self._whose(life, write)
        for rule in RULES:
            why = rule(self, life, write, name)
            if why:
                self.fail(f"{why}: {write} for '{name}'")
                return

    def ended(self, site: Site, request: Request, found: Answer | Exception) -> None:
        """The daemon waits no more for the answer to a request, or has it."""
        if request.method == "GET":
            return
        self.waiting.pop((site.name, Write.read(site, request).vmid), None)
        if isinstance(found, Answer) and 400 <= found.status < GAVE_UP:
            # Whom nothing was done to is not disturbed; all that may have been executed, or may be yet, counts on.
            self.restarted = [
                one for one in self.restarted if one.write.request is not request or one.executed
            ]

    def lost_answer(self, site: Site, request: Request) -> None:
        """The daemon does not learn what became of a write."""
        self.lost.append(Lost(Write.read(site, request), self.now()))

    def happened(self, site: Site, event: Happened, user: str) -> None:
        """Judge what came about, and keep the books of what is true."""
        self.note(event.kind, f"{site.name} {event.vmid} {event.what} by {user or 'nobody'}")
        ours = by_daemon(user)
        if event.vmid is not None and not ours:
            self.touched[site.name, event.vmid] = self.now()
        match event.kind:
            case "guest_made" if event.vmid is not None:
                self._made(site, event.vmid, ours=ours)
            case "guest_gone" if event.vmid is not None:
                self._gone(site, event.vmid, ours=ours)
            case "volume_gone" if ours:
                self._volume_gone(site, event)
            case "mac_made" if event.vmid is not None:
                self._mac_made(site, event)
                if not ours:
                    self._come_back(site, event.vmid)
            case _:
                pass

    def wrote(self, site: Site, effect: Effect) -> None:
        """Judge the state after a write."""
        networks.note_lock(self.locks, site, effect, site.world.clock.now())
        vmid = Write.read(site, Request(effect.method, effect.path)).vmid
        vm, guest = site.vms.get(vmid), self.truth.guest(site, vmid)
        if vm is None or guest is None:
            return
        mac = _mac(str(vm.values.get("net0", "")))
        if not by_daemon(effect.user):
            self.touched[site.name, vmid] = self.now()
            guest.mac = mac or guest.mac
        elif guest.mac and mac and mac != guest.mac:
            self.fail(f"the MAC of {vmid} was {guest.mac} and is {mac}")

    def _whose(self, life: Life, write: Write) -> str:
        """For whom the daemon acts, by what it sends or by its journal."""
        if write.verb == "create":
            return form_mark_name(write.form.get("description", ""))
        guest = self.truth.guest(write.site, write.vmid)
        return _journalled(life, write) or (guest.name if guest is not None else "")

    def _made(self, site: Site, vmid: int, *, ours: bool) -> None:
        cause = site.cause()
        name = form_mark_name(str(cause.params.get("description", ""))) if ours and cause else ""
        mine = self.truth.living(name) if name and not self.truth.has_gone_on(name) else []
        twins = [guest for guest in mine if not guest.tainted]
        self.truth.guests.append(Guest(site, vmid, name, born=self.now()))
        if twins:
            self.fail(
                f"{name} was made as {site.name}/{vmid} although it is {twins[0].site.name}/{twins[0].vmid}"
            )

    def _come_back(self, site: Site, vmid: int) -> None:
        """A copy that somebody brought back to the place of the original bears a mark that fits: it is the machine now."""
        guest, mark = self.truth.guest(site, vmid), mark_of(site.vms[vmid])
        if guest is not None and mark is not None and mark == Mark(ESTATE, mark.key, str(vmid)):
            guest.name = mark.key.name

    def _gone(self, site: Site, vmid: int, *, ours: bool) -> None:
        guest = self.truth.guest(site, vmid)
        if guest is not None:
            guest.alive = False
        cause = site.cause()
        if ours and cause is not None and cause.method == "DELETE":
            self.truth.had.discard(guest.name if guest is not None else "")
        elif ours and (cause is None or Write.read(site, Request(cause.method, cause.path)).verb != "create"):
            self.fail(f"{site.name}/{vmid} ({guest.name if guest else '?'}) was destroyed")

    def _volume_gone(self, site: Site, event: Happened) -> None:
        cause = site.cause()
        write = Write.read(site, Request(cause.method, cause.path)) if cause is not None else None
        own = write is not None and write.verb == "destroy" and f"-{write.vmid}-" in event.what
        if not own and (write is None or write.verb not in ("create", "move_disk", "cloudinit")):
            self.fail(f"volume {event.what} of {site.name} was removed by {cause}")

    def _mac_made(self, site: Site, event: Happened) -> None:
        guest = self.truth.guest(site, event.vmid or 0)
        if guest is not None and event.what.startswith("net0="):
            guest.mac = _mac(event.what)


def _home(rules: Rules, life: Life, write: Write, name: str) -> str:
    """Writes go to the cluster that the target is known to be."""
    targets = {machine.target for machine in rules.truth.spoken(name, life.estate.version)}
    if not targets or any(rules.truth.home.get(target) is write.site for target in targets):
        return ""
    return "a write to a cluster that is none of ours"


def _ours(rules: Rules, life: Life, write: Write, name: str) -> str:
    """What is changed bears our mark, or is ours for certain and lost it."""
    if write.verb == "create":
        return "" if name else "a VM is made without our mark"
    vm, guest = write.site.vms.get(write.vmid), rules.truth.guest(write.site, write.vmid)
    if vm is None or guest is None:
        return ""
    spoken = list(rules.truth.spoken(name, life.estate.version))
    former = {machine.formerly for machine in spoken} | rules.truth.ancestors(name)
    mark, owner = mark_of(vm), guest.name
    adopts = not owner and mark is None and any(machine.policy.get("adopt") for machine in spoken)
    if adopts or (owner in former and form_mark_name(write.form.get("description", "")) == name):
        guest.name = name
    if _just_touched(rules, write):
        return ""
    if not adopts and owner != name and owner not in former:
        return f"the VM of '{owner}' is changed"
    good = {Mark(ESTATE, key_of(one), str(write.vmid)) for one in (name, *former) if one}
    if mark is not None and mark not in good:
        return f"a VM is changed that bears {mark}"
    return ""


def _once(rules: Rules, life: Life, write: Write, name: str) -> str:
    """One VM for one key, and none again for one that was there without a person's word."""
    if write.verb != "create":
        return ""
    former = {m.formerly for m in rules.truth.spoken(name, life.estate.version) if m.formerly}
    still = {m.name for n in former for m in rules.truth.spoken(n, life.estate.version)}
    for one in (name, *sorted(former - still)):
        if one == name and rules.truth.has_gone_on(name):
            continue
        twins = [guest for guest in rules.truth.living(one) if not guest.tainted]
        if f"elsewhere {name}" in rules.truth.allowed:
            for guest in twins:
                guest.tainted = "" if guest.site is write.site else "somebody wanted one elsewhere"
            twins = [guest for guest in twins if not guest.tainted]
        if twins:
            return f"a second VM is made beside {twins[0].site.name}/{twins[0].vmid}"
        if one in rules.truth.had and f"recreate {one}" not in rules.truth.allowed:
            return "a lost VM is made again without a word"
    if not list(rules.truth.spoken(name, life.estate.version)):
        return "a VM is made that nobody declares"
    return ""


def _policy(rules: Rules, life: Life, write: Write, name: str) -> str:
    """Nothing is destroyed, restarted or stopped that need not be."""
    spoken = list(rules.truth.spoken(name, life.estate.version))
    match write.verb:
        case "destroy":
            return _taken_away(rules, life, write, name)
        case "status/reboot":
            return _restart(rules, life, write, name, spoken)
        case "status/stop" | "status/reset" | "status/suspend":
            return "a VM is switched off"
        case "status/shutdown":
            if any(machine.spec.get("power") == "stopped" for machine in spoken):
                return ""
            return _taken_away(rules, life, write, name)
        case _:
            return "" if spoken else "a VM is changed that nobody declares"


def _taken_away(rules: Rules, life: Life, write: Write, name: str) -> str:
    """It is wiped by schedule, or deleted."""
    at = _wipes(rules, life, name)
    unwiped = None if at is None else _may_wipe(rules, life, write, name, at)
    if unwiped == "":
        return ""
    why = may_delete(rules, life, write, name)
    if not why and write.verb == "destroy":
        why = _may_destroy(rules, write, name)
    return f"{unwiped}, and {why}" if why and unwiped else why


def _manage(rules: Rules, life: Life, write: Write, name: str) -> str:
    """`policy.manage` is obeyed."""
    modes = {m.policy.get("manage", "full") for m in rules.truth.spoken(name, life.estate.version)}
    left_alone = modes == {"observe"} or (
        modes and write.verb == "create" and modes <= {"observe", "updateOnly"}
    )
    return "policy.manage leaves that to people" if left_alone else ""


def may_delete(rules: Rules, life: Life, write: Write, name: str) -> str:
    """It left, its policy said so before, it is surely ours, and not too many go."""
    repository, version = rules.truth.repository, life.estate.version
    commit = repository.commits[version]
    if name in commit.machines and name not in commit.hidden:
        return "what is declared is taken away"
    word = repository.last_word(name)
    if word is None:
        return "what nothing is remembered of is taken away"
    last, _ = word
    if last.policy.get("deletion") != "delete" or last.policy.get("manage", "full") != "full":
        return "what the policy leaves alone is taken away"
    if name in rules.truth.kept:
        return "what somebody wanted to keep is taken away"
    vm = write.site.vms.get(write.vmid)
    exact = Mark(ESTATE, key_of(name), str(write.vmid))
    if vm is not None and mark_of(vm) != exact and not _just_touched(rules, write):
        return f"what bears {mark_of(vm)} is taken away"
    return _too_many(rules, life, write, name)


def _too_many(rules: Rules, life: Life, write: Write, name: str) -> str:
    """More than a few begin to go in a day; who was kept in time or is declared again does not count."""
    begun = rules.destroyed.setdefault((write.site.name, kind_of(name)), {})
    if f"delete {name}" in rules.truth.allowed:
        return ""
    commit = rules.truth.repository.commits[life.estate.version]
    stay = rules.truth.kept | (commit.machines.keys() - commit.hidden)
    others = sorted(one for one, guest in begun.items() if one != name and not (guest.alive and one in stay))
    if len(others) >= FEW:
        return f"it is taken away after {', '.join(others)}"
    guest = rules.truth.guest(write.site, write.vmid)
    if guest is not None:
        begun.setdefault(name, guest)
    return ""


def _may_destroy(rules: Rules, write: Write, name: str) -> str:
    """What was lost by accident is not destroyed, nor anything before its grace is over."""
    repository, now = rules.truth.repository, rules.now()
    word = repository.last_word(name)
    if word is None or rules.jumped > word[1]:
        return ""
    if name in repository.now.hidden:
        return "what is missing by accident is destroyed"
    last, since = word
    grace = GRACES[str(last.policy.get("grace", "1h"))]
    return "" if now - since >= grace else f"it is destroyed {now - since:.0f} s after it left"


def _restart(rules: Rules, life: Life, write: Write, name: str, spoken: list[Machine]) -> str:
    """The policy allows it, and not too many others were restarted."""
    if why := too_much_disturbed(rules, write, name):
        return f"a restart {why}"
    may = f"restart {name}" in rules.truth.allowed
    if may or any(may_restart(machine, life.clock()) for machine in spoken):
        return ""
    return "a restart against the policy"


def too_much_disturbed(rules: Rules, write: Write, name: str) -> str:
    """No more than a few of a kind are restarted or wiped in a day."""
    alike = {one.name for one in rules.restarted if one.write.site is write.site}
    others = sorted(one for one in alike - {name} if kind_of(one) == kind_of(name))
    if len(others) >= FEW and "blast" not in rules.truth.allowed:
        return f"after those of {', '.join(others)}"
    rules.restarted.append(Disturbance(write, name, len(write.site.world.ledger.effects)))
    return ""


def _wipes(rules: Rules, life: Life, name: str) -> str | None:
    """The time of the day at which what is declared is made anew; None when it is not."""
    for machine in rules.truth.spoken(name, life.estate.version):
        lifecycle = machine.policy.get("lifecycle")
        if lifecycle and machine.policy.get("deletion") == "delete":
            return str(lifecycle["at"])
    return None


def _may_wipe(rules: Rules, life: Life, write: Write, name: str, at: str) -> str:
    """It is old, its moment has come or it was stopped for it, and the declarations are good."""
    guest = rules.truth.guest(write.site, write.vmid)
    if guest is None:
        return ""
    late = _after(at, life.clock())
    if not is_old(guest, rules.now()):
        return "what was made today is wiped"
    if late > WIPED_WITHIN + JUST_NOW and not (guest.stopping and late < ENDED_WITHIN):
        return f"it is wiped {late:.0f} s after its moment"
    version = rules.truth.repository.commits[life.estate.version]
    if version.broken and rules.now() - rules.truth.repository.served.get(version.version, 0.0) > LAG:
        return "it is wiped although the declarations have a mistake"
    if why := too_much_disturbed(rules, write, name):
        return f"it is wiped {why}"
    guest.stopping = True
    if write.verb == "destroy" and not guest.wiping:
        guest.wiping = True
        rules.note("wiped", name)
    return ""


def _after(at: str, now: float) -> float:
    """Seconds since it was that time of the day, UTC; a few before it are none."""
    hours, minutes = map(int, at.split(":"))
    return max((now + 5 - hours * 3600 - minutes * 60) % 86_400 - 5, 0.0)


def _journal(rules: Rules, life: Life, write: Write, name: str) -> str:
    """The intent is on the disk before the effect."""
    return "" if _journalled(life, write) else "no intent is journalled"


def _journalled(life: Life, write: Write) -> str:
    """The name of the VM for which a step on the write's object is under way; empty when there is none."""
    for key, target, document in life.store._db.rows("SELECT key, target, document FROM intent"):
        here = Key.parse(target).name == write.site.name
        if here and json.loads(document)["identity"].get("vmid") == write.vmid:
            return Key.parse(key).name
    return ""


def _not_frozen(rules: Rules, life: Life, write: Write, name: str) -> str:
    """Nothing begins after the answer to a freeze."""
    for freeze in rules.frozen:
        if freeze.holds(name, rules.now()) and not {write.vmid, name} & freeze.begun:
            return "a step begins although it is frozen"
    return ""


def _not_repeated(rules: Rules, life: Life, write: Write, name: str) -> str:
    """What may still be executed is not sent again."""
    rules.lost = [lost for lost in rules.lost if rules.now() - lost.at < SETTLE]
    for lost in rules.lost:
        if lost.write == write and rules.jumped < lost.at and not _known(write):
            return f"a write is repeated {rules.now() - lost.at:.1f} s after its answer was lost"
    return ""


def _known(write: Write) -> bool:
    """Whether the tasks of the VM have ended, so that the daemon may know what became of the first."""
    tasks = [task for task in write.site.world.tasks.all if task.upid.id == str(write.vmid)]
    return bool(tasks) and not any(task.running for task in tasks)


def _needed(rules: Rules, life: Life, write: Write, name: str) -> str:
    """Nothing is written that is there already."""
    vm = write.site.vms.get(write.vmid)
    if vm is None or write.verb != "config" or write.form.get("digest") != vm.digest:
        return ""
    config = vm.load()
    coming = {**config.current, **config.pending}
    sent = options(write.form)
    same = all(coming.get(option) == value for option, value in sent.items())
    if vm.machine is None:
        # What waits for a start comes into force of a VM that is off when it is written again.
        same = same and not config.pending.keys() & sent.keys()
    gone = all(option not in coming for option in write.form.get("delete", "").split(",") if option)
    return "what is there already is written again" if same and gone else ""


def _alone(rules: Rules, life: Life, write: Write, name: str) -> str:
    """Whatever is done to a VM has ended before the next is begun."""
    for task in () if write.verb == "create" else write.site.world.tasks.running():
        ours = by_daemon(task.upid.owner) and task.upid.starttime > rules.forgot
        if ours and task.upid.id == str(write.vmid):
            return f"a step begins while {task.upid.type} goes on"
    return ""


def _not_quiet(rules: Rules, life: Life, write: Write, name: str) -> str:
    """Nothing is written to what is in sync."""
    return "a write although it is in sync" if name in rules.quiet else ""


def _one_at_a_time(rules: Rules, life: Life, write: Write, name: str) -> str:
    """No two workers are at one VM."""
    place = write.site.name, write.vmid
    if rules.waiting.get(place) == life.number and write.verb != "create":
        return "two writes at once"
    rules.waiting[place] = life.number
    return ""


RULES = (
    _not_quiet,
    _home,
    _ours,
    _once,
    _manage,
    _policy,
    _journal,
    _not_frozen,
    _not_repeated,
    _needed,
    _alone,
)


def _just_touched(rules: Rules, write: Write) -> bool:
    return rules.now() - rules.touched.get((write.site.name, write.vmid), -1e9) < JUST_NOW


def _mac(text: str) -> str:
    found = _MAC.search(text)
    return found[0].upper() if found else ""
