"""Ending programs and switching services, one at a time.

    technician                                   agent
    Find(id, pids, name)      ─────────────▶     Found(id, programs): what they are now
    Kill(id, pid, started, …) ─────────────▶     Done(id, …), when it has gone or has had a second to
    Switch(id, name, …)       ─────────────▶     Done(id, …), when the system says that it is done
                              ◀─────────────     Failed(id, …) in place of any of these

`started` says which program of that number is meant: one that has taken its number since is never touched.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

MAX_NAME = 256
PIDS = 64  # in one question
ASKED = 16  # under way at once
SIGNALS = ("TERM", "KILL", "INT", "HUP", "QUIT", "STOP", "CONT", "USR1", "USR2")


class Action(StrEnum):
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    RELOAD = "reload"
    ENABLE = "enable"
    DISABLE = "disable"


class Find(msgspec.Struct, frozen=True, tag="find"):
    id: int
    pids: tuple[int, ...] = ()
    name: str = ""  # programs of exactly that name, too


class Kill(msgspec.Struct, frozen=True, tag="kill"):
    id: int
    pid: int
    started: float
    signal: str = "TERM"  # one of SIGNALS
    tree: bool = False  # what it has started, too


class Switch(msgspec.Struct, frozen=True, tag="switch"):
    id: int
    name: str
    action: Action
    user: bool = False  # of the user's own services


class Program(msgspec.Struct, frozen=True):
    pid: int
    started: float
    name: str
    user: str


class Found(msgspec.Struct, frozen=True, tag="found"):
    id: int
    programs: tuple[Program, ...]


class Done(msgspec.Struct, frozen=True, tag="done"):
    id: int
    count: int = 1  # programs that heard the signal
    alive: int = 0  # of those, still there
    state: str = ""  # a service's, now


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    id: int
    code: str
    message: str
    hint: str


Up = Find | Kill | Switch
Down = Found | Done | Failed
SPEC: ChannelSpec[Up, Down] = ChannelSpec("manage", Permission.SHELL, Priority.TALK, Up, Down)
