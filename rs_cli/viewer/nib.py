"""What the technician's own pointer looks like with a tool in the hand: a pencil of its colour, a laser's dot. Pure."""

from __future__ import annotations

from PIL import Image, ImageDraw

from rs_cli.viewer import pipe
from rs_relay.channels.draw import Tool
from rs_relay.drawing.raster import DOT, RGB
from rs_relay.glass.shape import Shaped

SIDE = 26  # pixels
_FINE = 6  # drawn so many times as large, for smooth edges
_LEAD = ((2, 23), (4, 16), (9, 21))
_WOOD = ((4, 16), (17, 3), (22, 8), (9, 21))
_EDGE = (30, 30, 30, 255)


def nib(pen: pipe.Pen) -> Shaped:
    """It points with its tip, a dot with its middle."""
    colour = (*RGB[pen.colour], 255)
    drawn = Image.new("RGBA", (SIDE * _FINE, SIDE * _FINE))
    draw = ImageDraw.Draw(drawn)
    if pen.tool is Tool.LASER:
        middle, radius = SIDE / 2 * _FINE, (DOT + pen.width / 2) * _FINE
        draw.ellipse(
            (middle - radius, middle - radius, middle + radius, middle + radius), fill=colour, outline=(255,) * 4,
            width=_FINE,
        )  # fmt: skip
        hot = (SIDE // 2, SIDE // 2)
    else:
        for corners, fill in ((_WOOD, colour), (_LEAD, (236, 222, 190, 255))):
            places = [((x + 0.5) * _FINE, (y + 0.5) * _FINE) for x, y in corners]
            draw.polygon(places, fill=fill, outline=_EDGE, width=_FINE)
        hot = _LEAD[0]
    return Shaped(drawn.resize((SIDE, SIDE), Image.Resampling.BOX), *hot)
