"""The values that pass between the replayer's parts: what was recorded, what came back, what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as recorded; `path` without the prefix of the API, `params` None when nothing was sent.

    Where the query and the body were recorded apart, `query` is as it was on the wire and `params` is for people.
    """

    method: str
    path: str
    params: Mapping[str, Json] | None = None
    encoding: str = "form"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query: str = ""
    body: Json = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; `status` is None when there was none, and `failure` says why.

    `deliveries` is how many events the request made the server tell others, None where nobody counted.
    """

    status: int | None
    reason: str = ""
    body: Json = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    failure: str | None = None
    deliveries: int | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded request with its reply; `seconds` is how long the recorder waited for it.

    `part` is the dialect's name for the part of the body that is compared, empty for all of it.
    """

    index: int
    request: Request
    reply: Reply
    seconds: float = 0.0
    artifact: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """One row of a probe table: a value that was sent for a key, and the columns noted about it."""

    index: int
    key: str
    sent: str
    method: str | None
    columns: Mapping[str, Json]
    artifact: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """An entry that is no exchange; it is not counted."""

    index: int


Entry: TypeAlias = Exchange | Probe | Remark


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks in the entries `first` to `last`; the other fields say where the credentials differ."""

    first: int
    last: int
    name: str
    csrf: str | None = None
    cookie: str | None = None
    secret: str | None = None
    authorization: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened outside the API before the entry `before`; `spec` is the recorded event."""

    before: int
    spec: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds that passed before the entry `before`."""

    before: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Poll:
    """The entry that was repeated until the task stopped; `task_of` is the entry that started the task."""

    entry: int
    task_of: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body."""

    name: str
    data: str
    filename: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Multipart:
    """A body of several parts, in order."""

    boundary: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a replayer must know beside the exchanges: the start, who asks, the order, events, what is cut.

    `scopes` are the entries from which on another state holds, where bindings begin anew.
    """

    state: Mapping[str, Json]
    identities: tuple[Identity, ...] = ()
    order: tuple[int, ...] = ()
    events: tuple[Event, ...] = ()
    pauses: tuple[Pause, ...] = ()
    polls: tuple[Poll, ...] = ()
    bodies: Mapping[int, Multipart] = field(default_factory=dict[int, Multipart])
    redacted: Mapping[tuple[int, str], str] = field(default_factory=dict[tuple[int, str], str])
    artifacts: frozenset[int] = frozenset()
    remarks: frozenset[int] = frozenset()
    scopes: Mapping[int, Mapping[str, Json]] = field(default_factory=dict[int, "Mapping[str, Json]"])


@dataclass(frozen=True, slots=True)
class Trace:
    """One file of recorded exchanges, or one folder of such files; then `names` are those of its entries."""

    system: str
    file: str
    entries: tuple[Entry, ...]
    setup: Setup
    names: tuple[str, ...] = ()

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The entries, where all are exchanges, so that their numbers are their places."""
        return tuple(entry for entry in self.entries if isinstance(entry, Exchange))

    def name(self, index: int) -> str:
        """What people call an entry: the name of its file, or its number."""
        return self.names[index] if self.names else str(index)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the emulator answered for an entry; `body` of a probe are its columns, `path` is the recorded one."""

    method: str
    path: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Outside:
    """A request or an event between the entries; `before` is the entry that followed it.

    `expected` is the recorded status of the answer, None where it was not noted.
    """

    before: int
    answer: Answer
    params: Mapping[str, Json] = field(default_factory=dict[str, Json])
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the emulator sent to the address of a webhook, as it came; `cause` is the id of the causing request."""

    cause: str
    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """One replay of a trace; an entry without an answer was not sent.

    `ties` are values (class, recorded, emulated) that were tied before the first entry; `deliveries` is what came.
    """

    trace: Trace
    answers: Mapping[int, Answer]
    outside: tuple[Outside, ...] = ()
    ties: tuple[tuple[str, str, str], ...] = ()
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in the reply where recorded and emulated differ."""

    path: str
    recorded: str
    emulated: str


class Verdict(Enum):
    """What became of an entry; the last three are the kinds of not covered."""

    EQUAL = "equal"
    DIFFERENT = "different"
    ARTIFACT = "artefact"
    UNSUPPORTED = "unsupported"
    DEPENDENT = "dependent"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict about one entry; `trivial` replies say next to nothing, `request` is for people."""

    index: int
    verdict: Verdict
    trivial: bool
    request: str
    differences: tuple[Difference, ...] = ()
