from __future__ import annotations

from rs_agent.features import OFFERED
from rs_agent.ui import words
from rs_relay.link.spec import Permission


def test_whatever_can_be_granted_can_be_explained() -> None:
    assert set(words.WORDS) >= OFFERED


def test_the_question_says_what_is_asked_and_what_it_means() -> None:
    assert words.asks(Permission.VIEW) == "SEE YOUR SCREEN"
    assert "everything" in words.means(Permission.VIEW, "")
    assert "/home/ada/in" in words.means(Permission.FILES, "/home/ada/in")
    assert "{0}" in words.means(Permission.FILES, "{0}")  # a folder's name is no template


def test_what_holds_is_one_phrase_in_a_fixed_order() -> None:
    assert words.holding([]) == ""
    both = "your screen is seen, your mouse and keyboard are used"
    assert words.holding([Permission.CONTROL, Permission.VIEW]) == both


def test_what_is_made_use_of_reads_otherwise() -> None:
    assert words.holding([Permission.RECORD]) == "your screen may be recorded"
    used = {Permission.RECORD, Permission.VIEW}
    both = "your screen is seen, YOUR SCREEN IS BEING RECORDED"
    assert words.holding([Permission.RECORD, Permission.VIEW], used) == both


def test_a_files_name_is_no_template() -> None:
    assert words.file_line("file received", "{what}{0}") == "received: {what}{0}"
    assert words.file_line("something new", "x") == "x"
