"""The customer's folders through everything: verbs, the TAB key, a grant that goes, and ends that lie."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_relay.channels import folders
from rs_relay.channels.folders import Ended, Entries, Entry, Find, Kind, List, Make, Measure, Move, Remove, Space, Stat
from rs_relay.errors import NotAllowed, PeerBroke, RsError, UsageError
from rs_relay.link.channel import ChannelClosed
from tests.support.hostile_agent import HostileAgent, Loud
from tests.support.hostile_technician import hostile_link
from tests.support.stage import RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import until

EVIL = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202egnp.exe\u2066\r\nadmin"
OBEYED = re.compile("\x1b\\]|\x07|\x9b|\u202e|\u2066|\x1b\\[31mred")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[RsStage]:
    """A relay and a customer's home, without a display."""
    folder = tmp_path / "stage"
    folder.mkdir()
    with RsStage("", folder) as made:
        docs = made.home / "Documents"
        (docs / "sub").mkdir(parents=True)
        (docs / "report.pdf").write_bytes(b"x" * 5000)
        (docs / "sub" / "a.txt").write_text("a")
        (made.home / ".ssh").mkdir()
        (made.home / ".ssh" / "id").write_text("a key")
        (folder / "outside").mkdir()
        (folder / "outside" / "secret").write_text("not yours")
        (made.home / "out").symlink_to(folder / "outside")
        yield made


def _begin(stage: RsStage, allow: str = "files") -> str:
    stage.start_agent("--desktop", "headless", allow=allow)
    return stage.join()


def test_the_verbs_on_a_real_customer(stage: RsStage) -> None:
    n = _begin(stage)
    assert stage.run("ls", f"{n}:Documents") == "report.pdf\nsub\n"
    stage.run("mkdir", "-p", f"{n}:Documents/new/deep")
    stage.run("mv", f"{n}:Documents/report.pdf", f"{n}:Documents/new")
    assert stage.run("find", f"{n}:", "--name", "*.pdf") == "Documents/new/report.pdf\n"
    assert json.loads(stage.run("stat", f"{n}:Documents/new/report.pdf", "--json"))["size"] == 5000
    assert json.loads(stage.run("df", f"{n}:", "--json"))["free"] > 0
    assert json.loads(stage.run("du", f"{n}:Documents", "--json"))["count"] == 5
    assert stage.attempt("rm", f"{n}:Documents/new").returncode == UsageError.exit_status
    stage.run("rm", "-r", f"{n}:Documents/new")
    assert sorted(os.listdir(stage.home / "Documents")) == ["sub"]
    stage.agent.wait_for("is looking through your folders")
    stage.agent.wait_for(r"has removed new \(3 files and folders\)")
    journal = (Path(stage.customer["RS_STATE_DIR"]) / "agent-journal.jsonl").read_text()
    kinds = [json.loads(line)["kind"] for line in journal.splitlines()]
    assert {"file removed", "file moved", "folder made"} <= set(kinds)


def test_home_alone_until_the_customer_allows_more(stage: RsStage) -> None:
    n = _begin(stage)
    for path in (f"{n}:.ssh", f"{n}:/etc", f"{n}:out", f"{n}:../outside", f"{n}:/no/such"):
        done = stage.attempt("ls", path)
        assert done.returncode == NotAllowed.exit_status, path
        assert f"rs sessions ask {n} disk" in done.stderr
    shown = len(stage.agent.text)
    stage.agent.type("/allow disk\n")
    stage.agent.wait_for("REACH ALL FILES|all files can", after=shown)
    assert stage.run("ls", f"{n}:.ssh") == "id\n"
    assert stage.run("ls", f"{n}:out") == "secret\n"
    for own in (stage.customer["RS_STATE_DIR"], stage.customer["RS_CONFIG_DIR"], "/proc/self", "/sys"):
        if Path(own).exists():
            assert stage.attempt("ls", f"{n}:{own}").returncode == NotAllowed.exit_status, own


