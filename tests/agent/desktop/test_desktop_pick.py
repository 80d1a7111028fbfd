"""Which desktop this computer has, and what a person is told when it has none."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from rs_agent import desktop
from rs_agent.desktop.x11 import desktop as x11
from rs_relay.capture.x11.connection import is_xwayland
from rs_relay.errors import LocalProblem, UsageError
from tests.support.xdesktop import XDesktop


@pytest.mark.parametrize("name", [None, "auto", "x11"])
@pytest.mark.parametrize("more", [{}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_x11_where_there_is_a_display(x: XDesktop, name: str | None, more: dict[str, str]) -> None:
    picked = desktop.pick(name, {"DISPLAY": x.display, **more}, "linux")
    assert picked.name == "x11"
    screen = picked.screen()
    assert screen.bounds().width == 1000
    screen.close()
    picked.close()


@pytest.mark.parametrize(
    ("environ", "word"),
    [({}, "no screen"), ({"DISPLAY": ":9999"}, "9999")],
)
def test_none_that_can_be_shown(environ: dict[str, str], word: str) -> None:
    with pytest.raises(LocalProblem) as refused:
        desktop.pick(None, environ, "linux")
    assert word in refused.value.message
    assert refused.value.hint


def test_an_x_server_that_is_a_guest_of_wayland(x: XDesktop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x11, "is_xwayland", lambda opened: True)
    environ = {"DISPLAY": x.display, "WAYLAND_DISPLAY": "wayland-0"}
    for told in (environ, {"DISPLAY": x.display}):
        assert desktop.pick(None, told, "linux").name == "wayland"
    picked = desktop.pick("x11", environ, "linux")  # whoever asks for it by name gets it
    assert picked.name == "x11"
    picked.close()


@pytest.mark.parametrize("environ", [{"WAYLAND_DISPLAY": "wayland-0"}, {"XDG_SESSION_TYPE": "wayland"}])
def test_wayland_without_an_x_server(environ: dict[str, str]) -> None:
    assert desktop.pick(None, environ, "linux").name == "wayland"


def test_how_such_a_guest_is_known() -> None:
    def server(extension: bool, outputs: list[str]) -> Any:
        resources = SimpleNamespace(outputs=list(range(len(outputs))), config_timestamp=0)
        root = SimpleNamespace(xrandr_get_screen_resources=lambda: resources)
        return SimpleNamespace(
            query_extension=lambda name: object() if extension and name == "XWAYLAND" else None,
            has_extension=lambda name: name == "RANDR",
            screen=lambda: SimpleNamespace(root=root),
            xrandr_get_output_info=lambda output, at: SimpleNamespace(name=outputs[output]),
        )

    assert is_xwayland(server(True, []))
    assert is_xwayland(server(False, ["XWAYLAND0"]))
    assert not is_xwayland(server(False, ["eDP-1", "HDMI-1"]))


@pytest.mark.parametrize(("system", "name"), [("win32", "windows"), ("darwin", "macos")])
def test_other_systems(system: str, name: str) -> None:
    assert desktop.pick(None, {}, system).name == name


def test_by_name() -> None:
    assert desktop.pick("headless", {}, "linux").name == "headless"
    with pytest.raises(UsageError):
        desktop.pick("amiga")


def test_picking_imports_only_what_is_picked() -> None:
    code = (
        "import sys; from rs_agent import desktop; desktop.pick('headless')\n"
        "print(sorted({'Xlib', 'mss', 'pynput', 'pyperclip'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_hands_of_one_desktop_share_the_spare_keys(x: XDesktop) -> None:
    picked = x11.X11Desktop(x.display)
    first, second = picked.hands(), picked.hands()
    first.text("你")
    lent = x.run("xmodmap", "-pke").stdout
    second.text("你")
    assert x.run("xmodmap", "-pke").stdout == lent
    first.close()
    assert x.run("xmodmap", "-pke").stdout == lent
    second.close()
    assert x.run("xmodmap", "-pke").stdout != lent
    third = picked.hands()
    third.key("shift_left", True)
    picked.close()
    third.close()
