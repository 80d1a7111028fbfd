"""Every text a customer may see is translated, the compiled files are those of the sources, and the choice works."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from rs_agent import language
from rs_agent.language import DOMAIN, FOLDER, N_, _
from rs_agent.ui.words import MET

AGENT = FOLDER.parent
LANGUAGES = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


@pytest.fixture(autouse=True)
def back_to_english() -> Iterator[None]:
    yield
    language.use(None)


def catalog(name: str) -> Catalog:
    with (FOLDER / name / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=name)


def said() -> set[str]:
    """Every text that the code passes to `_` or `N_`."""
    found = extract_from_dir(str(AGENT), keywords={"_": None, "N_": None})
    return {str(message) for _file, _line, message, _comments, _context in found}


def test_en_and_fr_are_there() -> None:
    assert {"en", "fr"} <= set(LANGUAGES)


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_text_is_translated_and_no_translation_is_left_over(name: str) -> None:
    translated = {str(message.id): message for message in catalog(name) if message.id}
    assert set(translated) == said()
    assert [key for key, message in translated.items() if not message.string or message.fuzzy] == []


@pytest.mark.parametrize("name", LANGUAGES)
def test_what_is_filled_in_is_the_same(name: str) -> None:
    for message in catalog(name):
        if message.id:
            holes = [sorted(re.findall(r"\{\w*\}", str(text))) for text in (message.id, message.string)]
            assert holes[0] == holes[1], message.id
            assert not any(ord(c) < 32 for c in str(message.string))


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_compiled_file_is_that_of_the_source(name: str) -> None:
    with (FOLDER / name / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalog(name):
        if message.id:
            assert compiled.gettext(str(message.id)) == message.string


def test_french_is_french() -> None:
    language.use("fr")
    assert _("The session is over.") == "La séance est terminée."
    assert N_("The session is over.") == "The session is over."


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LC_ALL": "fr_FR.UTF-8"}, "rien"),
        ({"LC_MESSAGES": "fr_CA.UTF-8"}, "rien"),
        ({"LANG": "fr"}, "rien"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8"}, "nothing"),
        ({"LANG": "xx_XX"}, "nothing"),
        ({}, "nothing"),
    ],
)
def test_the_environment_chooses(environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    language.use(None)
    assert _("nothing") == expected


def test_an_empty_text_stays_empty() -> None:
    language.use("fr")  # gettext answers '' with the catalogue's header
    assert _("") == ""


def test_the_sentences_of_other_rooms_are_still_said_there() -> None:
    relay = AGENT.parent / "rs_relay"
    rooms = (
        relay,
        relay / "link",
        relay / "way",
        relay / "channels",
        relay / "portal",
        relay / "pipewire",
        AGENT / "desktop",
    )
    source = "\n".join(file.read_text() for room in rooms for file in room.glob("*.py"))
    assert [sentence for sentence in MET if sentence not in source] == []
