"""How a path of a customer's computer is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_cli.command_line.remote import Remote, need, parse
from rs_cli.state.book import Book
from rs_relay.errors import NoSuchSession, SessionEnded, UsageError
from tests.support.technician import entry


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("3:/a", Remote(3, "/a")),
        ("3:", Remote(3, "")),
        (":report.pdf", Remote(None, "report.pdf")),
        ("3:a:b", Remote(3, "a:b")),
        ("3:C:\\Users", Remote(3, "C:\\Users")),
        ("3:two\nlines", Remote(3, "two\nlines")),
        ("Anna Berg:notes", Remote(None, "notes", "Anna Berg")),
        ("٣:x", Remote(None, "x", "٣")),
    ],
)
def test_at_a_customers(text: str, means: Remote) -> None:
    assert parse(text) == means


@pytest.mark.parametrize("text", ["a", "", "/a", "./a:b", "/tmp/3:x", "C:\\x", "c:/x", "C:", "..\\3:x"])
def test_of_this_computer(text: str) -> None:
    assert parse(text) is None


def test_what_must_be_a_customers_is_refused_with_the_right_way() -> None:
    assert need("3:/a", "ls").path == "/a"
    with pytest.raises(UsageError) as caught:
        need("/a", "ls")
    assert caught.value.hint == "`rs ls 3:/a`"


def test_the_session_is_picked_by_number_by_name_or_for_being_the_only_one(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.add(entry(customer="Anna"))
    assert parse(":x").pick(book).number == 1  # type: ignore[union-attr]
    assert parse("anna:x").pick(book).number == 1  # type: ignore[union-attr]
    assert parse("1:x").pick(book).number == 1  # type: ignore[union-attr]
    with pytest.raises(NoSuchSession, match="Bert"):
        Remote(None, "x", "Bert").pick(book)
    with pytest.raises(NoSuchSession):
        Remote(7, "x").pick(book)


def test_a_name_that_two_have_is_nobodys(tmp_path: Path) -> None:
    book = Book(tmp_path)
    for _ in range(2):
        book.add(entry(customer="Anna"))
    with pytest.raises(UsageError, match="1, 2"):
        Remote(None, "x", "Anna").pick(book)
    book.end(1, "over")
    assert Remote(None, "x", "Anna").pick(book).number == 2
    with pytest.raises(SessionEnded):
        Remote(1, "x").pick(book)
