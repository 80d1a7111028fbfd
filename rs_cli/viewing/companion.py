"""What a companion of the viewer's window is: entries in its menu, and what happens when one is chosen.

The window knows none of them. A companion says at any time what it offers now; after `around.touch()`, and after each
choice, the window is told anew. What is chosen runs in a task of its own, which ends with the window.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from rs_cli.features.screen import Screen
from rs_cli.session.technician import Technician
from rs_cli.viewer import pipe
from rs_relay.channels.consent import Grant
from rs_relay.channels.control.messages import Up as Act
from rs_relay.link.spec import Permission


@dataclass(frozen=True)
class Around:
    """What a companion may use."""

    session: Technician
    screen: Screen
    send: Callable[[pipe.ToViewer], Awaitable[None]]  # to the window
    say: Callable[[str], None]  # a passing remark in the status line, printable
    stand: Callable[[str, str], None]  # whose, and what the status line says until it is taken back with ""; printable
    touch: Callable[[], None]  # the entries may have changed
    grant: Callable[[Permission], Grant | None]  # what the customer said of it
    hears: Callable[[type[Any], Callable[[Any], None]], None]  # who is told of the window's messages of a type
    act: Callable[[Act], None]  # as if the technician's hands had done it
    chore: Callable[[Awaitable[None]], None]  # done meanwhile; an RsError is shown in the status line


class Companion(Protocol):
    def entries(self) -> Iterable[pipe.Entry]:
        """What the menu offers now. Their ids are told by nobody else."""
        ...

    async def chosen(self, what: str, on: bool) -> None:
        """Entry `what` was chosen. An RsError is shown in the status line."""
        ...


@runtime_checkable
class Busy(Protocol):
    """A companion that does something of its own for as long as the window is open."""

    async def run(self) -> None: ...


@runtime_checkable
class Taker(Protocol):
    """A companion that may take what the technician's hands do for itself."""

    def takes(self, said: Act) -> bool:
        """Whether it has taken it; the customer's computer does not hear of it then."""
        ...


Make: TypeAlias = Callable[[Around], Companion]
