"""The clipboard against real programs, and against owners that do not behave."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_relay.clipboard import x11 as module
from rs_relay.clipboard.contents import CLIPBOARD_LIMIT, LIMITS, ClipboardTooLarge, Format, Raw, uri_list
from rs_relay.clipboard.x11 import X11Clipboard
from rs_relay.errors import LocalProblem
from tests.support import badowner
from tests.support.xdesktop import XDesktop, until
from tests.support.xkeyboard import copy, paste

TEXT = "Grüße, мир! 你好 😀\n\ttwo lines\r\nthree"
LARGE = ("aé☃😀\n" * (CLIPBOARD_LIMIT // 11))[: CLIPBOARD_LIMIT // 2]
LARGE = LARGE.encode()[: CLIPBOARD_LIMIT - 4].decode("utf-8", "ignore")


@pytest.fixture
def clipboard(x: XDesktop) -> Iterator[X11Clipboard]:
    made = X11Clipboard(x.display)
    yield made
    made.close()


def bad_owner(x: XDesktop, kind: str) -> None:
    argv = (sys.executable, str(Path(badowner.__file__)), kind)
    started = x.spawn(*argv, name=f"owner-{kind}", stdout=subprocess.PIPE)
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"


class Told:
    """What a watch said."""

    def __init__(self, clipboard: X11Clipboard) -> None:
        self.count = 0
        self._news = threading.Semaphore(0)
        self.stop = clipboard.watch(self._changed)

    def _changed(self) -> None:
        self.count += 1
        self._news.release()

    def wait(self) -> None:
        assert self._news.acquire(timeout=20), "no change was told"


class TestWithPrograms:
    @pytest.mark.parametrize(
        "text", ["", "a", TEXT, "x" * 300_000, LARGE], ids=["none", "one", "odd", "pieces", "10 MiB"]
    )
    def test_set_by_us_pasted_by_them(self, x: XDesktop, clipboard: X11Clipboard, text: str) -> None:
        clipboard.set(text)
        assert same(paste(x), text)
        assert same(clipboard.get(), text)

    @pytest.mark.parametrize("text", ["a", TEXT, "x" * 300_000, LARGE], ids=["one", "odd", "pieces", "10 MiB"])
    def test_copied_by_them_read_by_us(self, x: XDesktop, clipboard: X11Clipboard, text: str) -> None:
        copy(x, text)
        assert same(clipboard.get(), text)

    def test_nobody_owns_it(self, clipboard: X11Clipboard) -> None:
        assert clipboard.get() == ""

    def test_two_of_ours(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        other = X11Clipboard(x.display)
        clipboard.set(LARGE)
        assert same(other.get(), LARGE)
        other.set("mine now")
        assert clipboard.get() == "mine now"
        other.close()
        assert clipboard.get() == ""

    def test_several_pastes_at_once(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        clipboard.set(LARGE)
        argv = ["xclip", "-selection", "clipboard", "-o"]
        pasting = [subprocess.Popen(argv, env=x.env, stdout=subprocess.PIPE) for _ in range(4)]
        for each in pasting:
            out, _ = each.communicate(timeout=60)
            assert same(out.decode(), LARGE)

    def test_a_paste_that_is_broken_off(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        clipboard.set(LARGE)
        pasting = x.spawn("xclip", "-selection", "clipboard", "-o", stdout=subprocess.PIPE)
        assert pasting.stdout is not None
        pasting.stdout.read(1)
        pasting.kill()
        assert same(paste(x), LARGE)

    def test_what_is_offered(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        clipboard.set("café €")
        targets = paste(x, "-t", "TARGETS").split()
        assert {"TARGETS", "TIMESTAMP", "MULTIPLE", "UTF8_STRING", "STRING", "text/plain;charset=utf-8"} <= set(targets)
        for target in ("UTF8_STRING", "text/plain;charset=utf-8", "TEXT"):
            assert paste(x, "-t", target) == "café €", target
        assert int(paste(x, "-t", "TIMESTAMP").strip() or "1") > 0

    def test_an_xterm_pastes_it(self, x: XDesktop, clipboard: X11Clipboard, tmp_path: Path) -> None:
        out = tmp_path / "pasted"
        x.spawn("xterm", "-u8", "-xrm", "XTerm*VT100.translations: #override <Key>F5: insert-selection(CLIPBOARD)",
                "-T", "paster", "-e", "sh", "-c", f"cat > {out}")  # fmt: skip
        x.focus(x.wait_for_window("paster"))
        until(out.exists, "the terminal's cat")
        clipboard.set("Grüße, 你好\n")
        x.run("xdotool", "key", "F5", check=True)
        until(lambda: out.read_bytes().endswith(b"\n"), "the paste")
        assert out.read_text("utf-8") == "Grüße, 你好\n"


class TestWatching:
    def test_changes_by_others_and_no_echo(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        told = Told(clipboard)
        copy(x, "one")
        told.wait()
        assert clipboard.get() == "one"
        clipboard.set("ours")
        assert paste(x) == "ours"
        copy(x, "two")
        told.wait()
        assert told.count == 2  # and none for ours
        told.stop()
        copy(x, "three")
        assert clipboard.get() == "three"  # (the server has told of "three" before it answered this)
        assert told.count == 2

    def test_what_is_told_may_ask(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        seen: list[str] = []
        news = threading.Event()

        def changed() -> None:
            seen.append(clipboard.get())
            news.set()

        stop = clipboard.watch(changed)
        copy(x, TEXT)
        assert news.wait(20)
        assert seen == [TEXT]
        stop()
        stop()

    def test_two_watch(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        first, second = Told(clipboard), Told(clipboard)
        first.stop()
        copy(x, "one")
        second.wait()
        assert first.count == 0


class TestLimits:
    def test_fifty_megabytes_are_never_kept(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        size = 50_000_000
        copy(x, "x" * size)
        tracemalloc.start()
        try:
            with pytest.raises(ClipboardTooLarge) as refused:
                clipboard.get()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert refused.value.size == size
        assert peak < 1.5 * CLIPBOARD_LIMIT
        assert "50" not in refused.value.message

    def test_a_smaller_limit(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        copy(x, "é" * 500)
        assert clipboard.get(1000) == "é" * 500
        for limit in (999, 0):
            with pytest.raises(ClipboardTooLarge) as refused:
                clipboard.get(limit)
            assert refused.value.size == 1000
        clipboard.set("é" * 500)
        with pytest.raises(ClipboardTooLarge):
            clipboard.get(999)

    def test_set_has_one_too(self, clipboard: X11Clipboard) -> None:
        with pytest.raises(ClipboardTooLarge):
            clipboard.set("é" * (CLIPBOARD_LIMIT // 2 + 1))
        assert clipboard.get() == ""


class TestBadOwners:
    @pytest.fixture(autouse=True)
    def _hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "PATIENCE", 0.5)
        monkeypatch.setattr(module, "ALTOGETHER", 2.0)

    @pytest.mark.parametrize(
        ("kind", "found"),
        [("silent", ""), ("dies", ""), ("stalls", ""), ("drips", ""), ("notext", ""), ("refuses", ""),
         ("old", "grüße"), ("liar", "caf\ufffd \ufffd")],
    )  # fmt: skip
    def test_costs_a_little_time_and_no_more(self, x: XDesktop, kind: str, found: str) -> None:
        clipboard = X11Clipboard(x.display)
        bad_owner(x, kind)
        started = time.monotonic()
        assert clipboard.get() == found
        assert time.monotonic() - started < 20
        clipboard.set("good again")
        assert paste(x) == "good again"
        clipboard.close()

    def test_the_display_ends_while_somebody_waits(self, x: XDesktop) -> None:
        clipboard = X11Clipboard(x.display)
        told = Told(clipboard)
        bad_owner(x, "silent")
        told.wait()
        errors: list[BaseException | str] = []

        def get() -> None:
            try:
                errors.append(clipboard.get())
            except LocalProblem as e:
                errors.append(e)

        waiting = threading.Thread(target=get)
        waiting.start()
        x.stop()
        waiting.join(20)
        assert len(errors) == 1
        for ask in (clipboard.get, lambda: clipboard.set("a"), lambda: clipboard.watch(lambda: None)):
            with pytest.raises(LocalProblem):
                ask()
        told.stop()
        clipboard.close()
        clipboard.close()


def test_a_clipboard_manager_keeps_what_we_set(x: XDesktop) -> None:
    """The manager here does what the specification asks of one, by xclip: it takes the text, then says that it has."""
    from Xlib import X, display
    from Xlib.protocol import event as xevent

    manager = display.Display(x.display)
    atom = manager.get_atom("CLIPBOARD_MANAGER")
    window = manager.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    window.set_selection_owner(atom, X.CurrentTime)
    manager.sync()
    clipboard = X11Clipboard(x.display)
    clipboard.set(TEXT)
    saved: list[str] = []

    def manage() -> None:
        asked = manager.next_event()
        saved.append(paste(x))
        asked.requestor.send_event(
            xevent.SelectionNotify(
                time=asked.time, requestor=asked.requestor, selection=atom, target=asked.target, property=asked.property
            )
        )
        manager.flush()

    managing = threading.Thread(target=manage)
    managing.start()
    clipboard.close()
    managing.join(20)
    assert saved == [TEXT]


def same(one: str, other: str) -> bool:
    """(A comparison of 10 MiB that fails is not to be printed.)"""
    return hashlib.sha256(one.encode()).digest() == hashlib.sha256(other.encode()).digest()


class TestFormats:
    """Pictures, marked-up text and lists of files, with xclip at the other side."""

    def test_what_we_offer_is_what_others_get(self, x: XDesktop, clipboard: X11Clipboard, tmp_path: Path) -> None:
        picture = os.urandom(900_000)  # four pieces
        listed = uri_list(["/home/maria/a file.txt", "/home/maria/ü"])
        clipboard.put({Format.TEXT: b"bold", Format.HTML: b"<b>bold</b>", Format.RTF: b"{\\rtf1 bold}"})
        targets = set(paste(x, "-t", "TARGETS").split())
        assert {"text/html", "text/rtf", "application/rtf", "UTF8_STRING"} <= targets
        assert "image/png" not in targets
        assert paste(x, "-t", "text/html") == "<b>bold</b>"
        assert paste(x) == "bold"
        clipboard.put({Format.IMAGE: picture})
        assert pasted_bytes(x, "image/png") == picture
        clipboard.put({Format.FILES: listed})
        assert paste(x, "-t", "text/uri-list").split() == [
            "file:///home/maria/a%20file.txt",
            "file:///home/maria/%C3%BC",
        ]
        assert paste(x, "-t", "x-special/gnome-copied-files").splitlines()[0] == "copy"
        assert paste(x) == "/home/maria/a file.txt\n/home/maria/ü"
        assert clipboard.formats() == {Format.FILES}

    @pytest.mark.parametrize(
        ("target", "wanted"),
        [("image/png", Format.IMAGE), ("image/bmp", Format.IMAGE), ("text/html", Format.HTML), ("text/rtf", Format.RTF),
         ("text/uri-list", Format.FILES), ("x-special/gnome-copied-files", Format.FILES)],
    )  # fmt: skip
    @pytest.mark.parametrize("size", [100, 900_000])
    def test_what_others_offer_is_what_we_get(
        self, x: XDesktop, clipboard: X11Clipboard, tmp_path: Path, target: str, wanted: Format, size: int
    ) -> None:
        data = os.urandom(size)
        copy_bytes(x, tmp_path, data, target)
        assert clipboard.formats() == {wanted}
        assert clipboard.read(wanted, LIMITS[wanted]) == Raw(target, data)
        assert clipboard.read(Format.TEXT, 100) is None
        with pytest.raises(ClipboardTooLarge):
            clipboard.read(wanted, size - 1)

    def test_a_picture_too_large_is_never_kept(self, x: XDesktop, clipboard: X11Clipboard, tmp_path: Path) -> None:
        copy_bytes(x, tmp_path, bytes(70 * 1024 * 1024), "image/png")
        with pytest.raises(ClipboardTooLarge) as refused:
            clipboard.read(Format.IMAGE, LIMITS[Format.IMAGE])
        assert refused.value.size == 70 * 1024 * 1024
        with pytest.raises(ClipboardTooLarge):
            clipboard.put({Format.FILES: bytes(LIMITS[Format.FILES] + 1)})

    def test_no_echo_between_two_of_this_program(self, x: XDesktop, clipboard: X11Clipboard) -> None:
        told = Told(clipboard)
        other = X11Clipboard(x.display)
        other.put({Format.TEXT: b"ours", Format.HTML: b"<i>ours</i>"})
        assert clipboard.read(Format.HTML, 100) == Raw("text/html", b"<i>ours</i>")
        copy(x, "theirs")
        told.wait()
        assert told.count == 1
        other.close()

    def test_nothing_there(self, clipboard: X11Clipboard) -> None:
        assert clipboard.formats() == frozenset()
        assert clipboard.read(Format.IMAGE, 100) is None


def copy_bytes(x: XDesktop, folder: Path, data: bytes, target: str) -> None:
    (folder / "copied").write_bytes(data)
    x.spawn("xclip", "-selection", "clipboard", "-t", target, "-quiet", "-i", str(folder / "copied"))
    until(lambda: target in paste(x, "-t", "TARGETS").split(), "xclip to own the clipboard")


def pasted_bytes(x: XDesktop, target: str) -> bytes:
    argv = ["xclip", "-selection", "clipboard", "-t", target, "-o"]
    return subprocess.run(argv, env=x.env, stdout=subprocess.PIPE, timeout=60, check=True).stdout


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "rs-clipboard" in thread.name}


def test_the_conversation_and_the_watch_go_on_with_the_next_display(x: XDesktop, clipboard: X11Clipboard) -> None:
    others = _threads() - {clipboard._loop._thread}
    told = Told(clipboard)
    copy(x, "before")
    told.wait()
    server = x._started[0]
    server.kill()
    server.wait()
    until(lambda: clipboard._loop.over, "the end of the display")
    with pytest.raises(LocalProblem):
        clipboard.get()
    x._popen(["Xvfb", x.display, "-screen", "0", "800x600x24", "-noreset"], "Xvfb-again", x.env)
    told.wait()  # by itself, once the display is there
    copy(x, "after")
    told.wait()
    assert clipboard.get() == "after"
    clipboard.set("ours")
    assert paste(x) == "ours"
    clipboard.close()
    until(lambda: not _threads() - others, "the end of its threads")
