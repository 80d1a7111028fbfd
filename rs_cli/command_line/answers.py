"""What each verb answers with `--json`: the one truth that docs/json.md describes and tests hold the verbs to.

Stable: a later version may add fields, and renames, removes or retypes none. Sizes are bytes. A moment is seconds since
the epoch, or, where the customer's system is asked about itself (`Time`), ISO 8601 in UTC, null where it is not known.
"""

from __future__ import annotations

from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

import msgspec

Time: TypeAlias = str | None


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Told(_Answer, frozen=True):
    code: str
    message: str
    hint: str


class Failure(_Answer, frozen=True):
    """In place of any answer; the exit status says the same."""

    error: Told


class Joined(_Answer, frozen=True):
    session: int
    customer: str
    relay: str


class NewCode(_Answer, frozen=True):
    code: str
    valid_seconds: float


class CustomersCode(_Answer, frozen=True):
    """`link`: the relay's page where a customer gets rs-agent, with the code in it."""

    code: str
    valid_seconds: float
    link: str


class Session(_Answer, frozen=True):
    """`state`: online, offline, unknown or ended."""

    session: int
    customer: str
    state: str
    relay: str
    created: float
    ended: float | None
    outcome: str


class Present(_Answer, frozen=True):
    """A technician in a session. `links`: programs of theirs that are connected; `leads`: answers for the session."""

    number: int
    name: str
    since: float
    links: int
    leads: bool
    you: bool


class SessionShown(Session, frozen=True):
    """`permissions`: each to not-asked, asking, granted, refused or withdrawn. `present`: the technicians."""

    permissions: dict[str, str]
    present: list[Present] = []


class Guest(_Answer, frozen=True):
    session: int
    number: int
    name: str


class HandedOver(_Answer, frozen=True):
    session: int
    to: str


class SessionAsked(_Answer, frozen=True):
    session: int
    permissions: dict[str, str]


class SessionOver(_Answer, frozen=True):
    session: int
    state: str
    customer_told: bool


class Waiting(_Answer, frozen=True):
    slot: str
    name: str
    waiting_seconds: float


class Device(_Answer, frozen=True):
    """`fingerprint` of its key; null where this computer does not know it."""

    id: str
    name: str
    group: str
    tags: list[str]
    online: bool
    fingerprint: str | None


class AgentService(_Answer, frozen=True):
    """`system`, `user`: the computer's service and the customer's own: missing, stopped, running, impossible."""

    session: int
    system: str
    user: str


class Unattended(_Answer, frozen=True):
    """`new_code`: an access code was made, and is on the customer's screen."""

    id: str
    name: str
    fingerprint: str
    new_code: bool


class Screenshot(_Answer, frozen=True):
    file: str
    width: int
    height: int
    x: int
    y: int
    bytes: int


class Recorded(_Answer, frozen=True):
    file: str
    seconds: float
    bytes: int


class Film(_Answer, frozen=True):
    file: str
    seconds: float
    width: int
    height: int
    pictures: int
    bytes: int


class Segment(_Answer, frozen=True):
    seconds: float
    width: int
    height: int


class Recording(_Answer, frozen=True):
    title: str
    created: float
    seconds: float
    bytes: int
    updates: int
    segments: list[Segment]
    finished: bool
    torn_bytes: int


class Moved(_Answer, frozen=True):
    name: str
    saved_as: str
    size: int
    sha256: str
    resumed_from: int
    note: str


class Skipped(_Answer, frozen=True):
    name: str
    reason: str


class NotMoved(_Answer, frozen=True):
    name: str
    code: str
    message: str


class More(_Answer, frozen=True):
    transfers: int
    skipped: int
    failed: int


class Account(_Answer, frozen=True):
    """Each list holds a thousand at most; `more` counts the rest."""

    session: int
    seconds: float
    bytes: int
    files: int
    resumed_bytes: int
    reused_bytes: int
    repaired: int
    transfers: list[Moved]
    skipped: list[Skipped]
    failed: list[NotMoved]
    more: More


