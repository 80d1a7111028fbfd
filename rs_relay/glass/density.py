"""How large a point is: as the desktop's settings say, not as the X server believes its screen to be.

Desktops that make everything larger (GNOME at 200 %, KDE, Xfce) write `Xft.dpi` into the X server's resources. Tk 8.6
goes by the server's size of its screen in millimetres, which is 96 dpi nearly everywhere.
"""

from __future__ import annotations

import tkinter as tk

LEAST, MOST = 48.0, 480.0  # dpi: what is beyond them is a mistake of somebody's


def settle(root: tk.Tk) -> None:
    """From now on fonts in points are as large as the desktop's settings want them."""
    if root.tk.call("tk", "windowingsystem") == "x11" and (dpi := parsed(_said())):
        root.tk.call("tk", "scaling", dpi / 72)


def parsed(text: str) -> float:
    """Dots per inch; 0.0 for what is none."""
    try:
        dpi = float(text)
    except ValueError:
        return 0.0
    return dpi if LEAST <= dpi <= MOST else 0.0


def _said() -> str:
    """Tk finds a resource for the application that bears its name, so one has to be called Xft. It shows nothing."""
    asking = tk.Tk(className="Xft")
    try:
        asking.withdraw()
        return str(asking.tk.call("option", "get", ".", "dpi", "Dpi"))
    finally:
        asking.destroy()
