"""The one door for names: what may pass, what may not, and a walk that nobody can lead astray."""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.errors import TransferFailed
from rs_relay.transfer import names
from rs_relay.transfer.names import NAME_BYTES, PART_BYTES, PARTS, numbered, safe_name, walk

HOSTILE = [
    "",
    ".",
    "..",
    "/",
    "//",
    "/etc/passwd",
    "../x",
    "../../x",
    "a/../x",
    "a/..",
    "a/.",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "/a",
    "..\\x",
    "a\\b",
    "C:\\x",
    "\\\\server\\share",
    "\\",
    "a\x00b",
    "\x00",
    "a\nb",
    "a\rb",
    "\n",
    "a\tb",
    "\x1b[2J",
    "a\x07",
    "a\x7fb",
    "a\x85b",
    "a\u202egnp.exe",
    "a\u200bb",
    "a\u200eb",
    "a\u2066b",
    "\ufeffa",
    "a\u00adb",
    "a\u2028b",
    "a\u2029b",
    "a\ue000b",
    "a\U000f0000b",
    "a\U000e0041b",
    "\ud800",
    "a\udc80b",
    "\udcff/../x",
    "x" * (PART_BYTES + 1),
    "é" * (PART_BYTES // 2 + 1),
    "/".join(["d"] * (PARTS + 1)),
    "/".join(["x" * 200] * 6),
    ".rs-part-0123456789abcdef",
    ".rs-part-0123456789abcdef.record",
    "a/.rs-part-x",
    ".RS-PART-x",
    "a/../../../../etc/shadow",
    "..//..//x",
    "....//../x",
    "~/../x/..",
    "a/b/..//c",
]
WINDOWS_ONLY = [
    "CON",
    "con",
    "con.txt",
    "con .txt",
    "PRN",
    "AUX",
    "nul",
    "nul.tar.gz",
    "COM1",
    "com9.log",
    "COM¹",
    "LPT0",
    "lpt3.x",
    "CONIN$",
    "CONOUT$",
    "a:b",
    "file:stream",
    "C:x",
    "a<b",
    "a>b",
    'a"b',
    "a|b",
    "a?b",
    "a*b",
    "trailing.",
    "trailing ",
    "dir./x",
    "PROGRA~1",
    "a/nul/b",
]
FINE = [
    "a",
    "a/b",
    "ä",
    "日本語.txt",
    ".bashrc",
    "a b",
    "a.",
    "~",
    "…",
    "-rf",
    "$(id)",
    "%2e%2e",
    "a'b",
    "CONSOLE",
    "a..b",
    "...",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("windows", [False, True])
def test_hostile_names_are_refused_everywhere(name: str, windows: bool) -> None:
    with pytest.raises(TransferFailed) as e:
        safe_name(name, windows=windows)
    assert len(name) < 3 or name not in e.value.message


@pytest.mark.parametrize("name", WINDOWS_ONLY)
def test_names_that_mean_something_on_windows_are_refused_there(name: str) -> None:
    with pytest.raises(TransferFailed):
        safe_name(name, windows=True)
    assert safe_name(name, windows=False)


def test_there_are_enough_hostile_names() -> None:
    assert len(set(HOSTILE + WINDOWS_ONLY)) >= 60


@pytest.mark.parametrize("name", FINE)
def test_honest_names_pass(name: str) -> None:
    assert "/".join(safe_name(name, windows=False)) == unicodedata.normalize("NFC", name)


def test_names_are_normalised() -> None:
    assert safe_name("e\u0301") == ("é",)


@given(st.one_of(st.text("aB9_.-/", max_size=80), st.text(max_size=20), st.sampled_from(HOSTILE + FINE)))
def test_the_short_way_lets_nothing_pass_that_the_long_one_would_not(name: str) -> None:
    if names._EVERYDAY.fullmatch(name):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(names, "_EVERYDAY", re.compile("(?!)"))
            assert safe_name(name, windows=False) == tuple(name.split("/"))


@given(st.text(max_size=60))
def test_whatever_passes_is_below_the_folder(name: str) -> None:
    try:
        parts = safe_name(name)
    except TransferFailed:
        return
    path = os.path.normpath(os.path.join("/root/of/all", *parts))
    assert path == "/root/of/all/" + "/".join(parts)
    assert len(name.encode()) <= NAME_BYTES


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("a", 0, "a"),
        ("a", 1, "a (1)"),
        ("a.txt", 2, "a (2).txt"),
        ("a.tar.gz", 1, "a (1).tar.gz"),
        (".bashrc", 1, ".bashrc (1)"),
        ("a.b.c", 12, "a.b (12).c"),
    ],
)
def test_numbers_go_before_the_extension(name: str, number: int, expected: str) -> None:
    assert numbered(name, number) == expected


@given(st.text(alphabet="aé😀.", min_size=1, max_size=255), st.integers(1, 99999))
def test_numbered_names_stay_within_what_a_file_system_takes(name: str, number: int) -> None:
    if len(name.encode()) > PART_BYTES:
        return
    assert len(numbered(name, number).encode()) <= PART_BYTES
    assert numbered(name, number) != name


def test_the_walk_makes_private_folders(tmp_path: Path) -> None:
    root = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    old = os.umask(0)
    try:
        os.close(walk(root, ("a", "b"), create=True))
    finally:
        os.umask(old)
        os.close(root)
    assert (tmp_path / "a/b").stat().st_mode & 0o777 == 0o700


def test_the_walk_follows_no_link_and_leaks_no_descriptor(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    inside = tmp_path / "inside"
    (inside / "real").mkdir(parents=True)
    (inside / "link").symlink_to(outside)
    (inside / "real/deep").symlink_to("../../outside")
    root = os.open(inside, os.O_RDONLY | os.O_DIRECTORY)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for parts in (("link",), ("link", "x"), ("real", "deep"), ("real", "deep", "x")):
        with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
            walk(root, parts, create=True)
    with pytest.raises(FileNotFoundError):
        walk(root, ("missing",), create=False)
    if before:
        assert len(os.listdir("/proc/self/fd")) == before
    os.close(root)
    assert list(outside.iterdir()) == []


def test_a_folder_swapped_for_a_link_between_two_calls_leads_nowhere(tmp_path: Path) -> None:
    """T-02: a thread flips `d` between a folder and a link to the outside while files are made below it."""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "away").symlink_to(outside)
    (inside / "d").mkdir()
    over = threading.Event()

    def flip() -> None:
        while not over.is_set():
            os.rename(inside / "d", inside / "held")
            os.rename(inside / "away", inside / "d")
            os.rename(inside / "d", inside / "away")
            os.rename(inside / "held", inside / "d")

    thread = threading.Thread(target=flip)
    thread.start()
    root = os.open(inside, os.O_RDONLY | os.O_DIRECTORY)
    made = refused = 0
    try:
        for number in range(10_000):
            try:
                folder = walk(root, ("d",), create=False)
            except OSError:
                refused += 1
                continue
            made += 1
            if number % 10 == 0:
                os.close(os.open(f"f{number}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder))
            os.close(folder)
    finally:
        over.set()
        thread.join()
        os.close(root)
    assert list(outside.iterdir()) == []
    assert made + refused == 10_000
