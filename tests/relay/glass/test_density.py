"""Letters are as large as the desktop's settings say."""

from __future__ import annotations

import sys

import pytest

from rs_relay.glass import density
from tests.support.viewer import ROOT
from tests.support.xdesktop import XDesktop

PROBE = """
import tkinter as tk
from rs_relay.glass import density
root = tk.Tk(className="rs")
density.settle(root)
print(round(root.tk.call("tk", "scaling") * 72), root.winfo_class(), tk._default_root is root)
"""


@pytest.mark.parametrize(
    ("text", "dpi"), [("192", 192.0), ("120.5", 120.5), ("", 0.0), ("0", 0.0), ("nan", 0.0), ("9999", 0.0), ("x", 0.0)]
)
def test_what_a_density_is(text: str, dpi: float) -> None:
    assert density.parsed(text) == dpi


@pytest.mark.parametrize(("resources", "dpi"), [("", "96"), ("Xft.dpi:\t192\n", "192"), ("Xft.dpi: none\n", "96")])
def test_the_desktops_setting_counts(resources: str, dpi: str) -> None:
    with XDesktop((800, 600)) as desktop:
        if resources:
            desktop.run("xrdb", "-nocpp", "-merge", input=resources, check=True)
        done = desktop.run("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", PROBE, check=True)
    assert done.stdout.split() == [dpi, "Rs", "True"]
