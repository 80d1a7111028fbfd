"""Wallpaper and effects of the desktop environments, through their own tools: `gsettings` and `xfconf-query`.

Which environment this is, XDG_CURRENT_DESKTOP says; another's settings are never touched. What a tool told before is
what it is told afterwards. Tried with the tools themselves and their stores; what each environment then shows is its
own affair (see the README for which have been seen).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence

from rs_agent.desktop.keeping import Change
from rs_relay.errors import LocalProblem

PATIENCE = 5.0  # seconds for one call
MOST = 64  # settings of one change: XFCE has one a monitor and workspace

# Desktop (a word of XDG_CURRENT_DESKTOP) -> tool, where, key (a pattern for xfconf), value while it is hidden.
Row = tuple[str, str, str, str]
TABLE: Mapping[Change, Mapping[str, Row]] = {
    Change.WALLPAPER: {
        "gnome": ("gsettings", "org.gnome.desktop.background", "picture-options", "'none'"),
        "x-cinnamon": ("gsettings", "org.cinnamon.desktop.background", "picture-options", "'none'"),
        "mate": ("gsettings", "org.mate.background", "picture-filename", "''"),
        "xfce": ("xfconf-query", "xfce4-desktop", r"/backdrop/.*/image-style", "0"),
    },
    Change.EFFECTS: {
        "gnome": ("gsettings", "org.gnome.desktop.interface", "enable-animations", "false"),
        "mate": ("gsettings", "org.mate.Marco.general", "compositing-manager", "false"),
        "xfce": ("xfconf-query", "xfwm4", r"/general/use_compositing", "false"),
    },
}
NONE = {
    Change.WALLPAPER: "This desktop has no wallpaper that rs knows how to hide.",
    Change.EFFECTS: "This desktop has no display effects that rs knows how to stop.",
}
Run = Callable[[Sequence[str]], str]


def run(command: Sequence[str]) -> str:
    """Its output. Raises LocalProblem when it is not here, fails or hangs."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as e:
        raise LocalProblem(f"{command[0]} did not answer on the customer's computer.") from e
    return done.stdout


class Settings:
    """The settings behind one change."""

    of_server = False
    retried = False

    def __init__(self, change: Change, run: Run = run, environ: Mapping[str, str] = os.environ) -> None:
        self._change, self._run = change, run
        here = environ.get("XDG_CURRENT_DESKTOP", "").lower().split(":")
        self._rows = [TABLE[change][name] for name in here if name in TABLE[change]][:1]

    def before(self) -> dict[str, object]:
        """{"settings": [[tool, where, key, value now, value while hidden], …]}"""
        found = [[*place, now, plain] for *place, now, plain in self._read() if now != plain]
        if not found:
            raise LocalProblem(NONE[self._change])
        return {"settings": found[:MOST]}

    def make(self, before: dict[str, object]) -> dict[str, object]:
        """Raises LocalProblem where a setting does not keep: a store that lives in the tool's own memory."""
        for tool, where, key, _now, plain in _rows(before):
            self._run(_setting(tool, where, key, plain))
            if self._run(_getting(tool, where, key)).strip() != plain:
                raise LocalProblem(NONE[self._change])
        return before

    def upkeep(self, before: dict[str, object]) -> dict[str, object]:
        return before

    def undo(self, before: dict[str, object]) -> None:
        """What the customer has changed meanwhile stays as they want it."""
        for tool, where, key, first, plain in _rows(before):
            if self._run(_getting(tool, where, key)).strip() == plain:
                self._run(_setting(tool, where, key, first))

    def _read(self) -> Iterable[tuple[str, str, str, str, str]]:
        for tool, where, key, plain in self._rows:
            keys = [key] if tool == "gsettings" else self._matching(where, key)
            for each in keys:
                yield tool, where, each, self._run(_getting(tool, where, each)).strip(), plain

    def _matching(self, channel: str, pattern: str) -> list[str]:
        listed = self._run(["xfconf-query", "-c", channel, "-l"]).split("\n")
        return [line.strip() for line in listed if re.fullmatch(pattern, line.strip())]


def _getting(tool: str, where: str, key: str) -> list[str]:
    return [tool, "get", where, key] if tool == "gsettings" else [tool, "-c", where, "-p", key]


def _setting(tool: str, where: str, key: str, value: str) -> list[str]:
    return [tool, "set", where, key, value] if tool == "gsettings" else [tool, "-c", where, "-p", key, "-s", value]


def _rows(before: dict[str, object]) -> list[tuple[str, str, str, str, str]]:
    rows = before.get("settings")
    return [(r[0], r[1], r[2], r[3], r[4]) for r in rows] if isinstance(rows, list) else []
