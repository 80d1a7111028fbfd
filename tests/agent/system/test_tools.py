"""Programs of the system: bounded in time and bytes, ended with whoever asked, never in another language."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import psutil
import pytest

from rs_agent.system import tools
from rs_relay.errors import LocalProblem
from tests.support.customer import until


async def test_what_it_says_and_how_it_ends() -> None:
    said = await tools.ask(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (said.status, said.out, said.err) == (3, "out\n", "err")


async def test_a_language_that_can_be_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_MESSAGES", "fr_FR.UTF-8")
    monkeypatch.setenv("LANGUAGE", "fr")
    said = await tools.ask(["sh", "-c", 'echo "$LC_ALL/$LC_MESSAGES/$LANGUAGE"'])
    assert said.out == "C.UTF-8//\n"


async def test_no_answer_and_no_end() -> None:
    began = time.monotonic()
    with pytest.raises(LocalProblem, match="did not answer"):
        await tools.ask(["sleep", "60"], 0.2)
    said = await tools.ask(["sh", "-c", "yes"], 20, limit=100_000)
    assert len(said.out) == 100_000
    assert time.monotonic() - began < 15


async def test_much_complaint_holds_nobody_up() -> None:
    said = await tools.ask([sys.executable, "-c", "import sys; sys.stderr.write('x' * 500_000); print('done')"])
    assert (said.out, len(said.err)) == ("done\n", tools.ERRORS)


async def test_not_there(tmp_path: Path) -> None:
    with pytest.raises(LocalProblem, match="not to be had"):
        await tools.ask([str(tmp_path / "none")])
    assert tools.there("sh")
    assert not tools.there("no-such-program")


async def test_who_is_cancelled_leaves_nothing_running() -> None:
    pids: list[int] = []

    async def read() -> None:
        async with tools.started(["sleep", "60"]) as process:
            pids.append(process.pid)
            async for _ in tools.lines(process):
                pass

    task = asyncio.create_task(read())
    await until(lambda: pids)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not psutil.pid_exists(pids[0])


async def test_lines_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "LINE", 1000)
    script = "print('a'); print('b' * 5000); print('c' * 999); print(); print('end', end='')"
    async with tools.started([sys.executable, "-c", script]) as process:
        found = [line async for line in tools.lines(process)]
    assert found == [b"a", b"b" * 1000, b"c" * 999, b"", b"end"]


async def test_a_reader_that_leaves_while_the_program_pours_is_not_kept() -> None:
    async with asyncio.timeout(30), tools.started(["sh", "-c", "while :; do echo line; done"]) as process:
        out = process.stdout
        assert out is not None
        await until(lambda: out._paused)  # type: ignore[attr-defined]  # as full as it gets: nothing is read any more
    assert process.returncode is not None
