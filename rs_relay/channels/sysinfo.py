"""What a computer is and runs: asked for, read only.

    technician                                   agent
    Look(id)                  ─────────────▶     System(id, …): within a third of a second
    Check(id)                 ─────────────▶     Attention(id, …): what a person should look at; asks slower programs
    Ps(id, over)              ─────────────▶     Processes(id, items, last) until `last`
    ListServices(id, name)    ─────────────▶     Services(id, items, last) until `last`
                              ◀─────────────     Failed(id, …) in place of any of these

Sizes are bytes, times seconds since the epoch by the agent's clock, percentages of one core (so 200 is two of them).
"""

from __future__ import annotations

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

ITEMS = 100  # processes or services in one message
COMMAND = 1000  # characters of a command line
ASKED = 16  # questions under way at once


class Look(msgspec.Struct, frozen=True, tag="look"):
    id: int
    top: int = 5  # processes that take most


class Check(msgspec.Struct, frozen=True, tag="check"):
    id: int


class Ps(msgspec.Struct, frozen=True, tag="ps"):
    id: int
    over: float = 0.2  # seconds over which the processors' share is measured, 0 to 5


class ListServices(msgspec.Struct, frozen=True, tag="list-services"):
    id: int
    name: str = ""  # that one alone


class Cpu(msgspec.Struct, frozen=True):
    model: str
    cores: int
    threads: int
    percent: float  # of all of them together
    load: tuple[float, ...]  # over 1, 5 and 15 minutes; empty where there is none


class Memory(msgspec.Struct, frozen=True):
    total: int
    available: int
    swap_total: int
    swap_used: int


class Disk(msgspec.Struct, frozen=True):
    device: str
    mount: str
    kind: str
    total: int
    free: int  # for an ordinary user
    read_only: bool


class Interface(msgspec.Struct, frozen=True):
    name: str
    up: bool
    speed: int  # Mbit/s, 0 if not known
    mac: str
    addresses: tuple[str, ...]  # with the length of their prefix: 192.168.1.5/24
    received: int
    sent: int


class User(msgspec.Struct, frozen=True):
    name: str
    terminal: str
    host: str  # where from, '' for here
    since: float


class Battery(msgspec.Struct, frozen=True):
    percent: float
    plugged: bool
    left: int | None  # seconds, if it is known


class Temperature(msgspec.Struct, frozen=True):
    label: str
    celsius: float


class Process(msgspec.Struct, frozen=True):
    pid: int
    parent: int
    name: str
    user: str
    state: str  # running, sleeping, disk-sleep, stopped, zombie, idle …
    started: float
    cpu: float  # percent of one core
    memory: int  # resident
    threads: int
    command: str  # '' where it may not be read


class System(msgspec.Struct, frozen=True, tag="system"):
    id: int
    host: str
    os: str
    kernel: str
    machine: str  # x86_64, arm64 …
    now: float
    zone: str
    booted: float
    cpu: Cpu
    memory: Memory
    disks: tuple[Disk, ...]
    interfaces: tuple[Interface, ...]
    routes: tuple[str, ...]  # the default ones: "192.168.1.1 (eth0)"
    dns: tuple[str, ...]
    users: tuple[User, ...]
    battery: Battery | None
    temperatures: tuple[Temperature, ...]
    desktop: str
    session_type: str  # x11, wayland, tty …
    agent: str  # its version
    by_cpu: tuple[Process, ...]
    by_memory: tuple[Process, ...]


class Attention(msgspec.Struct, frozen=True, tag="attention"):
    id: int
    reboot: bool | None  # pending; None where nobody knows
    reboot_for: tuple[str, ...]  # packages or a reason
    updates: int | None  # waiting, None where it is not quickly known
    failed: tuple[str, ...]  # services
    errors: tuple[str, ...]  # the last lines of the journal that are errors


class Processes(msgspec.Struct, frozen=True, tag="processes"):
    id: int
    items: tuple[Process, ...]
    last: bool


class Service(msgspec.Struct, frozen=True):
    name: str
    text: str
    state: str  # active, inactive, failed, activating … as the system says it
    detail: str  # running, exited, dead …
    enabled: str  # enabled, disabled, static … '' where it is not known
    scope: str  # system or user
    pid: int


class Services(msgspec.Struct, frozen=True, tag="services"):
    id: int
    items: tuple[Service, ...]
    last: bool


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    id: int
    code: str
    message: str
    hint: str


Up = Look | Check | Ps | ListServices
Down = System | Attention | Processes | Services | Failed
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "sysinfo", Permission.INFO, Priority.TALK, Up, Down, max_message=1024 * 1024, window=1024 * 1024
)
