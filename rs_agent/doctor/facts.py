"""What was seen of this computer. An error of rs that a look met stands in its place, None for what took too long."""

from __future__ import annotations

from dataclasses import dataclass, field

from rs_agent.desktop.wayland.survey import Survey
from rs_agent.machine.service.base import State
from rs_relay.errors import RsError


@dataclass(frozen=True)
class Program:
    version: str
    python: str
    tls: str
    missing: tuple[str, ...] = ()  # libraries that a session's parts need
    without: tuple[str, ...] = ()  # those that only make something better


@dataclass(frozen=True)
class Chosen:
    """The settings. `file`: agent.toml where there is one."""

    file: str = ""
    forbidden: tuple[str, ...] = ()
    journal: bool = True


@dataclass(frozen=True)
class Room:
    """A folder that is written to, or would be made. `free`: bytes for this user."""

    path: str
    writable: bool
    free: int
    exists: bool = True
    private: bool = True  # nobody else can read it, nor the record of sessions in it
    open_file: str = ""  # a file that is not


@dataclass(frozen=True)
class Place:
    """An address of the relay's, and whether something listens there."""

    address: str
    port: int
    answers: bool


@dataclass(frozen=True)
class Way:
    """The way to the relay. `proxy`: host:port of the one that the system names, '' for none."""

    relay: str
    is_default: bool
    proxy: str = ""
    known: bool = True  # its name has addresses; a proxy looks them up itself
    places: tuple[Place, ...] = ()
    problem: RsError | None = None
    milliseconds: int = 0


@dataclass(frozen=True)
class Clock:
    now: float  # Unix time here
    relays: float | None = None  # there, at the same moment
    built: float = 0.0  # when this program was made: no clock is right that is before it


@dataclass(frozen=True)
class Display:
    """An X display."""

    name: str
    width: int
    height: int
    monitors: int
    extensions: frozenset[str]
    afar: bool = False  # on another computer, or brought here through ssh
    fast: bool = True  # pixels come through shared memory
    gamma: bool = True  # its outputs can be made dark
    devices: int = 1  # keyboards and mice that a person's hands are on
    saver: bool = False  # a screen saver is in front of everything
    problem: RsError | None = None  # why its pixels cannot be had


@dataclass(frozen=True)
class Desk:
    """The desktop that would be shown. `display` where it is an X display, `wayland` where it is Wayland's."""

    name: str
    display: Display | None = None
    wayland: Survey | None = None


@dataclass(frozen=True)
class Login:
    """Who is logged in here. `locked`: None where the system does not say."""

    locked: bool | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Faces:
    """What the customer could be shown. `tk`: Tk's version, '' where there is none."""

    tk: str
    display: bool
    terminal: bool


@dataclass(frozen=True)
class Rights:
    user: str
    administrator: bool  # with all rights now
    may_become: bool  # with their own password


@dataclass(frozen=True)
class Serving:
    """`init`: 'systemd', 'launchd', 'windows', or what else starts this system."""

    init: str
    whole: State = State.MISSING
    own: State = State.MISSING
    administrator: bool = False


@dataclass(frozen=True)
class Device:
    """Unattended access; `on` without the rest while it is off."""

    on: bool
    permissions: tuple[str, ...] = ()
    hours: str = ""
    wrong_codes: int = 0


@dataclass(frozen=True)
class Restart:
    """Why each cannot be done; None where it can."""

    reboot: RsError | None = None
    safe_mode: RsError | None = None
    autostart: RsError | None = None
    asked: bool = True  # the system could be asked whether this user may restart it


@dataclass(frozen=True)
class Tools:
    """The system's programs that diagnostics ask, and whether they are there. `log`: why none can be read."""

    there: dict[str, bool] = field(default_factory=dict)
    log: RsError | None = None
