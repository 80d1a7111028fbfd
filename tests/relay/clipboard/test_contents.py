"""Lists of files and marked-up text, as programs of all kinds write them."""

from __future__ import annotations

import pytest

from rs_relay.clipboard.contents import LIMITS, MAX_FILES, Format, as_utf8, paths, uri_list


def test_each_format_has_its_limit() -> None:
    assert set(LIMITS) == set(Format)


def test_a_list_there_and_back() -> None:
    files = ("/home/maria/a b%20#?.txt", "/home/maria/grüße 你好", "/tmp/\udcff")
    assert paths(uri_list(files)) == files


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (b"copy\nfile:///a\nfile:///b", ("/a", "/b")),
        (b"cut\nfile:///a\0", ("/a",)),
        (b"# a comment\r\nfile://localhost/a\r\n", ("/a",)),
        (b"file://another-computer/a\r\nhttps://example.org/x\r\nfile:relative\r\n/plain\r\n", ()),
        (b"file:///a%00b\nfile://[bad/x", ()),
        (b"", ()),
    ],
)
def test_what_programs_write(listed: bytes, found: tuple[str, ...]) -> None:
    assert paths(listed) == found


def test_a_list_without_end_is_cut() -> None:
    assert len(paths(b"file:///a\n" * (3 * MAX_FILES))) <= MAX_FILES + 1


@pytest.mark.parametrize(
    "data", ["<b>ü</b>".encode(), "<b>ü</b>".encode("utf-16"), "<b>ü</b>\0".encode("utf-16-le"), b"<b>\xc3\xbc</b>\0"]
)
def test_html_of_all_ages_is_utf8(data: bytes) -> None:
    assert as_utf8(data).decode() == "<b>ü</b>"
