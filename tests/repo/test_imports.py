"""What a room loads when it runs. The static contracts do not see a package's `__init__`; a process of its own does."""

from __future__ import annotations

import subprocess
import sys

import pytest

ROOMS = {
    "rs_relay.server.app": [
        "rs_relay.link",
        "rs_relay.transfer",
        "rs_relay.channels",
        "PIL",
        "numpy",
        "textual",
        "rs_cli",
        "rs_agent",
    ],
    "rs_relay.link.session": ["asyncio", "websockets", "rs_relay.channels", "rs_relay.server"],
    "rs_relay.link.dial": ["cryptography", "rs_relay.channels", "rs_relay.server", "rs_relay.transfer", "numpy", "PIL"],
    "rs_cli.main": [
        "textual",
        "PIL",
        "numpy",
        "tkinter",
        "sqlalchemy",
        "rs_agent",
        "rs_relay.server",
        "websockets",
        "cryptography",
    ],
    "rs_cli.commands.sessions": ["textual", "PIL", "numpy", "tkinter", "rs_agent", "rs_relay.server"],
    "rs_cli.commands.send_file": ["textual", "PIL", "numpy", "tkinter", "rs_agent", "rs_relay.server"],
    "rs_cli.tui.app": ["tkinter", "rs_agent", "rs_relay.server", "sqlalchemy"],
    "rs_cli.player.window": ["cryptography", "websockets", "textual", "rs_relay.link.link", "rs_cli.session", "typer"],
    "rs_cli.viewer.window": [
        "cryptography",
        "websockets",
        "textual",
        "rs_relay.link.dial",
        "rs_relay.link.link",
        "rs_agent",
        "typer",
    ],
    "rs_agent.ui.picture.window": [
        "cryptography",
        "websockets",
        "rs_relay.link.dial",
        "rs_relay.link.link",
        "rs_agent.host",
        "rs_agent.session.session",
        "rs_cli",
    ],
    "rs_agent.ui.face.window": [
        "cryptography",
        "websockets",
        "asyncio",
        "numpy",
        "rs_relay.link.dial",
        "rs_relay.link.link",
        "rs_agent.host",
        "rs_agent.session.session",
        "rs_agent.desktop",
        "rs_cli",
    ],
    "rs_agent.main": ["rs_relay.link", "rs_agent.host", "rs_agent.desktop"],
    "rs_agent.life": [
        "rs_cli",
        "rs_relay.server",
        "textual",
        "typer",
        "tkinter",
        "sqlalchemy",
        "cryptography",
        "numpy",
        "PIL",
        "mss",
        "Xlib",
        "psutil",
    ],
}


@pytest.mark.parametrize("room", list(ROOMS))
def test_a_room_loads_nothing_it_must_not(room: str) -> None:
    code = f"import sys, {room}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    found = [m for m in loaded for bad in ROOMS[room] if m == bad or m.startswith(bad + ".")]
    assert not found, f"{room} brings {found[:5]} with it"
