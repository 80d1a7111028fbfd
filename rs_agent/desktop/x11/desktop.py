"""The desktop of one X display. Its hands share one keyboard: the few spare keys are lent once, not once a session."""

from __future__ import annotations

import threading
from typing import Any

from rs_agent.desktop.x11.clipboard import X11Clipboard
from rs_agent.desktop.x11.hands import X11Hands
from rs_agent.desktop.x11.typist import Typist
from rs_relay.capture.x11.connection import connect
from rs_relay.capture.x11.screen import X11Screen


class X11Desktop:
    """Raises LocalProblem when `display` (default: $DISPLAY) cannot be opened."""

    name = "x11"

    def __init__(self, display: str | None = None) -> None:
        opened = connect(display)
        self.is_xwayland = _is_xwayland(opened)
        opened.close()
        self._display = display
        self._lock = threading.Lock()
        self._typist: Typist | None = None
        self._users = 0

    def screen(self) -> X11Screen:
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

    def close(self) -> None:
        with self._lock:
            typist, self._typist = self._typist, None
        if typist is not None:
            typist.close()


def _is_xwayland(opened: Any) -> bool:
    """Whether this X server is a guest of a Wayland desktop: it says so since 23.1, and its outputs always have."""
    if opened.query_extension("XWAYLAND") is not None:
        return True
    if not opened.has_extension("RANDR"):
        return False
    root = opened.screen().root
    resources = root.xrandr_get_screen_resources()
    names = [opened.xrandr_get_output_info(output, resources.config_timestamp).name for output in resources.outputs]
    return any(str(name).startswith("XWAYLAND") for name in names)
