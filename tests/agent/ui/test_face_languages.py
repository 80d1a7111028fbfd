"""Every text of the customer's window has the room it needs: in each language that is there, and in one that is made
here, by a .po file alone, whose texts are half as long again. At usual letters, and at twice their size."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from rs_agent.language import DOMAIN, FOLDER
from tests.support.xdesktop import XDesktop

pytestmark = pytest.mark.journey

PROBE = Path(__file__).parents[2] / "support" / "faceprobe.py"
ROOT = Path(__file__).parents[3]
LONGER = 1.4


class Desktop(XDesktop):
    """`dots`: a inch, as the display tells."""

    dots = "96"

    def _popen(self, argv, name, env, **more):  # type: ignore[no-untyped-def]
        return super()._popen([self.dots if part == "96" else part for part in argv], name, env, **more)


@pytest.fixture(params=["96", "192"])
def desktop(request: pytest.FixtureRequest) -> Iterator[Desktop]:
    made = Desktop((1280, 800) if request.param == "96" else (1920, 1600))
    made.dots = request.param
    with made:
        yield made


def longer(text: str) -> str:
    """As another language might have it: the same names to fill in and the same key, and more letters."""
    words = text.split(" ")
    more = int(len(text) * (LONGER - 1))
    return " ".join([*words, *("lorem ipsum dolor sit amet " * 20)[:more].split()]) if text.strip() else text


@pytest.fixture
def languages(tmp_path: Path) -> Path:
    """A folder with one language, made from the English one."""
    with (FOLDER / "en" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if message.id:
            message.string = longer(str(message.string))
    home = tmp_path / "eo" / "LC_MESSAGES"
    home.mkdir(parents=True)
    made = io.BytesIO()
    write_mo(made, catalogue)
    (home / f"{DOMAIN}.mo").write_bytes(made.getvalue())
    return tmp_path


def probe(desktop: XDesktop, folder: Path, language: str) -> str:
    done = desktop.run("env", f"PYTHONPATH={ROOT}", sys.executable, str(PROBE), str(folder), language, check=True)
    return done.stdout


@pytest.mark.parametrize("language", sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
def test_nothing_is_cut_in_a_language_that_is_there(desktop: XDesktop, language: str) -> None:
    assert probe(desktop, FOLDER, language) == ""


def test_nothing_is_cut_in_a_language_whose_words_are_longer(desktop: XDesktop, languages: Path) -> None:
    assert probe(desktop, languages, "eo") == ""


def test_the_probe_sees_what_is_cut() -> None:
    import tkinter as tk

    from tests.support.faceprobe import cut

    with XDesktop((640, 480)) as desktop:
        root = tk.Tk(screenName=desktop.display)
        tk.Button(root, text="a text that is longer than its button").place(x=0, y=0, width=40, height=40)
        root.update()
        assert cut(root)
        root.destroy()
