from __future__ import annotations

import asyncio
import io

import pytest

from rs_cli.bars import bars
from rs_cli.features.files import State, Transfer
from rs_relay.transfer.outcome import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _moving(name: str, state: State = State.MOVING) -> Transfer:
    class Machine:
        finished, aborted = False, None
        progress = Progress(name, 500_000, 1_000_000, 0, 3)

    transfer = Transfer(1, "label", True, state)
    transfer._machine = Machine()  # type: ignore[assignment]
    return transfer


@pytest.mark.parametrize("state", [State.MOVING, State.WAITING])
async def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, state: State) -> None:
    monkeypatch.setattr("sys.stderr", shown := Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    with bars() as moved:
        moved(_moving("[red]re\x1b[2Jport", state))
        await asyncio.sleep(0)
    text = shown.getvalue()
    assert ("waiting for the connection" in text) == (state is State.WAITING)
    assert ("[red]re\\x1b[2Jport (1 of 3)" in text) == (state is State.MOVING)


async def test_nothing_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", shown := io.StringIO())
    with bars() as moved:
        moved(_moving("a"))
    assert shown.getvalue() == ""
