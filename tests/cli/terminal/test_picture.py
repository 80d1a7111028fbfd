"""Pictures on a real pty: what a terminal that knows the protocol would be told, and what one that knows none shows."""

from __future__ import annotations

import base64
import os
import re
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rs_cli.terminal import picture
from rs_cli.terminal.picture import Terminal, Way, cells, colours_first, fitted, load
from rs_relay.errors import LocalProblem, UsageError
from tests.support.terminal import Terminal as RealTerminal

ROOT = Path(__file__).parents[3]
PROGRAM = """
from PIL import Image
from rs_cli.terminal.picture import load, show
image = Image.new("RGB", (400, 240), (10, 200, 30))
image.paste((200, 10, 30), (0, 0, 200, 240))
show(image, load())
print("after")
"""


def printed(way: str, **env: str) -> RealTerminal:
    """What the program prints on a pty that answers no question."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "RS_PICTURES")}
    env = {**kept, "PYTHONPATH": str(ROOT), "RS_PICTURES": way, "COLORTERM": "truecolor", **env}
    with RealTerminal([sys.executable, "-c", PROGRAM], env, columns=60, lines=24) as terminal:
        assert terminal.wait() == 0, terminal.text
        assert "Traceback" not in terminal.text
    return terminal


def test_half_blocks_where_the_terminal_says_nothing() -> None:
    terminal = printed("auto", NO_COLOR="1")  # the picture is the answer: it keeps its colours
    buffer = terminal._screen.buffer
    rows = [y for y in range(24) if buffer[y][3].data == "▀"]
    assert len(rows) == 12  # 240 pixels of cells of 20
    for y in rows:
        assert [(buffer[y][x].fg, buffer[y][x].bg) for x in (3, 35)] == [("c80a1e",) * 2, ("0ac81e",) * 2]
    assert buffer[rows[0]][40].data == " "  # 400 pixels of cells of 10: not enlarged
    assert "after" in terminal.screen[rows[-1] + 1]


def test_kitty_is_sent_the_pixels_and_places_for_them() -> None:
    raw = bytes(printed("kitty")._raw)
    chunks = re.findall(rb"\x1b_G([^;\x1b]*m=[01][^;\x1b]*);([^\x1b]*)\x1b\\", raw)
    assert chunks
    image = Image.open(BytesIO(base64.b64decode(b"".join(data for _, data in chunks))))
    assert image.size == (400, 240)
    assert image.convert("RGB").getpixel((10, 10)) == (200, 10, 30)
    assert re.search(rb"\x1b_G[^;\x1b]*U=1", raw)  # the placement by placeholders
    assert raw.decode().count("\U0010eeee") == 40 * 12


def test_sixels_show_the_picture_and_name_their_colours_first() -> None:
    raw = bytes(printed("sixel")._raw).decode()
    found = re.search(r"\x1bP[\d;]*q(\"[\d;]+)?(.*?)\x1b\\", raw, re.DOTALL)
    assert found
    assert found.group(1) == '"1;1;400;240'
    body = found.group(2)
    assert re.match(r"(#\d+;2;\d+;\d+;\d+){2}", body)
    painted = re.sub(r"^(#\d+;2;\d+;\d+;\d+)+", "", body)
    assert ";" not in painted
    assert painted.count("-") >= 240 // 6 - 1
    assert "after" in raw[found.end() :]


def test_colours_go_first_and_nothing_else_changes() -> None:
    before = '\x1bP0;0;0q"1;1;4;12#0;2;0;0;0!4~-#0!4~$#1;2;100;0;0!2?~\x1b\\'
    after = '\x1bP0;0;0q"1;1;4;12#0;2;0;0;0#1;2;100;0;0#0!4~-#0!4~$#1!2?~\x1b\\'
    assert colours_first(before) == after
    assert colours_first("nothing") == "nothing"


@pytest.mark.parametrize(
    ("size", "room", "expected"),
    [
        ((400, 240), (100, 50), (40, 12)),  # not enlarged
        ((1920, 1080), (96, 100), (96, 27)),  # as wide as there is room
        ((1000, 2000), (100, 25), (25, 25)),  # as high
        ((1, 1), (80, 24), (1, 1)),
        ((16_000, 20), (80, 24), (80, 1)),
    ],
)
def test_the_room_it_takes(size: tuple[int, int], room: tuple[int, int], expected: tuple[int, int]) -> None:
    assert cells(size, room, (10, 20)) == expected


def test_no_more_pixels_than_are_shown() -> None:
    image = Image.fromarray(np.full((900, 1600, 3), 77, np.uint8))
    assert fitted(image, 40, 11, Terminal(Way.BLOCKS, (10, 20))).size == (40, 22)
    assert fitted(image, 40, 11, Terminal(Way.KITTY, (9, 18))).size == (360, 198)


def test_what_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_PICTURES", "paint")
    with pytest.raises(UsageError, match="RS_PICTURES"):
        load()
    monkeypatch.setenv("RS_PICTURES", "")
    monkeypatch.setenv("TERM", "dumb")
    with pytest.raises(LocalProblem):
        load()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(picture, "_ask", _missing)
    with pytest.raises(LocalProblem, match="textual-image"):
        load(Way.SIXEL)
    assert load(Way.AUTO) == Terminal(Way.BLOCKS, (10, 20))


@pytest.mark.parametrize("error", [ZeroDivisionError(), ValueError("what was typed"), OSError(5, "gone")])
def test_an_answer_that_is_none(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def ask() -> None:
        raise error

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(picture, "_ask", ask)
    assert load(Way.AUTO) == Terminal(Way.BLOCKS, (10, 20))
    assert load(Way.KITTY) == Terminal(Way.KITTY, (10, 20))


def _missing() -> None:
    raise ImportError
