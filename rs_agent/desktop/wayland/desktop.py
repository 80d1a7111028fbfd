"""The desktop of a Wayland compositor, by its portal: what the person there allows in their desktop's own dialog.

rs's own grant stands before it and is not replaced by it: nothing is asked of the desktop before it was granted here,
and what is withdrawn here is given back there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rs_agent.desktop.base import Clipboard, Keeper, Kept, Overlay
from rs_agent.desktop.wayland.memory import Memory
from rs_agent.desktop.wayland.survey import shares_clipboard
from rs_relay.errors import LocalProblem
from rs_relay.link.spec import Permission

if TYPE_CHECKING:
    from rs_agent.desktop.wayland.hands import WaylandHands
    from rs_relay.capture.wayland.leave import Leave
    from rs_relay.capture.wayland.screen import WaylandScreen


class WaylandDesktop:
    """Nothing is asked of it, and nothing of it is loaded, before somebody wants to look or type."""

    name = "wayland"

    def __init__(
        self, environ: Mapping[str, str] = os.environ, make: Callable[[Callable[[str], None]], Leave] | None = None
    ) -> None:
        """`make`: a Leave that tells of each token, for tests."""
        self._environ, self._make = environ, make
        self._lock = threading.Lock()
        self._made: Leave | None = None
        self._allowed: frozenset[Permission] = frozenset()
        self._memory: Memory | None = None

    def _leave(self) -> Leave:
        from rs_relay.capture.wayland.leave import Leave  # numpy, dbus-fast
        from rs_relay.portal.session import Lasting

        with self._lock:
            if self._made is None:
                memory = self._memory
                kept = memory.write if memory else lambda token: None
                self._made = self._make(kept) if self._make else Leave(self._environ, kept)
                self._made.lasting = Lasting.ALWAYS if memory else Lasting.PROGRAM
                self._made.token = memory.read() if memory else ""
            return self._made

    def screen(self) -> WaylandScreen:
        return self._leave().screen(hands=Permission.CONTROL in self._allowed)

    def hands(self) -> WaylandHands:
        from rs_agent.desktop.wayland.hands import WaylandHands

        return WaylandHands(self._leave())

    def allowed(self, permissions: frozenset[Permission]) -> None:
        self._allowed = permissions
        if self._made is not None and not permissions & {Permission.VIEW, Permission.CONTROL}:
            self._made.give_back(wait=False)
            if self._memory is None:
                self._made.forget()

    @property
    def asks(self) -> bool:
        return self._made is not None and self._made.asks

    def clipboard(self) -> Clipboard:
        """GNOME's compositor keeps one clipboard with its X server for old programs, and asks nobody; others do that
        only while an old program has the keyboard."""
        if not shares_clipboard(self._environ):
            raise LocalProblem("The clipboard of this Wayland desktop cannot be reached.")
        from rs_relay.clipboard.x11 import X11Clipboard

        return X11Clipboard(self._environ["DISPLAY"])

    def overlay(self) -> Overlay:
        raise LocalProblem("This desktop cannot be drawn over.")

    def stop_key(self, pressed: Callable[[], None]) -> str:
        return ""

    def seen(self, on: bool) -> None:
        """The desktop shows by itself that its screen is seen."""

    def keep_in(self, folder: Path, *, lasting: bool = False) -> None:
        """With `lasting`, what the person allows once holds for the sessions to come, too: they may not be there then.
        Nothing else is ever changed here."""
        self._memory = Memory(folder) if lasting else None

    def keeper(self, purpose: str, told: Callable[[Kept], None]) -> Keeper:
        raise LocalProblem("rs cannot do that on a Wayland desktop.")

    def close(self) -> None:
        if self._made is not None:
            self._made.give_back()
