"""The threads behind the console: lines in, lines out, never in anybody's way."""

from __future__ import annotations

import os
import pty
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rs_agent.ui import terminal
from rs_agent.ui.terminal import Reader, Writer, read_line


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    try:
        yield read, write
    finally:
        for fd in (read, write):
            try:
                os.close(fd)
            except OSError:
                pass


class Heard:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ended = threading.Event()
        self.changed = threading.Condition()

    def __call__(self, line: str) -> None:
        with self.changed:
            self.lines.append(line)
            self.changed.notify_all()

    def wait(self, count: int) -> list[str]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.lines) >= count, 10)
            return list(self.lines)


def test_lines_come_whole_however_they_were_cut() -> None:
    with pipe() as (read, write):
        heard = Heard()
        reader = Reader(read, heard, heard.ended.set)
        for byte in "déjà\r\nvu\n\n漢".encode():
            os.write(write, bytes([byte]))
        assert heard.wait(3) == ["déjà", "vu", ""]
        os.write(write, b"\n")
        assert heard.wait(4)[3] == "漢"
        reader.close()
        assert not heard.ended.is_set()


def test_the_end_of_the_input_is_told() -> None:
    with pipe() as (read, write):
        heard = Heard()
        reader = Reader(read, heard, heard.ended.set)
        os.write(write, b"last\nhalf")
        os.close(write)
        assert heard.ended.wait(10)
        assert heard.lines == ["last"]
        reader.close()


def test_a_terminal_that_is_hung_up_is_the_end_of_the_input() -> None:
    master, slave = pty.openpty()
    heard = Heard()
    reader = Reader(slave, heard, heard.ended.set)
    os.close(master)
    assert heard.ended.wait(10)
    reader.close()
    os.close(slave)


def test_closing_leaves_no_thread() -> None:
    with pipe() as (read, _write):
        before = set(threading.enumerate())
        reader = Reader(read, lambda line: None, lambda: None)
        reader.close()
        reader.close()
        assert set(threading.enumerate()) <= before


def test_garbage_without_an_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "MAX_LINE", 100)
    with pipe() as (read, write):
        heard = Heard()
        reader = Reader(read, heard, heard.ended.set)
        os.write(write, b"\xff" * 10_000 + b"\n")
        (line,) = heard.wait(1)
        assert len(line) < 100 + 4096 + 1
        reader.close()


def test_read_line_takes_not_a_byte_more() -> None:
    with pipe() as (read, write):
        os.write(write, b" 482 915 733 \nstop\n")
        assert read_line(read) == "482 915 733"
        assert os.read(read, 100) == b"stop\n"
        os.close(write)
        assert read_line(read) == ""


def test_what_is_shown_comes_out_in_order_and_is_out_when_closed() -> None:
    with pipe() as (read, write):
        writer = Writer(write)
        for n in range(100):
            writer.show(f"{n}\n")
        writer.close()
        os.close(write)
        assert os.read(read, 10_000).split() == [str(n).encode() for n in range(100)]


def test_a_terminal_that_does_not_read_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "BACKLOG", 10)
    with pipe() as (_read, write):
        writer = Writer(write)
        began = time.monotonic()
        for _ in range(1000):
            writer.show("x" * 10_000)
        writer.close()
        assert time.monotonic() - began < 10


def test_a_terminal_that_is_gone_is_no_error() -> None:
    with pipe() as (read, write):
        os.close(read)
        writer = Writer(write)
        writer.show("anybody there?\n")
        writer.show("no\n")
        writer.close()