class Transfer(_Answer, frozen=True):
    """`direction`: send or get. `place`: in its program's queue, null when it is not waiting."""

    id: int
    session: int
    customer: str
    direction: str
    label: str
    state: str
    place: int | None
    bytes: int
    total_bytes: int | None
    resumed_bytes: int
    files: int
    total_files: int
    name: str
    rate: int
    limit: int | None
    seconds_left: float | None
    skipped: int
    failed: int
    failures: list[dict[str, Any]]
    error: dict[str, Any] | None
    began: float | None
    ended: float | None


class Cleared(_Answer, frozen=True):
    cleared: list[int]


class Printer(_Answer, frozen=True):
    printer: str
    default: bool
    state: str


class Printed(_Answer, frozen=True):
    """`state`: waiting without --wait; with it done, cancelled, failed or unknown."""

    session: int
    file: str
    bytes: int
    job: str
    state: str


class Thing(_Answer, frozen=True):
    """`kind`: file, folder, link or other. `mode`: four octal digits. `target`: of a link."""

    name: str
    kind: str
    size: int
    modified: float
    mode: str
    owner: str
    group: str
    target: str


class Listed(_Answer, frozen=True):
    session: int
    path: str
    entries: list[Thing]


class ThingOf(Thing, frozen=True):
    session: int


class Done(_Answer, frozen=True):
    """`done`: made."""

    session: int
    path: str
    done: str


class Renamed(Done, frozen=True):
    """`done`: moved."""

    was: str


class Removed(Done, frozen=True):
    """`done`: removed; `count` with all that was in it."""

    count: int


class Measured(_Answer, frozen=True):
    name: str
    kind: str
    size: int


class Measures(_Answer, frozen=True):
    session: int
    path: str
    size: int
    count: int
    entries: list[Measured]


class Space(_Answer, frozen=True):
    session: int
    path: str
    size: int
    free: int


class ChatLine(_Answer, frozen=True):
    """`who`: technician, customer or system."""

    number: int
    who: str
    name: str
    text: str
    at: float


class ClipboardText(_Answer, frozen=True):
    text: str


class ClipboardHtml(_Answer, frozen=True):
    html: str


class ClipboardRtf(_Answer, frozen=True):
    rtf: str


class Saved(_Answer, frozen=True):
    file: str
    bytes: int


class ClipboardFormat(_Answer, frozen=True):
    """`format`: text, html, rtf, image or files. `fits`: not too large to fetch."""

    format: str
    bytes: int
    fits: bool


class ClipboardFormats(_Answer, frozen=True):
    """`files_bytes`: of the copied files; what is in copied folders is not counted."""

    formats: list[ClipboardFormat]
    files: int
    folders: int
    files_bytes: int


class Put(_Answer, frozen=True):
    bytes: int


class Copied(_Answer, frozen=True):
    """A line for each copy. `direction`: get from the customer, or send. Where not `copied`, it is too large to go by
    itself, or a picture or files, and can be fetched."""

    at: float
    session: int
    direction: str
    format: str
    bytes: int
    copied: bool


class Address(_Answer, frozen=True):
    host: str
    port: int
    path: str


class Forwarding(_Answer, frozen=True):
    """A line for each as it is ready. `ready`: local, reverse or socks."""

    ready: str
    at: Address
    to: Address | None


class Ran(_Answer, frozen=True):
    """What is no UTF-8 stands in `stdout_base64`, `stderr_base64`. `why`: only if it could not be run."""

    session: int
    status: int
    stdout: str | msgspec.UnsetType = msgspec.UNSET
    stderr: str | msgspec.UnsetType = msgspec.UNSET
    stdout_base64: str | msgspec.UnsetType = msgspec.UNSET
    stderr_base64: str | msgspec.UnsetType = msgspec.UNSET
    signal: str | int | msgspec.UnsetType | None = msgspec.UNSET
    why: str | msgspec.UnsetType = msgspec.UNSET


