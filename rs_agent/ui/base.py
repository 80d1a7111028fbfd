"""What the customer sees, and what they can do: the two halves of every face (a console now, a window later).

The law: a face decides nothing and holds no secret but the code it shows. What holds now (`in_force`) is always on
show; `stop` is always in reach, from any thread, whatever the rest of the program is doing. All methods of a Face are
called on the event loop and return at once. Texts from the other side arrive as they are: a face shows them only
through `rs_relay.text.printable`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from rs_agent import feature
from rs_agent.consent import Question
from rs_relay.channels.draw import Tool
from rs_relay.link.codes import Code
from rs_relay.link.spec import Permission

# What is shown not only as granted but also while it is made use of.
SHOWN_IN_USE = frozenset({Permission.SHARE, Permission.RECORD, Permission.PRIVACY, Permission.SHELL, Permission.TUNNEL})


@dataclass(frozen=True)
class Standing:
    """How one technician stands: grants are each one's own."""

    number: int  # from 1, never given twice in one session
    name: str  # unlike every other's
    connected: bool
    granted: frozenset[Permission]
    used: frozenset[Permission] = frozenset()


@dataclass(frozen=True)
class InForce:
    """What holds at this moment."""

    connected: tuple[str, ...] = ()  # who has a link open now, each name once
    granted: frozenset[Permission] = frozenset()
    paused: bool = False
    session: bool = False  # whether a session is open (somebody has joined)
    used: frozenset[Permission] = frozenset()  # of those in `SHOWN_IN_USE`: a channel of it is open now
    seen: bool = False  # somebody looks at the screen now
    each: tuple[Standing, ...] = ()  # where several are here: whose each of these is, in the order in which they came


@dataclass(frozen=True)
class Summary:
    """What is left on the screen after a session."""

    who: tuple[str, ...]
    seconds: float
    granted: tuple[Permission, ...]  # whatever was granted at any time
    files: tuple[tuple[str, str], ...] = ()  # (what was done, which file): a key of `words.FILES`, a label
    reason: str = ""  # why it ended


class Actions(Protocol):
    """What the customer does. On the event loop, but for `stop`."""

    def stop(self) -> None:
        """Ends everything at once. From any thread."""
        ...

    def answer(self, number: int, yes: bool) -> None: ...

    def heed(self, number: int) -> None:
        """The warning that comes before question `number` was read; the question itself follows."""
        ...

    def withdraw(self, permissions: Iterable[Permission], who: str = "") -> None:
        """From the technician of that name or number, or from all."""
        ...

    def allow(self, permission: Permission, who: str = "") -> None:
        """To the technician of that name or number; '' is the only one there is."""
        ...

    def remove(self, who: str) -> None:
        """Takes the technician of that name or number out of the session; the last one ends it."""
        ...

    def pause(self, on: bool) -> None:
        """The screen is hidden, and pointer, keyboard and clipboard are left alone, until it is called with False."""
        ...

    def say(self, text: str) -> None:
        """A chat line to the technician."""
        ...

    def draw(self, tool: Tool) -> None:
        """The next drag on the desktop draws, and is seen by both."""
        ...

    def erase(self) -> None:
        """All drawings, whoever drew them."""
        ...

    def forbid_drawing(self, on: bool) -> None:
        """Nobody draws on the desktop, until it is called with False."""
        ...

    def stop_restart(self) -> None:
        """Calls off the restart that is being counted down."""
        ...

    def leave(self) -> None:
        """The terminal or window went away: `stop`, unless it is the computer that goes down. From any thread."""
        ...


class Face(feature.Face, Protocol):
    def open(self, actions: Actions) -> None:
        """Start to show, and to hear the customer."""
        ...

    def code(self, spoken: str, minutes: int) -> None:
        """A code to read to the technician, in groups; it replaces the one shown before."""
        ...

    def in_force(self, now: InForce) -> None:
        """Shown for as long as it holds; called after every change."""
        ...

    def ask(self, question: Question, folder: str) -> None:
        """Put a question on show. `folder`: where received files go. With `question.warn` it is the warning first, and
        its yes is `Actions.heed`. A yes is offered when `question.live` has come, by the event loop's clock."""
        ...

    def asked(self, question: Question) -> None:
        """The question is over (answered, too late, withdrawn): take it off."""
        ...

    def ask_code(self) -> Code:
        """The technician's code, as the customer types it: waits for it. Before `open`.

        Raises WrongCode, SessionEnded."""
        ...

    def hot_key(self, name: str) -> None:
        """Which key stops from anywhere on this desktop; called only where one does."""
        ...

    def problem(self, message: str, hint: str) -> None:
        """Something went wrong and the agent goes on."""
        ...

    def summary(self, summary: Summary) -> None: ...

    def failed(self, message: str, hint: str) -> None:
        """The agent ends for this reason, ready for show, which is written to standard error as well."""
        ...

    def close(self) -> None:
        """Everything that was to be shown is shown, within a fraction of a second; no thread is left."""
        ...
