"""ls, stat, mkdir, mv, rm, find, du, df: as a person and as a script use them, on a customer made of memory."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from rs_cli.doing import there
from rs_cli.main import run
from rs_cli.state.book import Book
from rs_cli.terminal import output
from rs_relay.channels.folders import Ended, Entries, Entry, Kind
from rs_relay.errors import NoSuchSession, NotAllowed, PeerBroke, UsageError
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel
from tests.support.folders import Far
from tests.support.technician import entry


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    Book().add(entry(customer="maria"))
    home = tmp_path / "home"
    (home / "docs" / "sub").mkdir(parents=True)
    (home / "docs" / "report.pdf").write_bytes(b"x" * 5000)
    (home / "docs" / "sub" / "a.txt").write_text("a")
    (home / ".ssh").mkdir()
    made = Far(home)
    monkeypatch.setattr(there, "reach", made)
    return made


def test_listing(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    for words in (["1:docs"], ["maria:docs"], [":docs"], ["1", "docs"], [f"1:{far.home}/docs"]):
        assert run(["ls", *words]) == 0
        assert capfd.readouterr().out == "report.pdf\nsub\n"
    assert run(["ls"]) == 0
    assert capfd.readouterr().out == "docs\n"
    assert run(["ls", "-a", "1:"]) == 0
    told = capfd.readouterr()
    assert (told.out, "1 more are hidden" in told.err) == ("docs\n", True)
    assert run(["ls", "-l", "1:docs/report.pdf"]) == 0
    line = capfd.readouterr().out.split()
    assert (line[0][0], line[3], line[-1]) == ("-", "5000", "docs/report.pdf")


def test_several_folders_and_orders(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["ls", "1:docs", "1:docs/sub"]) == 0
    assert capfd.readouterr().out == "docs:\nreport.pdf\nsub\n\ndocs/sub:\na.txt\n"
    assert far.asked == [1]
    (far.home / "docs" / "big").write_bytes(b"x" * 9000)
    assert run(["ls", "-S", "-r", "1:docs/*"]) == 0
    assert capfd.readouterr().out.splitlines()[:2] == ["docs/report.pdf", "docs/big"]


def test_json_and_nul(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    (far.home / "docs" / "line\nfeed").touch()
    (far.home / "docs" / os.fsdecode(b"caf\xe9")).touch()
    assert run(["ls", "--json", "1:docs"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["session"], told["path"]) == (1, str(far.home / "docs"))
    found = {each["name"]: each for each in told["entries"]}
    assert list(found) == ["caf\udce9", "line\nfeed", "report.pdf", "sub"]
    assert set(found["sub"]) == {"name", "kind", "size", "modified", "mode", "owner", "group", "target"}


def test_a_pipe_has_names_as_they_are_but_no_line_is_broken(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    (far.home / "docs" / "line\nfeed\x1b[2J").touch()
    (far.home / "docs" / os.fsdecode(b"caf\xe9")).touch()
    for options, expected in (
        ([], b"caf\xe9\nline\\x0afeed\\x1b[2J\nreport.pdf\nsub\n"),
        (["-0"], b"caf\xe9\0line\nfeed\x1b[2J\0report.pdf\0sub\0"),
    ):
        into = io.TextIOWrapper(io.BytesIO())
        monkeypatch.setattr("sys.stdout", into)
        assert run(["ls", *options, "1:docs"]) == 0
        assert into.buffer.getvalue() == expected  # type: ignore[attr-defined]


def test_a_terminal_gets_columns_and_nothing_that_it_obeys(
    far: Far, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (far.home / "docs" / "evil\x1b[2J").touch()
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["ls", "1:docs"]) == 0
    assert capfd.readouterr().out == "evil\\x1b[2J  report.pdf  sub\n"


def test_what_fails_is_told_and_the_others_go_on(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["ls", "1:nothing", "1:docs/sub"]) == NoSuchSession.exit_status
    told = capfd.readouterr()
    assert told.out == "docs/sub:\na.txt\n"
    assert "nothing: There is no such file" in told.err
    assert run(["ls", "1:/etc"]) == NotAllowed.exit_status
    assert "rs sessions ask 1 disk" in capfd.readouterr().err
    assert run(["ls", "--json", "1:.ssh"]) == NotAllowed.exit_status
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "not-allowed"
    far.granted.add(Permission.DISK)
    assert run(["ls", "1:/etc", "1:.ssh"]) == 0


def test_paths_that_are_none(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["ls", "docs"]) == UsageError.exit_status
    assert run(["ls", "7:docs"]) == NoSuchSession.exit_status


def test_stat(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    (far.home / "link").symlink_to("docs/report.pdf")
    assert run(["stat", "1:link"]) == 0
    assert "Kind: link" in capfd.readouterr().out
    assert run(["stat", "-L", "--json", "1:link"]) == 0
    assert json.loads(capfd.readouterr().out)["size"] == 5000


def test_making_moving_and_removing(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["mkdir", "-p", "-v", "1:new/deep"]) == 0
    assert capfd.readouterr().out == f"made {far.home}/new/deep\n"
    assert run(["mkdir", "1:new"]) == UsageError.exit_status
    assert run(["mv", "1:docs/report.pdf", "1:new/r.pdf"]) == 0
    assert run(["mv", "1:docs/sub/a.txt", "1:new/r.pdf", "1:new/deep"]) == 0
    assert sorted(os.listdir(far.home / "new" / "deep")) == ["a.txt", "r.pdf"]
    (far.home / "b").write_text("b")
    assert run(["mv", "1:b", "1:new/deep/a.txt"]) == UsageError.exit_status
    assert run(["mv", "-f", "1:b", "1:new/deep/a.txt"]) == 0
    assert run(["mv", "1:new/deep/*", "1:elsewhere"]) == UsageError.exit_status
    capfd.readouterr()
    assert run(["rm", "1:new"]) == UsageError.exit_status
    assert run(["rm", "-r", "--json", "1:new"]) == 0
    assert json.loads(capfd.readouterr().out) == {"session": 1, "path": "new", "done": "removed", "count": 4}
    assert run(["rm", "1:new"]) == NoSuchSession.exit_status
    assert run(["rm", "-f", "1:new", "1:*.none"]) == 0
    assert "alice has made the folder deep." in far.face.notices


@pytest.mark.parametrize("path", ["1:", "1:~", "1:.", "1:/", "1:docs/..", ":", "1:..", "1://"])
def test_home_and_the_root_are_not_removed(far: Far, path: str) -> None:
    assert run(["rm", "-rf", path]) == UsageError.exit_status
    assert far.asked == []
    assert (far.home / "docs" / "report.pdf").exists()


def test_a_person_is_asked_before_much_goes(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for said, left in (("n\n", True), ("\n", True), ("y\n", False)):
        monkeypatch.setattr("sys.stdin", Terminal(said))
        run(["rm", "-r", "1:docs"])
        assert (far.home / "docs").exists() is left


def test_finding(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["find", "1:docs", "--name", "*.txt"]) == 0
    assert capfd.readouterr().out == "docs/sub/a.txt\n"
    assert run(["find", "--type", "f", "--size", "+4k", "--newer", "1h", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["name"] == "docs/report.pdf"
    for wrong in (["--type", "x"], ["--size", "huge"], ["--newer", "never"]):
        assert run(["find", "1:", *wrong]) == UsageError.exit_status


def test_what_takes_the_room(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["du", "--json", "1:docs"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert sum(each["size"] for each in told["entries"]) == told["size"]
    assert run(["du", "-s", "1:docs"]) == 0
    assert capfd.readouterr().out.endswith("\tdocs\n")
    assert run(["df", "--json", "1:"]) == 0
    assert set(json.loads(capfd.readouterr().out)) == {"session", "path", "size", "free"}
    assert run(["df", "-h"]) == 0


def test_an_agent_that_lies(far: Far, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(channel: MemoryChannel) -> None:
        asked: Any = await channel.receive()
        while True:
            await channel.send(Entries(asked.task, tuple(Entry(f"n{n}", Kind.FILE) for n in range(256))))

    far.instead = endless
    assert run(["ls", "1:"]) == PeerBroke.exit_status

    async def forged(channel: MemoryChannel) -> None:
        asked: Any = await channel.receive()
        entry = Entry("x\x1b]0;owned\x07", Kind.LINK, owner="\x1b[2J", group="g\u202e", mtime=1e300, target="\x1b[H")
        await channel.send(Entries(asked.task, (entry,)))
        await channel.send(Ended(asked.task, "no-such", "\x1b[31mfor you\u202e", "\x07"))

    far.instead = forged
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    run(["ls", "-l", "1:"])
    run(["find", "1:", "-l"])
    told = capfd.readouterr()
    assert "\x1b]" not in told.out + told.err
    assert "\x1b[2J" not in told.out + told.err
    assert "\u202e" not in told.out + told.err
    assert "\x07" not in told.out + told.err
