"""The X servers of this computer, for a service: no desktop has started it, so no variable tells it where one is.

The administrator's service finds them by their command lines (`Xorg :0 -auth FILE`, as display managers start them, at
the log-in screen too) and can use those whose file it may read. A user's own asks the user's systemd, to which desktops
tell their variables when they start.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = frozenset({"X", "Xorg", "Xorg.bin", "Xorg.wrap"})  # those that show something to somebody
DISPLAY = re.compile(r":\d{1,5}")
VARIABLES = ("systemctl", "--user", "--no-ask-password", "show-environment")
PATIENCE = 3.0  # seconds


@dataclass(frozen=True)
class Server:
    display: str
    authority: str  # the file with its cookies; '' for none


def running(proc: Path = Path("/proc")) -> list[Server]:
    """Those whose cookies this process may read; the one that was started last comes first."""
    found: list[tuple[float, Server]] = []
    for entry in proc.iterdir():
        if not entry.name.isdecimal():
            continue
        with suppress(OSError):
            words = [os.fsdecode(word) for word in (entry / "cmdline").read_bytes().split(b"\0")]
            if (server := _server(words)) is not None and os.access(server.authority or os.devnull, os.R_OK):
                found.append((entry.stat().st_mtime, server))
    return [server for _, server in sorted(found, key=lambda each: each[0], reverse=True)]


def _server(words: Sequence[str]) -> Server | None:
    """What a command line says."""
    if not words or Path(words[0]).name not in PROGRAMS:
        return None
    display = next((word for word in words[1:] if DISPLAY.fullmatch(word)), ":0")
    after = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-auth"]
    return Server(display, after[0] if after else "")


def _said(argv: Sequence[str]) -> str:
    try:
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=PATIENCE,
            check=False,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""


def told(ask: Callable[[Sequence[str]], str] = _said) -> list[Server]:
    """The one of the user's desktop, if it runs."""
    lines = [line.partition("=") for line in ask(VARIABLES).splitlines()]
    known = {name: value for name, _, value in lines}
    display = known.get("DISPLAY", "")
    return [Server(display, known.get("XAUTHORITY", ""))] if DISPLAY.match(display) else []


def here(root: bool | None = None) -> Iterable[Server]:
    """What this process may use, the likeliest first."""
    root = os.geteuid() == 0 if root is None else root
    return running() if root else told()