class Cpu(_Answer, frozen=True):
    model: str
    cores: int
    threads: int
    percent: float
    load: list[float]


class Memory(_Answer, frozen=True):
    total: int
    available: int
    swap_total: int
    swap_used: int


class Disk(_Answer, frozen=True):
    device: str
    mount: str
    kind: str
    total: int
    free: int
    read_only: bool


class Interface(_Answer, frozen=True):
    name: str
    up: bool
    speed: int
    mac: str
    addresses: list[str]
    received: int
    sent: int


class User(_Answer, frozen=True):
    name: str
    terminal: str
    host: str
    since: Time


class Battery(_Answer, frozen=True):
    percent: float
    plugged: bool
    left: int | None


class Temperature(_Answer, frozen=True):
    label: str
    celsius: float


class Process(_Answer, frozen=True):
    pid: int
    parent: int
    name: str
    user: str
    state: str
    started: Time
    cpu: float
    memory: int
    threads: int
    command: str


class Attention(_Answer, frozen=True):
    reboot: bool | None
    reboot_for: list[str]
    updates: int | None
    failed: list[str]
    errors: list[str]


class Info(_Answer, frozen=True):
    """Percentages of `by_cpu` are of one core; those of `cpu` of all together."""

    session: int
    host: str
    os: str
    kernel: str
    machine: str
    now: Time
    zone: str
    booted: Time
    cpu: Cpu
    memory: Memory
    disks: list[Disk]
    interfaces: list[Interface]
    routes: list[str]
    dns: list[str]
    users: list[User]
    battery: Battery | None
    temperatures: list[Temperature]
    desktop: str
    session_type: str
    agent: str
    by_cpu: list[Process]
    by_memory: list[Process]
    attention: Attention


class Processes(_Answer, frozen=True):
    session: int
    processes: list[Process]


class KillError(_Answer, frozen=True):
    code: str
    message: str


class Restarted(_Answer, frozen=True):
    """Without --wait `back` is false, and what is known later only is null."""

    session: int
    back: bool
    restarted: bool | None  # the computer; false: only the customer's program was started anew
    away_seconds: float | None
    note: str
    window_seconds: float | None  # that it has to be back


class Killed(_Answer, frozen=True):
    pid: int
    name: str
    user: str
    signalled: int
    alive: int | None
    error: KillError | None


class Kills(_Answer, frozen=True):
    session: int
    signal: str
    programs: list[Killed]


class Service(_Answer, frozen=True):
    name: str
    text: str
    state: str
    detail: str
    enabled: str
    scope: str
    pid: int


class Services(_Answer, frozen=True):
    session: int
    services: list[Service]


class Switched(_Answer, frozen=True):
    session: int
    service: str
    action: str
    state: str


class LogLine(_Answer, frozen=True):
    """A line for each. `priority`: 0 (emergency) to 7 (debug), -1 if it is not known."""

    at: Time
    priority: int
    source: str
    pid: int
    text: str


class Shell(_Answer, frozen=True):
    shell: int
    runs: str
    began: float
    attached: bool


class Relay(_Answer, frozen=True):
    relay: str


class SignedIn(_Answer, frozen=True):
    relay: str
    name: str


class WatchConnection(_Answer, frozen=True, tag_field="event", tag="connection"):
    """`state`: connecting, open or lost; `why` and `retry_seconds` only of lost."""

    at: float
    session: int
    state: str
    why: str = ""
    retry_seconds: float = 0.0


class WatchPermissions(_Answer, frozen=True, tag_field="event", tag="permissions"):
    """All that the customer has said so far, whenever it changes."""

    at: float
    session: int
    permissions: dict[str, str]


class WatchJoined(_Answer, frozen=True, tag_field="event", tag="joined"):
    """Another technician is in the session; of those who are there when the watch begins, too."""

    at: float
    session: int
    number: int
    name: str


class WatchLeft(_Answer, frozen=True, tag_field="event", tag="left"):
    """They are not any more."""

    at: float
    session: int
    number: int
    name: str


