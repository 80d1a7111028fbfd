"""Saving the picture from the window: asks for a name and writes a PNG there, whole or not at all."""

from __future__ import annotations

import time
import tkinter as tk
from io import BytesIO
from pathlib import Path
from tkinter import filedialog

from PIL import Image

from rs_cli.state.private import write_private


def save(parent: tk.Misc, picture: Image.Image) -> str | None:
    """Asks where (the dialog asks again before it replaces a file), and returns the file's name, None if the technician
    thought better of it. Raises LocalProblem when it cannot be written."""
    chosen = filedialog.asksaveasfilename(
        parent=parent,
        title="Save picture",
        defaultextension=".png",
        initialfile=time.strftime("screen-%Y%m%d-%H%M%S.png"),
        filetypes=[("PNG picture", "*.png")],
    )
    if not chosen:
        return None
    path = Path(chosen)
    write_private(path, png(picture))
    return path.name


def png(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
