"""Settings of the desktop environments: through the real `gsettings` and its file store, and a stand-in for XFCE's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from rs_agent.desktop.keeping import Change
from rs_agent.desktop.x11.keeper import tools
from rs_agent.desktop.x11.keeper.tools import Settings
from rs_relay.errors import LocalProblem


class Xfconf:
    """A store as `xfconf-query` shows it."""

    def __init__(self, **channels: dict[str, str]) -> None:
        self.store = {name.replace("_", "-"): dict(values) for name, values in channels.items()}
        self.asked: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> str:
        self.asked.append(command)
        match list(command):
            case ["xfconf-query", "-c", channel, "-l"]:
                return "\n".join(self.store[channel]) + "\n"
            case ["xfconf-query", "-c", channel, "-p", key]:
                return self.store[channel][key] + "\n"
            case ["xfconf-query", "-c", channel, "-p", key, "-s", value]:
                self.store[channel][key] = value
                return ""
        raise AssertionError(command)


def test_gnome_keeps_its_setting_through_its_own_tool(tmp_path: Path) -> None:
    env = {**os.environ, "GSETTINGS_BACKEND": "keyfile", "XDG_CONFIG_HOME": str(tmp_path)}

    def run(command: Sequence[str]) -> str:
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=30).stdout

    key = ("org.gnome.desktop.background", "picture-options")
    run(["gsettings", "set", *key, "spanned"])
    ways = [
        Settings(change, run, {"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}) for change in Change if change in tools.TABLE
    ]
    befores = [way.before() for way in ways]
    for way, before in zip(ways, befores, strict=True):
        way.make(before)
    assert run(["gsettings", "get", *key]) == "'none'\n"
    assert run(["gsettings", "get", "org.gnome.desktop.interface", "enable-animations"]) == "false\n"
    for way, before in zip(ways, befores, strict=True):
        way.undo(before)
    assert run(["gsettings", "get", *key]) == "'spanned'\n"
    assert run(["gsettings", "get", "org.gnome.desktop.interface", "enable-animations"]) == "true\n"


def test_xfce_has_a_setting_a_monitor_and_what_was_changed_meanwhile_stays() -> None:
    places = [f"/backdrop/screen0/monitor{n}/workspace0/image-style" for n in ("DP-1", "DP-2", "DP-3")]
    values = dict(zip(places, ("5", "3", "0"), strict=True)) | {"/backdrop/screen0/monitorDP-1/image-path": "/a.png"}
    run = Xfconf(xfce4_desktop=values)
    way = Settings(Change.WALLPAPER, run, {"XDG_CURRENT_DESKTOP": "XFCE"})
    before = way.before()
    way.make(before)
    assert [run.store["xfce4-desktop"][place] for place in places] == ["0", "0", "0"]
    run.store["xfce4-desktop"][places[1]] = "4"  # the customer chose another
    way.undo(before)
    assert [run.store["xfce4-desktop"][place] for place in places] == ["5", "4", "0"]
    way.undo(before)
    assert run.store["xfce4-desktop"][places[0]] == "5"


@pytest.mark.parametrize("desktop", ["", "KDE", "i3", "GNOME-Flashback:X"])
def test_another_desktop_is_left_alone(desktop: str) -> None:
    run = Xfconf()
    for change in (Change.WALLPAPER, Change.EFFECTS):
        with pytest.raises(LocalProblem):
            Settings(change, run, {"XDG_CURRENT_DESKTOP": desktop}).before()
    assert not run.asked


def test_a_store_that_forgets_is_not_told_as_changed() -> None:
    answers = {"get": "'zoom'\n", "set": ""}
    way = Settings(Change.WALLPAPER, lambda command: answers[command[1]], {"XDG_CURRENT_DESKTOP": "GNOME"})
    with pytest.raises(LocalProblem):
        way.make(way.before())


@pytest.mark.parametrize("command", [["rs-no-such-tool"], ["false"]])
def test_a_tool_that_is_not_here_or_fails_is_a_sentence(command: list[str]) -> None:
    with pytest.raises(LocalProblem, match="did not answer"):
        tools.run(command)
