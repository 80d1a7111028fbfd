from __future__ import annotations

import asyncio
import io

import pytest

from rs_cli.features.files import Order, State, Transfer
from rs_cli.terminal.bars import bars
from rs_relay.transfer.outcome import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _moving(name: str, state: State = State.MOVING) -> Transfer:
    class Machine:
        finished, aborted = False, None
        progress = Progress(name, 500_000, 1_000_000, 0, 3)

    transfer = Transfer(1, Order(True, ("label",), "k"), "label", state)
    transfer.speed.rate = 250_000.0
    transfer._machine = Machine()  # type: ignore[assignment]
    return transfer


@pytest.mark.parametrize("state", [State.MOVING, State.WAITING, State.PAUSED])
async def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, state: State) -> None:
    monkeypatch.setattr("sys.stderr", shown := Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    with bars() as moved:
        moved(_moving("[red]re\x1b[2Jport", state))
        await asyncio.sleep(0)
    text = shown.getvalue()
    assert ("waiting for the connection" in text) == (state is State.WAITING)
    assert ("[red]re\\x1b[2Jport (1 of 3)" in text) == (state is not State.WAITING)
    if state is State.MOVING:
        assert "0.5 of 1.0 MB, 250 kB/s, 2 s left" in text
    if state is State.PAUSED:
        assert "0.5 of 1.0 MB, paused" in text


async def test_what_waits_is_a_number_and_what_has_ended_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", shown := Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    with bars() as moved:
        one, two = _moving("a"), _moving("b", State.QUEUED)
        two.number = 2
        moved(one)
        moved(two)
        one.state = State.DONE
        moved(one)
        await asyncio.sleep(0.15)
    assert "and 1 more in the queue" in shown.getvalue()


@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO, False), (Terminal, True)])
async def test_nothing_in_a_pipe_nor_when_it_is_to_be_quiet(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], quiet: bool
) -> None:
    monkeypatch.setattr("sys.stderr", shown := stream())
    with bars(quiet) as moved:
        moved(_moving("a"))
    assert shown.getvalue() == ""
