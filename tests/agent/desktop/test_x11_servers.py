"""X servers are found by their command lines, and only those whose cookies may be read are used."""

from __future__ import annotations

import os
from pathlib import Path

from rs_agent.desktop.x11 import servers
from rs_agent.desktop.x11.servers import Server


def process(proc: Path, pid: int, *words: str, at: float = 0.0) -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "cmdline").write_bytes(b"\0".join(map(os.fsencode, words)) + b"\0")
    os.utime(folder, (at, at))


def test_display_managers_and_others(tmp_path: Path) -> None:
    cookies = tmp_path / "cookies"
    cookies.touch()
    process(tmp_path, 1, "/lib/systemd/systemd", ":3")
    process(tmp_path, 20, "/usr/lib/xorg/Xorg", ":0", "-seat", "seat0", "-auth", str(cookies), "vt7", at=10)
    process(tmp_path, 21, "/usr/bin/X", ":1", "-auth", str(tmp_path / "none"), at=30)
    process(tmp_path, 22, "Xorg", "-nolisten", "tcp", at=20)
    process(tmp_path, 23, "Xwayland", ":4", at=40)
    (tmp_path / "24").mkdir()  # one that has just ended
    (tmp_path / "uptime").touch()
    assert servers.running(tmp_path) == [Server(":0", ""), Server(":0", str(cookies))]


def test_what_the_users_desktop_told_their_systemd() -> None:
    told = "LANG=C.UTF-8\nDISPLAY=:0\nXAUTHORITY=/run/user/1000/gdm/Xauthority\n"
    assert servers.told(lambda argv: told) == [Server(":0", "/run/user/1000/gdm/Xauthority")]
    assert servers.told(lambda argv: "LANG=C.UTF-8\n") == []
    assert servers.told(lambda argv: "DISPLAY=elsewhere:0\n") == []  # another computer's is none of this one's
    assert servers.told(lambda argv: "") == []
