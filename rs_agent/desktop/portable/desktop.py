"""The desktop of Windows or macOS. Libraries are imported when they are first needed: on Linux they are not there."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rs_agent.desktop.base import Keeper, Kept, Overlay
from rs_agent.desktop.portable.clipboard import PortableClipboard
from rs_agent.desktop.portable.hands import PortableHands
from rs_agent.desktop.portable.keys import MACOS, WINDOWS, Key
from rs_relay.capture.portable.screen import PortableScreen
from rs_relay.errors import LocalProblem
from rs_relay.link.spec import Permission

TABLES: Mapping[str, Mapping[str, Key]] = {"windows": WINDOWS, "macos": MACOS}


class PortableDesktop:
    """`name` is 'windows' or 'macos'; `load` imports a module by its name."""

    def __init__(self, name: str, load: Callable[[str], Any] = importlib.import_module) -> None:
        self.name = name
        self._load_module = load

    def _load(self, module: str) -> Any:
        try:
            return self._load_module(module)
        except ImportError as e:
            raise LocalProblem(
                f"The library {module.partition('.')[0]} is not installed.", "Install rs with its extra 'agent'."
            ) from e

    def screen(self) -> PortableScreen:
        return PortableScreen(self._load("mss").MSS, self._load("pynput.mouse").Controller())

    def hands(self) -> PortableHands:
        with self._load("mss").MSS() as camera:
            everything = camera.monitors[0]
        origin = (int(everything["left"]), int(everything["top"]))
        return PortableHands(self._load("pynput.keyboard"), self._load("pynput.mouse"), TABLES[self.name], origin)

    def clipboard(self) -> PortableClipboard:
        return PortableClipboard(self._load("pyperclip"), self._stamp())

    def _stamp(self) -> Callable[[], int] | None:
        """Windows counts the changes of its clipboard."""
        if self.name != "windows":
            return None
        user32 = self._load("ctypes").windll.user32
        return lambda: int(user32.GetClipboardSequenceNumber())

    def overlay(self) -> Overlay:
        raise LocalProblem("This desktop cannot be drawn over.")

    asks = False

    def allowed(self, permissions: frozenset[Permission]) -> None:
        """Nobody but rs asks here."""

    def stop_key(self, pressed: Callable[[], None]) -> str:
        return ""

    def seen(self, on: bool) -> None:
        """Nothing shows it here but the window of rs-agent."""

    def keep_in(self, folder: Path, *, lasting: bool = False) -> None:
        """Nothing is ever changed here."""

    def keeper(self, purpose: str, told: Callable[[Kept], None]) -> Keeper:
        raise LocalProblem("rs cannot do that on this system yet.")

    def close(self) -> None:
        """Nothing is held."""
