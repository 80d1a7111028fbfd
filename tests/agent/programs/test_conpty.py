"""What is between ConPTY and the pipes, with a console that echoes. The real one is on Windows alone."""

from __future__ import annotations

import asyncio
import os
import queue

from rs_agent.programs.base import Size
from rs_agent.programs.conpty import ConPty


class Echo:
    """Behaves as winpty.PtyProcess is documented to: text in, text out, EOFError at the end."""

    pid = 2**22 + 1  # of nobody

    def __init__(self) -> None:
        self.said: queue.Queue[str | None] = queue.Queue()
        self.size = (0, 0)

    def read(self, size: int) -> str:
        text = self.said.get()
        if text is None:
            raise EOFError
        return text

    def write(self, text: str) -> None:
        self.said.put(text)

    def setwinsize(self, rows: int, columns: int) -> None:
        self.size = (rows, columns)

    def wait(self) -> int:
        return 3

    def terminate(self, force: bool = False) -> None:
        self.said.put(None)


async def test_bytes_go_through_it_and_a_letter_may_be_cut_in_two() -> None:
    console = Echo()
    program = ConPty(console)
    assert program.stdin is not None
    assert program.stdout is not None
    letters = "grüße".encode()
    os.write(program.stdin, letters[:3])
    await asyncio.sleep(0.05)
    os.write(program.stdin, letters[3:])
    shown = b""
    while len(shown) < len(letters):
        shown += await asyncio.to_thread(os.read, program.stdout, 100)
    assert shown == letters
    program.resize(Size(90, 30))
    assert console.size == (30, 90)
    program.signal("INT")
    assert await asyncio.to_thread(os.read, program.stdout, 100) == b"\x03"
    await program.end()
    assert await program.over == 3
    assert await asyncio.to_thread(os.read, program.stdout, 100) == b""
    program.close()
