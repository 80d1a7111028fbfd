"""Pictures in a terminal: kitty's graphics, sixels, or two colours a cell (half blocks), whichever it shows best.

textual-image draws the first two, and finds out what the terminal can do: it asks when it is imported, so `load` must
be called before anything else reads the terminal (Textual does). Half blocks are what there is always. Who knows better
says so by RS_PICTURES or `--pictures`.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from math import ceil
from typing import Any

from PIL import Image

from rs_cli.terminal.half_blocks import HalfBlocks
from rs_relay.errors import LocalProblem, UsageError

VARIABLE = "RS_PICTURES"
CELL = (10, 20)  # pixels, where the terminal does not say
_COLOUR = re.compile(r"(#\d+);2;\d+;\d+;\d+")  # of a sixel picture: a register and what it holds
CLEAN = "\r\x1b[K"  # a terminal that does not know what it was asked may have shown it
INSTEAD = "Name a file to save it instead."


class Way(StrEnum):
    AUTO = "auto"
    KITTY = "kitty"
    SIXEL = "sixel"
    BLOCKS = "blocks"


@dataclass(frozen=True)
class Terminal:
    """`way` is never AUTO. `cell`: pixels of one, width and height."""

    way: Way
    cell: tuple[int, int]


def load(wanted: Way | None = None) -> Terminal:
    """What the terminal can do; `wanted`, or RS_PICTURES, goes before what it says.

    Raises UsageError for a value of RS_PICTURES that is none, LocalProblem where there can be no picture."""
    way = wanted or _from_environment()
    if os.environ.get("TERM") == "dumb":
        raise LocalProblem("This terminal shows no pictures.", INSTEAD)
    if way is Way.BLOCKS:
        return Terminal(way, CELL)
    try:
        found, cell = _ask()
    except ImportError as e:
        if way is not Way.AUTO:
            raise LocalProblem(f"Pictures by {way} need textual-image, which is not installed here.", INSTEAD) from e
        return Terminal(Way.BLOCKS, CELL)
    except (OSError, ValueError, ArithmeticError):  # an answer that is none: keys pressed meanwhile, a size of nothing
        found, cell = Way.BLOCKS, CELL
    return Terminal(found if way is Way.AUTO else way, cell)


def cells(size: tuple[int, int], room: tuple[int, int], cell: tuple[int, int]) -> tuple[int, int]:
    """Columns and rows for a picture of `size` pixels: as large as `room` (columns, rows) allows, never enlarged, in
    its own proportions."""
    scale = min(1.0, room[0] * cell[0] / size[0], room[1] * cell[1] / size[1])
    across, down = ceil(size[0] * scale / cell[0]), ceil(size[1] * scale / cell[1])
    return max(1, min(across, room[0])), max(1, min(down, room[1]))


def fitted(image: Image.Image, columns: int, rows: int, terminal: Terminal) -> Image.Image:
    """No more pixels than are shown there: two a cell as half blocks, else all of the cells'."""
    across, down = (1, 2) if terminal.way is Way.BLOCKS else terminal.cell
    size = columns * across, rows * down
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2)


def show(image: Image.Image, terminal: Terminal) -> None:
    """On standard output, as wide as the terminal and a little lower."""
    from rich.console import Console

    # A picture without its colours is none: NO_COLOR asks for text without them.
    console = Console(no_color=False, highlight=False, soft_wrap=False)
    columns, rows = cells(image.size, (console.width, max(1, console.height - 2)), terminal.cell)
    console.print(drawn(image, columns, rows, terminal), end="")


def drawn(image: Image.Image, columns: int, rows: int, terminal: Terminal) -> Any:
    """What Rich prints as the picture on so many cells."""
    image = fitted(image, columns, rows, terminal)
    if terminal.way is Way.BLOCKS:
        return HalfBlocks(image)
    from textual_image.renderable import SixelImage, TGPImage

    return (TGPImage if terminal.way is Way.KITTY else SixelImage)(image, columns, rows)


def colours_first(sixels: str) -> str:
    """The same picture with all colours named before the first of them is used: xterm paints over in another colour
    what it painted before it knew them all."""
    named = "".join(found.group() for found in _COLOUR.finditer(sixels))
    begins = sixels.find("#")
    return sixels[:begins] + named + _COLOUR.sub(r"\1", sixels[begins:]) if named else sixels


def _from_environment() -> Way:
    said = os.environ.get(VARIABLE, "") or Way.AUTO
    try:
        return Way(said)
    except ValueError as e:
        raise UsageError(f"{VARIABLE} is none of {', '.join(Way)}.") from e


def _ask() -> tuple[Way, tuple[int, int]]:
    """The library's import asks standard output and listens on standard input: both must be the terminal."""
    logging.getLogger("textual_image").addHandler(logging.NullHandler())  # a terminal that says nothing is no warning
    hidden = sys.__stdout__
    if not (sys.__stdin__ and sys.__stdin__.isatty()):
        sys.__stdout__ = None  # type: ignore[misc]  # it asks nobody then
    try:
        from textual_image import renderable as made
        from textual_image._terminal import get_cell_size
        from textual_image.renderable import sixel

        name_colours_first(sixel)
        ways = {made.TGPImage: Way.KITTY, made.SixelImage: Way.SIXEL}
        way = ways.get(made.Image, Way.BLOCKS)
        cell = tuple(get_cell_size()) if sys.__stdout__ is not None else CELL
        if sys.__stdout__ is not None and sys.__stdout__.isatty():
            sys.__stdout__.write(CLEAN)
            sys.__stdout__.flush()
    finally:
        sys.__stdout__ = hidden  # type: ignore[misc]
    return way, (cell[0], cell[1])


def name_colours_first(module: Any) -> None:
    """In all sixels that this module of the library makes from now on."""
    make = module.image_to_sixels
    if not hasattr(make, "__wrapped__"):
        module.image_to_sixels = _wrapped(make)


def _wrapped(make: Callable[..., str]) -> Callable[..., str]:
    @wraps(make)
    def made(*arguments: Any, **options: Any) -> str:
        return colours_first(make(*arguments, **options))

    return made
