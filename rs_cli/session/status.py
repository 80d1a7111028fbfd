"""How one session stands, as a closed union of frozen states: all that a face may know of the connection.

    Connecting ──▶ Open ──▶ Lost ──▶ Connecting …          until
         └───────────┴────────┴────▶ Ended | Stopped       nothing follows these two

*Ended* is the session: it cannot be resumed by anybody. *Stopped* is this program: the session may well go on.
"""

from __future__ import annotations

from dataclasses import dataclass

from rs_relay.errors import RsError


@dataclass(frozen=True)
class Connecting:
    attempt: int  # 1 for the first since the last Open


@dataclass(frozen=True)
class Open:
    links_made: int  # 1 for the first link of this process


@dataclass(frozen=True)
class Lost:
    why: str  # one sentence
    retry_in: float  # seconds


@dataclass(frozen=True)
class Ended:
    why: str


@dataclass(frozen=True)
class Stopped:
    error: RsError | None  # None: because this program asked for it


Status = Connecting | Open | Lost | Ended | Stopped


def sentence(status: Status) -> str:
    """The state for a status line."""
    match status:
        case Connecting(attempt):
            return "connecting" if attempt == 1 else f"connecting, attempt {attempt}"
        case Open():
            return "connected"
        case Lost(why, retry_in):
            return f"{why} Trying again in {retry_in:.0f} s."
        case Ended(why):
            return f"ended: {why}"
        case Stopped(error):
            return error.message if error else "closed"
