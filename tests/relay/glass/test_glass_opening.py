"""Which glass is chosen, by what the display can do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.xdesktop import PATIENCE, XDesktop

OPEN = """
import tkinter
from rs_relay.glass.framebuffer import Framebuffer
from rs_relay.glass.opening import open_glass
root = tkinter.Tk()
glass = open_glass(root, Framebuffer())
print(type(glass).__name__)
glass.close()
root.destroy()
"""


@pytest.mark.parametrize(("without", "kind"), [((), "Shared"), (("MIT-SHM",), "Panes")])
def test_which_glass_a_display_allows(without: tuple[str, ...], kind: str) -> None:
    """In a process of its own: Tk keeps its connection, and ends its process with the X server."""
    with XDesktop((300, 200), without=without) as desktop:
        said = subprocess.run(
            [sys.executable, "-c", OPEN], env=desktop.env, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    assert said.stdout.strip() == kind
