"""The clipboard through real programs: a text both ways, and what is far too large for it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from rs_relay.errors import TooLarge
from tests.support.answers import check
from tests.support.stage import Memory, RsStage
from tests.support.xdesktop import XDesktop, until

LARGE = 50 * 1000 * 1000


def _sentence(stderr: str) -> None:
    lines = stderr.strip().splitlines()
    assert 1 <= len(lines) <= 2, stderr
    assert lines[0].startswith("rs: ")


def _copy(desktop: XDesktop, file: Path) -> None:
    """The customer copies what is in the file, and keeps it until the next one copies."""
    desktop.spawn("xclip", "-selection", "clipboard", "-quiet", "-i", str(file), name=f"xclip-{file.name}")
    until(lambda: _head(desktop) == file.open("rb").read(20), "the customer's clipboard")


def _head(desktop: XDesktop) -> bytes:
    """The first bytes of the customer's clipboard."""
    reading = subprocess.Popen(
        ["xclip", "-selection", "clipboard", "-o"], env=desktop.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert reading.stdout
    head = reading.stdout.read(20)
    reading.kill()
    reading.wait()
    reading.stdout.close()
    return head


def test_a_text_goes_over_and_comes_back(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    text = "Grüße, 你好 🙂\nsecond line\twith a tab"
    joined.run("clipboard", "set", joined.session, "-", text=text)
    assert desktop.run("xclip", "-selection", "clipboard", "-o").stdout == text
    copied = tmp_path / "copied"
    copied.write_text("the customer's own, ÄÖÜ")
    _copy(desktop, copied)
    assert joined.run("clipboard", "get", joined.session) == "the customer's own, ÄÖÜ"


def test_setting_far_too_much_is_told_and_changes_nothing(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("before, and afterwards")
    _copy(desktop, own)
    done = joined.attempt("clipboard", "set", joined.session, "-", text="x" * LARGE)
    assert done.returncode == TooLarge.exit_status, done.stderr
    _sentence(done.stderr)
    assert _head(desktop) == b"before, and afterwar"
    joined.run("chat", joined.session, "still here")


def test_a_customers_clipboard_that_is_too_large_stays_where_it_is(
    joined: RsStage, desktop: XDesktop, tmp_path: Path
) -> None:
    own = tmp_path / "large"
    own.write_bytes(b"0123456789" * (LARGE // 10))
    _copy(desktop, own)
    with Memory(agent=joined.agent.process.pid) as memory:
        done = joined.attempt("clipboard", "get", joined.session)
    assert done.returncode == TooLarge.exit_status, done.stderr
    _sentence(done.stderr)
    assert str(LARGE) in done.stderr
    assert done.stdout == ""
    assert memory.peak["agent"] < 150
    joined.run("chat", joined.session, "still here")
    small = tmp_path / "small"
    small.write_text("small again, and taken")
    _copy(desktop, small)
    assert joined.run("clipboard", "get", joined.session) == "small again, and taken"


def _offer(desktop: XDesktop, target: str, data: bytes, folder: Path) -> None:
    """The customer copies `data` as `target`."""
    file = folder / f"copied-{target.replace('/', '-')}"
    file.write_bytes(data)
    desktop.spawn("xclip", "-selection", "clipboard", "-t", target, "-quiet", "-i", str(file), name=file.name)
    until(lambda: target in _targets(desktop), f"{target} on the customer's clipboard")


def _targets(desktop: XDesktop) -> list[str]:
    return desktop.run("xclip", "-selection", "clipboard", "-t", "TARGETS", "-o").stdout.split()


def _paste(desktop: XDesktop, target: str) -> bytes:
    argv = ["xclip", "-selection", "clipboard", "-t", target, "-o"]
    return subprocess.run(argv, env=desktop.env, stdout=subprocess.PIPE, timeout=60, check=True).stdout


def test_a_picture_goes_over_and_comes_back(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    picture = Image.effect_noise((1000, 800), 90).convert("RGB")  # in pieces, whatever the encoding
    sent, back = tmp_path / "sent.jpg", tmp_path / "back.png"
    picture.save(tmp_path / "sent.png")
    picture.save(sent, quality=95)
    joined.run("clipboard", "set", joined.session, "--image", str(tmp_path / "sent.png"))
    pasted = Image.open(BytesIO(_paste(desktop, "image/png")))
    assert pasted.tobytes() == picture.tobytes()
    _offer(desktop, "image/jpeg", sent.read_bytes(), tmp_path)
    told = json.loads(joined.run("clipboard", "get", joined.session, "--formats", "--json"))
    joined.run("clipboard", "get", joined.session, "--image", str(back))
    assert told["formats"] == [{"format": "image", "bytes": back.stat().st_size, "fits": True}]
    assert Image.open(back).format == "PNG"
    assert Image.open(back).tobytes() == Image.open(sent).convert("RGB").tobytes()
    none = joined.attempt("clipboard", "get", joined.session, "--html")
    assert none.returncode == 5
    assert none.stderr == "rs: There is no HTML on the customer's clipboard.\n    There is: image.\n"
    no_text = joined.attempt("clipboard", "get", joined.session)
    assert (no_text.returncode, no_text.stdout) == (0, "")
    assert "no text" in no_text.stderr
    absent = joined.attempt("clipboard", "set", joined.session, "--image", str(tmp_path / "absent.png"))
    assert absent.returncode == 2


def test_both_clipboards_in_step_until_ctrl_c(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    with XDesktop((640, 480)) as ours:
        joined.technician["DISPLAY"] = ours.display
        (tmp_path / "before").write_text("from before")
        _copy(ours, tmp_path / "before")
        watching = joined.begin("clipboard", "watch", joined.session, "--json")

        def told(direction: str, kind: str) -> dict[str, object]:
            """The next one of that kind."""
            assert watching.stdout
            while line := watching.stdout.readline():
                (copied,) = check("clipboard watch", line)
                if (copied["direction"], copied["format"]) == (direction, kind):
                    return dict(copied)
            raise AssertionError("no more")

        tries = iter(range(100))

        def theirs_is_here() -> bool:
            """It begins at some time that a pipe is not told: copied again and again until it crosses."""
            text = tmp_path / f"theirs-{next(tries)}"
            text.write_text(f"the customer's {text.name}")
            _copy(desktop, text)
            time.sleep(0.5)
            return _head(ours).startswith(b"the customer's")

        until(theirs_is_here, "the customer's text here")
        assert told("get", "text")["copied"]
        mine = tmp_path / "mine"
        mine.write_text("the technician's")
        _copy(ours, mine)
        until(lambda: _head(desktop) == mine.read_bytes(), "the technician's text there")
        assert told("send", "text")["bytes"] == 16
        picture = BytesIO()
        Image.new("RGB", (30, 20), "red").save(picture, "PNG")
        _offer(desktop, "image/png", picture.getvalue(), tmp_path)
        assert not told("get", "image")["copied"]
        watching.send_signal(signal.SIGINT)
        assert watching.wait(30) == 130


def test_marked_up_text_keeps_its_marks(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    joined.run("clipboard", "set", joined.session, "--html", "<p>grüße &amp; <b>more</b></p>")
    assert _paste(desktop, "text/html").decode() == "<p>grüße &amp; <b>more</b></p>"
    assert _paste(desktop, "UTF8_STRING").decode() == "grüße & more"
    _offer(desktop, "text/html", "<i>ü</i>".encode(), tmp_path)
    assert joined.run("clipboard", "get", joined.session, "--html") == "<i>ü</i>"


def test_copied_files_go_over_and_come_back(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    (ours / "sub").mkdir(parents=True)
    (ours / "sub" / "deep.txt").write_text("deep")
    (tmp_path / "one file.txt").write_text("one")
    joined.run("clipboard", "set", joined.session, "--files", str(ours), str(tmp_path / "one file.txt"))
    received = joined.home / "Downloads" / "rs"
    there = [uri.decode() for uri in _paste(desktop, "text/uri-list").split()]
    assert there == [(received / "ours").as_uri(), (received / "one file.txt").as_uri()]
    assert _paste(desktop, "x-special/gnome-copied-files").split()[0] == b"copy"
    assert (received / "ours/sub/deep.txt").read_text() == "deep"

    (joined.home / "theirs").mkdir()
    (joined.home / "theirs" / "a b.txt").write_text("theirs")
    (joined.home / "single").write_text("12345")
    uris = [(joined.home / name).as_uri() for name in ("theirs", "single")]
    _offer(desktop, "x-special/gnome-copied-files", "\n".join(["copy", *uris]).encode(), tmp_path)
    told = json.loads(joined.run("clipboard", "get", joined.session, "--formats", "--json"))
    assert (told["files"], told["folders"], told["files_bytes"]) == (1, 1, 5)
    desk = tmp_path / "desk"
    desk.mkdir()
    joined.run("clipboard", "get", joined.session, "--files", str(desk))
    assert (desk / "theirs" / "a b.txt").read_text() == "theirs"
    assert (desk / "single").read_text() == "12345"
    _offer(desktop, "text/uri-list", Path("/etc/hostname").as_uri().encode(), tmp_path)  # outside the home folder
    assert joined.attempt("clipboard", "get", joined.session, "--files", str(desk)).returncode in (3, 5)
    assert not (desk / "hostname").exists()


def test_a_file_manager_pastes_and_copies(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    if shutil.which("pcmanfm") is None or shutil.which("dbus-run-session") is None:
        pytest.skip("needs pcmanfm and dbus-run-session")
    (tmp_path / "report one.txt").write_text("report")
    (joined.home / "target").mkdir()
    joined.run("clipboard", "set", joined.session, "--files", str(tmp_path / "report one.txt"))
    desktop.spawn("dbus-run-session", "pcmanfm", str(joined.home / "target"), name="pcmanfm")
    desktop.focus(desktop.wait_for_window("target"))
    pasted = joined.home / "target" / "report one.txt"

    def paste_there() -> bool:
        """Once in ten seconds: pasted twice, it would ask what to do with the first."""
        desktop.run("xdotool", "mousemove", "600", "400", "key", "ctrl+v")
        end = time.monotonic() + 10
        while not pasted.exists() and time.monotonic() < end:
            time.sleep(0.05)
        return pasted.exists()

    until(paste_there, "the file manager to paste")
    assert pasted.read_text() == "report"

    def copy_there() -> bool:
        desktop.run("xdotool", "key", "ctrl+a", "key", "ctrl+c")
        told = json.loads(joined.run("clipboard", "get", joined.session, "--formats", "--json"))
        return told["files"] >= 1 and not any(item["format"] == "image" for item in told["formats"])

    until(copy_there, "the file manager to copy")
    (tmp_path / "back").mkdir()
    joined.run("clipboard", "get", joined.session, "--files", str(tmp_path / "back"))
    assert (tmp_path / "back" / "report one.txt").read_text() == "report"
