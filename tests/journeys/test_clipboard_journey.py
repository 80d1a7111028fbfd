"""The clipboard through real programs: a text both ways, and what is far too large for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rs_relay.errors import TooLarge
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
