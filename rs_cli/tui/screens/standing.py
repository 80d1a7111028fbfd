"""Whether a screen still has its parts: they go one by one when it is left or the app ends, before its work does."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen


def stands(screen: Screen[Any]) -> bool:
    """Whether what is heard late can still be shown on `screen`."""
    return screen.is_mounted and screen.app.is_running and screen in screen.app.screen_stack
