"""One command on the customer's computer, and its three streams. A channel carries one command, from start to end.

    technician                                   agent
    Run(argv, cwd, env, …)    ─────────────▶     once, first
                              ◀─────────────     Failed(status, why): it could not be started, the channel's end; else
    Input(data) …, EndOfInput ─────────────▶     its standard input; never more than AHEAD bytes that are not Taken yet
                              ◀─────────────     Taken(total): so many bytes of input have gone into it, or been dropped
                              ◀─────────────     Deaf: it has closed its input; what else was sent is dropped
                              ◀─────────────     Output(data) …, Errors(data) …: standard output and error, apart
    Signal(name)              ─────────────▶     to its whole process group
    Resize(columns, lines)    ─────────────▶     of its terminal, if it has one
    Unheard(stream)           ─────────────▶     nobody reads that stream any more: the command finds it closed
                              ◀─────────────     Exited(status, signal): all of it has ended, all output was said

The agent reads what the technician says at once, so a signal never waits behind input that the command does not take:
that is why input has credit of its own. Output is paced by the channel: who does not take it stops the command.
The end of the channel, whoever brings it about, is the end of the command and of everything that it started.
"""

from __future__ import annotations

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

PIECE = 255 * 1024  # bytes of one Input, Output or Errors at most: with its envelope it fills one record
AHEAD = 4 * 1024 * 1024  # bytes of input on the way: a second of 32 Mbit/s, or 40 ms of a gigabit
WORDS = 128 * 1024  # bytes of a command with its environment at most: what Linux takes of a single argument
STDOUT, STDERR = 1, 2  # of Unheard
SIGNALS = ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2")
NOT_FOUND, NOT_EXECUTABLE = 127, 126  # exit statuses, as shells, env and ssh have them


class Tty(msgspec.Struct, frozen=True):
    """The terminal that the command is to have; its error stream is then its output stream."""

    term: str
    columns: int
    lines: int


class Run(msgspec.Struct, frozen=True, tag="run"):
    """Words are bytes as the system has them: a name need not be text."""

    argv: tuple[bytes, ...]  # of one word, a line for the user's shell, when `shell`
    shell: bool = False
    cwd: bytes = b""  # absolute, or below the home folder, which is the default
    env: dict[str, str] = {}
    tty: Tty | None = None
    seconds: float = 0.0  # then it is ended; 0: never
    input: bool = True  # False: standard input is empty, and no Input follows


class Input(msgspec.Struct, frozen=True, tag="input"):
    data: memoryview


class EndOfInput(msgspec.Struct, frozen=True, tag="end-of-input"):
    pass


class Signal(msgspec.Struct, frozen=True, tag="signal"):
    name: str  # of SIGNALS


class Resize(msgspec.Struct, frozen=True, tag="resize"):
    columns: int
    lines: int


class Unheard(msgspec.Struct, frozen=True, tag="unheard"):
    stream: int


class Taken(msgspec.Struct, frozen=True, tag="taken"):
    total: int


class Deaf(msgspec.Struct, frozen=True, tag="deaf"):
    pass


class Output(msgspec.Struct, frozen=True, tag="output"):
    data: memoryview


class Errors(msgspec.Struct, frozen=True, tag="errors"):
    data: memoryview


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    status: int  # NOT_FOUND or NOT_EXECUTABLE
    why: str


class Exited(msgspec.Struct, frozen=True, tag="exited"):
    status: int  # 0 to 255; 128 + the signal's number when one ended it
    signal: str = ""  # its name without SIG
    late: bool = False  # it was ended because its seconds were over


Up = Run | Input | EndOfInput | Signal | Resize | Unheard
Down = Taken | Deaf | Output | Errors | Failed | Exited
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "exec", Permission.SHELL, Priority.BULK, Up, Down, max_message=256 * 1024, window=4 * 1024 * 1024
)
