"""What a feature is at the customer's end: a channel it speaks and one coroutine that speaks it.

A session makes one object of each feature; `run` is called once for each channel that a link opens, so several runs
may be under way at once. The channel given to `run` checks the customer's grant on every message in both directions:
a feature never has to, and a run ends by itself (`NotAllowed`, cancelled) when the grant is withdrawn.
An RsError that leaves `run` closes the channel with that error; the link and the session live on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rs_agent.courtesy import Courtesy
from rs_agent.desktop.base import Desktop
from rs_relay.link.channel import Channel
from rs_relay.link.spec import ChannelSpec, Permission

if TYPE_CHECKING:  # an agent that shows no picture has no need of numpy
    from rs_relay.channels.screen import share


class PictureWindow(Protocol):
    """A window before the customer's eyes that shows a picture. Nothing comes back but how it was seen."""

    codecs: tuple[str, ...]  # the lossy ones that it decodes

    async def show(self, message: share.Up) -> None:
        """Waits while the window is behind."""
        ...

    async def said(self) -> share.Down | None:
        """What it says next; None when the customer closed it. Raises LocalProblem, or PeerBroke for a picture that
        made no sense: then it is gone."""
        ...

    async def close(self) -> None:
        """It is gone at once."""
        ...


@dataclass(frozen=True)
class Countdown:
    """A restart of this computer that is counted down. Nothing of it is filtered."""

    who: str
    seconds: float  # that are left
    safe_mode: bool = False
    reason: str = ""  # as `who` gives it


@dataclass(frozen=True)
class Moving:
    """Something that comes to this computer or leaves it, as it stands now."""

    number: int  # another one for each
    text: str  # who moves what, ready for show
    part: float  # of it that has moved, 0 to 1
    cancel: Callable[[], None]  # the customer's word; on the event loop, also when it is over


class Face(Protocol):
    """What a feature may show the customer. Texts come ready for show (translated, filtered)."""

    def notice(self, text: str, typed: str = "") -> None:
        """One line that something happened or is happening now. `typed`: what can be typed about it, where somebody
        types."""
        ...

    def counting(self, restart: Countdown) -> None:
        """A restart is counted down, and can be called off; called at the first, and again as it comes nearer."""
        ...

    def counted(self) -> None:
        """It is not counted any more: it goes, or nothing comes of it."""
        ...

    def access_code(self, code: str, who: str) -> None:
        """The access code that was made for `who` (unfiltered), to be put down: it is shown this once."""
        ...

    def moving(self, move: Moving) -> None:
        """Called some times a second while it moves."""
        ...

    def moved(self, number: int) -> None:
        """It does not move any more, whatever became of it."""
        ...

    def chat(self, name: str, text: str) -> None:
        """A chat line to show."""
        ...

    async def picture(self, who: str) -> PictureWindow:
        """A window for the screen that `who` shows. Raises LocalProblem where there can be none."""
        ...


class Departure(Protocol):
    """How a session survives that its computer restarts."""

    async def ready(self, safe_mode: bool) -> None:
        """Raises LocalProblem when that is certain to fail. Changes nothing."""
        ...

    async def prepare(self, id: str) -> float:
        """The session comes back within so many seconds, whatever happens. Raises LocalProblem: nothing was changed."""
        ...

    async def go(self, safe_mode: bool) -> None:
        """The system goes down. Raises LocalProblem when it refuses: then no trace is left."""
        ...

    def stay(self) -> None:
        """Nothing comes of it, or the session does not come back: no trace is left."""
        ...


@dataclass(frozen=True)
class Returned:
    """What this run of the agent came back from."""

    id: str  # of the restart, as the technician named it
    away: float  # seconds
    restarted: bool  # the computer was started anew; else only this program
    note: str = ""


class Pulse:
    """Beats after something was done that a screen may show: whoever grabs screens need not wait for the next turn.

    Of the event loop's thread only. `count` only grows; a waiter that names the last beat it knows misses none.
    """

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def beat(self) -> None:
        self.count += 1
        self._next, before = asyncio.Event(), self._next
        before.set()

    async def wait(self, seen: int) -> int:
        """The count, as soon as it is over `seen`."""
        while self.count <= seen:
            await self._next.wait()
        return self.count


@dataclass
class Context:
    """What a session hands to its features."""

    desktop: Desktop
    face: Face
    folder: Path  # received files go here
    technician: str  # as the relay names them, for show only
    home: Path = field(default_factory=Path.home)  # files may be read below here
    note: Callable[[str, str], None] = lambda kind, text: None  # a line for the local journal
    pulse: Pulse = field(default_factory=Pulse)  # control beats it after each event, the screen feature waits for it
    courtesy: Courtesy = field(default_factory=Courtesy)  # what works in bulk gives way to who types
    withdraw: Callable[[Permission], None] = lambda permission: None  # the customer took it back at the machine itself
    # Whether a permission is in force now, beside the channel's own: DISK widens `files`. Asked at each use.
    granted: Callable[[Permission], bool] = lambda permission: False
    # Whose channel this runs on, and what holds for that one: for what goes on when its channel has ended.
    speaker: Callable[[], int] = lambda: 0
    granted_to: Callable[[int, Permission], bool] = lambda technician, permission: False
    records: Path | None = None  # where the local journal is kept; None where the customer wants none
    changed: Callable[[], None] = lambda: None  # what a feature says of itself as `busy` is another now
    tell: Callable[[str], None] = lambda text: None  # every technician, as a line of the agent's in the chat
    departure: Departure | None = None
    returned: Returned | None = None
    lines: int = 0  # of chat, from before a restart
    # The customer lets others draw on their screen now: it is seen, not paused, and no question of ours is on show.
    drawable: Callable[[], bool] = lambda: True


class Feature(Protocol):
    """May have more: `busy`, whether it goes on with no channel open (shown as use of its permission); `withdrawn()`, a
    coroutine that ends what does, when the customer takes the permission back; `close()`, at the session's end."""

    spec: ChannelSpec[Any, Any]

    async def run(self, channel: Channel[Any, Any]) -> None: ...
