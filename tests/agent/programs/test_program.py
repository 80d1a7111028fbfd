"""Real programs: how they start, what they see, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from rs_agent.programs.base import Size
from rs_agent.programs.kin import MARK, running
from rs_agent.programs.program import start
from rs_relay import streams

ENV = {"PATH": os.environ["PATH"], "TERM": "dumb"}


async def sh(line: str, **more: object) -> Any:
    return await start(["sh", "-c", line], executable="/bin/sh", cwd="/", env=ENV, **more)  # type: ignore[arg-type]


async def all_of(fd: int | None) -> bytes:
    found = b""
    while fd is not None and (data := await streams.read(fd, 65536)):
        found += data
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while alive(pid):  # noqa: ASYNC110 (the kernel tells nobody but its parent)
            await asyncio.sleep(0.01)


async def test_three_streams_and_a_status() -> None:
    program = await sh("cat; echo no >&2; exit 5")
    assert program.stdin is not None
    await streams.write(program.stdin, b"\x00\xff\r\n")
    program.close_stdin()
    assert await all_of(program.stdout) == b"\x00\xff\r\n"
    assert await all_of(program.stderr) == b"no\n"
    assert await program.over == 5
    program.close()


async def test_it_has_a_session_of_its_own_and_none_of_our_descriptors() -> None:
    ours = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(ours, True)
    program = await sh("ls /proc/$$/fd; ps -o sid= -p $$; echo $$", input=False)
    *fds, session, pid = (await all_of(program.stdout)).split()
    os.close(ours)
    assert set(fds) == {b"0", b"1", b"2"}
    assert session == pid
    program.close()


async def test_what_ignores_term_and_what_hides_are_ended_too() -> None:
    line = "trap '' TERM; (trap '' TERM; sleep 61; sleep 61) & setsid sh -c 'sleep 62 & echo $!; exec sleep 63' & wait"
    program = await sh(line)
    assert program.stdout is not None
    hidden = int(await streams.read(program.stdout, 100))
    assert len(running("")) > 3
    members = [p.pid for p in running("") if p.session == program.pid]
    await program.end()
    for pid in (program.pid, hidden, *members):
        await gone(pid)
    assert await program.over == -signal.SIGKILL
    program.close()


async def test_what_was_left_running_ends_with_it() -> None:
    program = await sh("sleep 64 >/dev/null 2>&1 & echo $!")
    left = int(await all_of(program.stdout))
    assert await program.over == 0
    assert alive(left)
    await program.end()
    await gone(left)
    program.close()


async def test_a_terminal_is_its_own_and_has_a_size() -> None:
    program = await sh("stty size; tty; ps -o tty= -p $$; trap 'stty size; exit 3' WINCH; read x", size=Size(91, 33))
    shown = b""
    assert program.stdout is not None
    while shown.count(b"\n") < 3:
        shown += await streams.read(program.stdout, 1000)
    size, tty, own = shown.split()[0:2], shown.split()[2], shown.split()[3]
    assert size == [b"33", b"91"]
    assert tty == b"/dev/" + own
    await asyncio.sleep(0.1)
    program.resize(Size(50, 20))
    assert b"20 50" in await all_of(program.stdout)
    assert await program.over == 3
    program.close()


async def test_a_signal_reaches_the_group_or_who_is_at_the_front() -> None:
    piped = await sh("trap 'echo got; exit 4' USR1; echo on; while :; do sleep 0.05; done", input=False)
    assert piped.stdout is not None
    assert await streams.read(piped.stdout, 9) == b"on\n"
    piped.signal("USR1")
    assert await all_of(piped.stdout) == b"got\n"
    assert await piped.over == 4
    piped.close()


async def test_the_mark_is_the_only_thing_added() -> None:
    program = await start(["env"], executable="/usr/bin/env", cwd="/", env={"A": "1"}, input=False)
    names = {line.partition(b"=")[0] for line in (await all_of(program.stdout)).splitlines()}
    assert names == {b"A", MARK.encode()}
    program.close()