class WatchChat(_Answer, frozen=True, tag_field="event", tag="chat"):
    """A line, also of those before the watch began. `who` is system for the agent's own, like a pause."""

    at: float
    session: int
    number: int
    who: str
    name: str
    text: str


class WatchTransfer(_Answer, frozen=True, tag_field="event", tag="transfer"):
    """A transfer is over, whichever `rs` of this computer moved it. `state`: done, failed, cancelled or stopped (its
    program ended before it did); `bytes` of `files` files, and `failed` more did not arrive. `why`: the first of what
    went wrong, or empty."""

    at: float
    session: int
    id: int
    direction: str
    label: str
    state: str
    bytes: int
    files: int
    skipped: int
    failed: int
    why: str


class WatchEnded(_Answer, frozen=True, tag_field="event", tag="ended"):
    """The last of a session. `code` as in a failure: session-ended, or why it cannot be watched any more."""

    at: float
    session: int
    code: str
    why: str


WatchEvent = WatchConnection | WatchPermissions | WatchJoined | WatchLeft | WatchChat | WatchTransfer | WatchEnded

# By what is typed; the answer of an option that changes it stands behind the option.
ANSWERS: dict[str, Any] = {
    "connect": Joined,
    "sessions list": list[Session],
    "sessions show": SessionShown,
    "sessions new": CustomersCode | Joined,
    "sessions end": SessionOver,
    "sessions ask": SessionAsked,
    "sessions invite": NewCode | Guest,
    "sessions hand-over": NewCode | HandedOver,
    "sessions remove": Guest,
    "sessions waiting": list[Waiting],
    "devices list": list[Device],
    "devices show": Device,
    "devices add": Device,
    "unattended enable": Unattended,
    "agent-service install": AgentService,
    "agent-service status": AgentService,
    "agent-service remove": AgentService,
    "screenshot": Screenshot,
    "record": Recorded,
    "play": Recording,
    "export": Film,
    "send-file": Account,
    "get-file": Account,
    "cp": Account,
    "transfers list": list[Transfer],
    "transfers pause": Transfer,
    "transfers clear": Cleared,
    "print": list[Printed],
    "print --list": list[Printer],
    "exec": Ran,
    "shell --list": list[Shell],
    "info": Info,
    "ps": Processes,
    "reboot": Restarted,
    "kill": Kills,
    "services": Services,
    "services start": Switched,
    "logs": LogLine,
    "ls": Listed,
    "stat": ThingOf,
    "find": ThingOf,
    "mkdir": Done,
    "mv": Renamed,
    "rm": Removed,
    "du": Measures,
    "df": Space,
    "chat": ChatLine,
    "clipboard get": ClipboardText,
    "clipboard get --html": ClipboardHtml,
    "clipboard get --rtf": ClipboardRtf,
    "clipboard get --image": Saved,
    "clipboard get --files": Account,
    "clipboard get --formats": ClipboardFormats,
    "clipboard set": Put,
    "clipboard set --files": Account,
    "clipboard watch": Copied,
    "forward": Forwarding,
    "watch": WatchEvent,
    "login": SignedIn,
    "logout": Relay,
}
_WORDS = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null", Any: "anything"}


def described(kind: Any) -> str:
    """The type in words, with its fields: what docs/json.md has below each heading."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        optional = {f.name for f in msgspec.structs.fields(kind) if not f.required}
        tag = kind.__struct_config__.tag
        fields = [f'event: "{tag}"'] if tag else []
        for field in msgspec.structs.fields(kind):
            mark = "?" if field.name in optional and not tag else ""
            fields.append(f"{field.name}{mark}: {described(hints[field.name])}")
        return "{" + ", ".join(fields) + "}"
    origin, inside = get_origin(kind), get_args(kind)
    if origin is list:
        return f"[{described(inside[0])}]"
    if origin is dict:
        return f"{{any: {described(inside[1])}}}"
    if inside:
        return " | ".join(described(one) for one in inside if one is not msgspec.UnsetType)
    return _WORDS[kind]
