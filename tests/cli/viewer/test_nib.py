from __future__ import annotations

import pytest

from rs_cli.viewer import pipe
from rs_cli.viewer.nib import nib
from rs_relay.channels.draw import Colour, Tool
from rs_relay.drawing.raster import RGB


@pytest.mark.parametrize("tool", list(Tool))
def test_the_pointer_looks_like_the_tool_and_its_colour(tool: Tool) -> None:
    shaped = nib(pipe.Pen(tool, Colour.BLUE, 6))
    tip = shaped.image.getpixel((shaped.hot_x, shaped.hot_y))
    assert isinstance(tip, tuple)
    assert tip[3] > 40  # what points is seen
    colours = {pixel[:3] for _, pixel in shaped.image.getcolors(1000)}  # type: ignore[index, union-attr, misc]
    assert RGB[Colour.BLUE] in colours
