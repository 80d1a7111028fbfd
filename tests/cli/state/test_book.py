"""The book of sessions: numbers, secrets, and many programs at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rs_cli.state.book import CLAIM, KEPT, NOT_BACK, Book
from rs_relay.errors import LocalProblem, NoSuchSession, SessionEnded, UsageError
from tests.support.technician import entry

ROOT = Path(__file__).parents[3]


class Clock:
    def __init__(self) -> None:
        self.now = 2_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(tmp_path: Path, clock: Clock) -> Book:
    return Book(tmp_path / "sessions", clock)


def test_numbers_start_at_one_and_are_taken_in_order(book: Book) -> None:
    assert [book.add(entry()).number for _ in range(3)] == [1, 2, 3]
    assert [held.number for held in book.entries()] == [1, 2, 3]


def test_what_is_written_is_read_again(book: Book) -> None:
    written = book.add(entry(customer="Büro \x1b[1m"))
    assert book.get(1) == written


def test_files_and_directory_are_the_owners_alone(book: Book, tmp_path: Path) -> None:
    book.add(entry())
    file = tmp_path / "sessions" / "1.session"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["1.session"]


def test_a_file_that_others_can_read_is_not_used(book: Book, tmp_path: Path) -> None:
    book.add(entry())
    (tmp_path / "sessions" / "1.session").chmod(0o644)
    with pytest.raises(LocalProblem, match="read by others") as caught:
        book.get(1)
    assert "chmod 600" in caught.value.hint


def test_ending_wipes_the_keys_at_once(book: Book, tmp_path: Path, clock: Clock) -> None:
    book.add(entry())
    file = tmp_path / "sessions" / "1.session"
    with open(file, "rb") as before:
        book.end(1, "The customer ended the session.")
        assert before.read().strip(b"\0") == b""  # the old blocks, through the handle that still holds them
    after = file.read_bytes()
    assert b"d" * 64 not in after
    assert b"e" * 64 not in after
    ended = book.get(1)
    assert (ended.ended, ended.outcome, ended.is_open) == (clock.now, "The customer ended the session.", False)


def test_the_first_outcome_stays(book: Book) -> None:
    book.add(entry())
    book.end(1, "first")
    assert book.end(1, "second").outcome == "first"


def test_an_ended_session_is_listed_for_a_day_and_its_number_kept(book: Book, clock: Clock) -> None:
    book.add(entry())
    book.end(1, "")
    assert book.add(entry()).number == 2
    clock.now += KEPT + 1
    assert [held.number for held in book.entries()] == [2]
    assert book.add(entry()).number == 1


def test_picking(book: Book) -> None:
    with pytest.raises(NoSuchSession):
        book.pick(None)
    book.add(entry())
    assert book.pick(None).number == 1
    assert book.pick(1).number == 1
    book.add(entry())
    with pytest.raises(UsageError, match=r"1, 2"):
        book.pick(None)
    book.end(2, "")
    assert book.pick(None).number == 1
    with pytest.raises(SessionEnded):
        book.pick(2)
    with pytest.raises(NoSuchSession):
        book.pick(7)


def test_a_number_claimed_by_a_program_that_died_is_free_again(book: Book, tmp_path: Path, clock: Clock) -> None:
    claim = tmp_path / "sessions" / "1.session"
    claim.touch(0o600)
    os.utime(claim, (clock.now, clock.now))
    assert book.entries() == []
    assert book.add(entry()).number == 2
    clock.now += CLAIM + 1
    assert book.add(entry()).number == 1


def test_a_damaged_file_is_named(book: Book, tmp_path: Path) -> None:
    (tmp_path / "sessions" / "1.session").touch(0o600)
    (tmp_path / "sessions" / "1.session").write_bytes(b"{nonsense")
    with pytest.raises(LocalProblem, match="damaged"):
        book.entries()


def test_an_entry_does_not_show_its_secrets() -> None:
    shown = repr(entry())
    assert "e" * 64 not in shown
    assert "d" * 64 not in shown


def test_many_programs_take_different_numbers(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from rs_cli.state.book import Book\n"
        "from tests.support.technician import entry\n"
        "book = Book(Path(sys.argv[1]))\n"
        "for _ in range(20): print(book.add(entry()).number)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "sessions")]
    programs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(3)]
    numbers = [int(line) for program in programs for line in program.communicate(timeout=60)[0].split()]
    assert sorted(numbers) == list(range(1, 61))


def test_a_reader_beside_an_ending_sees_the_old_entry_or_the_new(tmp_path: Path) -> None:
    """A reader in another program, as fast as it can, while 200 sessions end."""
    script = (
        "import sys; from pathlib import Path; from rs_cli.state.book import Book\n"
        "book = Book(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "while any(e.is_open for e in book.entries()): pass\n"
    )
    book = Book(tmp_path / "sessions")
    for _ in range(100):
        book.add(entry())
    command = [sys.executable, "-c", script, str(tmp_path / "sessions")]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    for number in range(1, 101):
        book.end(number, "over")
    _, trouble = reader.communicate(timeout=60)
    assert (reader.returncode, trouble) == (0, "")


def test_a_session_whose_computer_restarts_has_its_time_and_no_more(tmp_path: Path) -> None:
    now = [1000.0]
    book = Book(tmp_path, lambda: now[0])
    number = book.add(entry()).number
    assert book.waits(number) == 0.0
    book.expect(number, 600)
    assert book.waits(number) == 600.0
    book.expect(number, 0)
    assert book.waits(number) == 0.0
    book.expect(number, 600)
    now[0] += 599
    assert book.pick(number).is_open
    now[0] += 2
    assert book.waits(number) == -1.0
    with pytest.raises(SessionEnded) as ended:
        book.pick(number)
    assert ended.value.hint == NOT_BACK
    (listed,) = book.entries()
    assert (listed.outcome, listed.key) == (NOT_BACK, "")
    book.expect(number, 600)
    assert not book.get(number).is_open
