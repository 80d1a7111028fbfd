"""The desktop of one X display. Its hands share one keyboard: the few spare keys are lent once, not once a session."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rs_agent.desktop.base import Overlay
from rs_agent.desktop.keeping import PURPOSES, Kept
from rs_agent.desktop.x11.hands import X11Hands
from rs_agent.desktop.x11.keeping import X11Keeper, mend
from rs_agent.desktop.x11.presence import X11Presence
from rs_agent.desktop.x11.typist import Typist
from rs_relay.capture.x11.connection import connect, is_xwayland
from rs_relay.clipboard.x11 import X11Clipboard
from rs_relay.errors import LocalProblem
from rs_relay.link.spec import Permission

if TYPE_CHECKING:
    from rs_relay.capture.x11.screen import X11Screen


class X11Desktop:
    """Raises LocalProblem when `display` (default: $DISPLAY) cannot be opened."""

    name = "x11"

    def __init__(self, display: str | None = None) -> None:
        opened = connect(display)
        self.is_xwayland = is_xwayland(opened)
        opened.close()
        self._display = display
        self._lock = threading.Lock()
        self._typist: Typist | None = None
        self._users = 0
        self._folder: Path | None = None
        self._presence: X11Presence | None = None
        self._pressed: Callable[[], None] | None = None

    def screen(self) -> X11Screen:
        from rs_relay.capture.x11.screen import X11Screen  # numpy: loaded when the screen is asked for

        return X11Screen(self._display)

    def hands(self) -> X11Hands:
        with self._lock:
            if self._typist is None:
                self._typist = Typist(self._display)
            self._users += 1
            return X11Hands(self._typist, self._hands_closed)

    def _hands_closed(self) -> None:
        """The last hands give the lent keys back."""
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._typist is not None:
                typist, self._typist = self._typist, None
                typist.close()

    def clipboard(self) -> X11Clipboard:
        return X11Clipboard(self._display)

    def overlay(self) -> Overlay:
        from rs_agent.desktop.x11.overlay import X11Overlay  # Pillow: loaded when somebody may draw

        return X11Overlay(self._display)

    asks = False

    def allowed(self, permissions: frozenset[Permission]) -> None:
        """Nobody but rs asks here."""

    def stop_key(self, pressed: Callable[[], None]) -> str:
        self._pressed = pressed
        self._presence = X11Presence(self._display, pressed)
        return self._presence.key

    def seen(self, on: bool) -> None:
        if on and self._presence is not None and self._presence.gone and self._pressed is not None:
            with suppress(LocalProblem):  # the next display has them, too, once it is there
                self._presence = X11Presence(self._display, self._pressed)
        if self._presence is not None:
            self._presence.seen(on)

    def keep_in(self, folder: Path, *, lasting: bool = False) -> None:
        self._folder = folder
        for purpose in PURPOSES:
            mend(self._name(), folder, purpose)

    def keeper(self, purpose: str, told: Callable[[Kept], None]) -> X11Keeper:
        if self._folder is None:
            raise LocalProblem("Nothing may be changed here that could not be put back.")
        return X11Keeper(self._name(), self._folder, purpose, told)

    def _name(self) -> str:
        return self._display or os.environ.get("DISPLAY", "")

    def close(self) -> None:
        with self._lock:
            typist, self._typist = self._typist, None
        if typist is not None:
            typist.close()
        if self._presence is not None:
            self._presence.close()