def _tab(stage: RsStage, line: str) -> list[str]:
    env = {**stage.technician, "_RS_LINE": line, "_RS_PART": ""}
    done = subprocess.run(stage.command("completion", "fish"), env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return [candidate.split("\t")[0] for candidate in done.stdout.splitlines()]


def test_the_tab_key_asks_the_customer_nothing(stage: RsStage) -> None:
    n = _begin(stage, allow="")
    assert _tab(stage, f"rs ls {n}:Doc") == []
    assert "SEND, FETCH" not in stage.agent.text
    stage.agent.type("/allow files\n")
    until(lambda: _tab(stage, f"rs ls {n}:Doc") == [f"{n}:Documents/"], "the candidate")
    began = time.monotonic()
    assert _tab(stage, f"rs ls {n}:Documents/r") == [f"{n}:Documents/report.pdf"]
    assert time.monotonic() - began < 20
    shown = len(stage.agent.text)
    stage.agent.type("/withdraw files\n")
    stage.agent.wait_for("NOW: ", after=shown)
    time.sleep(5.1)  # what was heard before is forgotten
    assert _tab(stage, f"rs ls {n}:Doc") == []
    stage.agent.process.kill()
    assert _tab(stage, f"rs ls {n}:Docu") == []


def test_a_removal_stops_when_the_grant_goes(stage: RsStage) -> None:
    many = stage.home / "many"
    n_session = _begin(stage)

    def there() -> int:
        return len(os.listdir(many)) if many.exists() else 0

    def stopped() -> bool:
        """Where this computer stands still meanwhile, all is gone before the grant is: then it is begun again."""
        until(lambda: stage.attempt("ls", f"{n_session}:").returncode == 0, "the grant")
        for n in range(20):
            (many / f"dir {n}").mkdir(parents=True)
            for k in range(1000):
                os.mknod(f"{many}/dir {n}/{k}")
        removing = stage.begin("rm", "-rf", f"{n_session}:many")
        until(lambda: there() < 19, "the removal to be under way")
        stage.agent.type("/withdraw files\n")
        if removing.wait(60) == NotAllowed.exit_status and there():
            return True
        stage.agent.type("/allow files\n")
        return False

    until(stopped, "a removal that is stopped in the middle", 150)
    left = sum(len(names) for _, _, names in os.walk(many))
    time.sleep(0.5)
    assert sum(len(names) for _, _, names in os.walk(many)) == left > 0
    stage.agent.wait_for("has removed many")


HOSTILE_PATHS = (
    "/etc/passwd", "../outside/secret", "out/secret", ".ssh/id", "a\0b", "\0dce9", "x" * 4000, "/proc/self/mem",
    "Documents/../../outside/secret", "out/../.ssh/id", "/dev/zero/x", "\u202e", "Documents/report.pdf/x",
)  # fmt: skip


def test_a_technician_who_lies_reaches_nothing(stage: RsStage) -> None:
    _begin(stage)
    before = {str(p): p.lstat().st_mtime_ns for p in stage.folder.glob("outside/**/*")}

    async def attack() -> None:
        async with asyncio.timeout(120), hostile_link(stage) as hostile:
            loud = await hostile.open(folders.SPEC)
            number = 0
            for path in HOSTILE_PATHS:
                for ask in (List, Stat, Find, Measure, Space, Make, Remove):
                    number += 1
                    await loud.say(ask(number, path))
                    assert (await _over(loud, number)).code, (ask, path)
                for asked in (Move(0, "Documents/sub", path), Move(0, path, "Documents/sub"), Remove(0, path, True)):
                    number += 1
                    await loud.say(type(asked)(number, *_rest(asked)))
                    assert (await _over(loud, number)).code, asked
            for raw in (b"\x91" * 5000, os.urandom(300), bytes(1024 * 1024)):
                try:
                    other = await hostile.open(folders.SPEC)
                    await other.raw(raw)
                    await other.listen()
                except (RsError, ChannelClosed):
                    continue

    async def flood() -> None:
        async with asyncio.timeout(60), hostile_link(stage) as hostile:
            loud = await hostile.open(folders.SPEC)
            with pytest.raises((RsError, ChannelClosed)):
                for n in range(5000):
                    await loud.say(Find(n, "", name="*"))
                await loud.listen()

    asyncio.run(attack())
    asyncio.run(flood())
    assert {str(p): p.lstat().st_mtime_ns for p in stage.folder.glob("outside/**/*")} == before
    assert (stage.home / ".ssh" / "id").read_text() == "a key"
    assert stage.run("ls", f"{stage.session}:Documents") == "report.pdf\nsub\n"
    assert not OBEYED.search(bytes(stage.agent._raw).decode("utf-8", "replace"))


def _rest(asked: Move | Remove) -> tuple[object, ...]:
    return tuple(getattr(asked, name) for name in asked.__struct_fields__[1:])


async def _over(loud: Loud, task: int) -> Ended:
    while True:
        said = await loud.hear()
        if isinstance(said, Ended) and said.task == task:
            return said


def test_an_agent_that_lies_commands_no_terminal_and_holds_nobody_up(stage: RsStage) -> None:
    async def forged(loud: Loud) -> None:
        while True:
            asked = await loud.hear()
            entry = Entry(EVIL.replace("\r\n", ""), Kind.LINK, 1, 1e300, 0o7777, EVIL, EVIL, EVIL)
            await loud.say(Entries(asked.task, (entry,)))
            await loud.say(Ended(asked.task, path=EVIL, size=1, free=2**62))

    async def endless(loud: Loud) -> None:
        asked = await loud.hear()
        while True:
            await loud.say(Entries(asked.task, tuple(Entry(f"n{n}", Kind.FILE) for n in range(256))))

    async def climbing(loud: Loud) -> None:
        asked = await loud.hear()
        await loud.say(Entries(asked.task, (Entry("../../etc/passwd", Kind.FILE),)))

    with HostileAgent(stage.url, {"folders": forged}) as agent:
        n = stage.join(agent.code)
        for verb in (["ls"], ["ls", "-l"], ["ls", "-a"], ["du"], ["df"], ["find", "-l"], ["find"]):
            with Terminal(stage.command(verb[0], f"{n}:", *verb[1:]), stage.technician, columns=160) as terminal:
                terminal.wait(60)
                assert not OBEYED.search(bytes(terminal._raw).decode("utf-8", "replace")), verb
        assert EVIL not in "".join(_tab(stage, f"rs ls {n}:"))
        for lie in (endless, climbing):
            agent.lies["folders"] = lie
            done = stage.attempt("ls", f"{n}:", timeout=60)
            assert done.returncode == PeerBroke.exit_status
            assert done.stderr.startswith("rs: ")
            assert "Traceback" not in done.stderr
