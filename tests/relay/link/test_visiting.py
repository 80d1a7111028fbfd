"""The handshake with a device over a socket: what each end is told."""

from __future__ import annotations

import asyncio

import pytest

from rs_relay.errors import ConnectionLost, PeerBroke, Unreachable, WrongCode
from rs_relay.link.handshake import Abort, Opened, WrongSecret
from rs_relay.link.unattended import Device, Known, NotNow, Unfair, Unknown, WrongDevice
from rs_relay.link.verifier import Cost, Verifier
from rs_relay.link.visiting import let_in, visit
from tests.support.devices import CODE, PIN, STRANGER_KEY, TECHNICIAN_KEY, VERIFIER, CountedTries, device
from tests.support.two_ends import SESSION, MemorySocket


async def _both(run: Device, code: str = CODE, key: object = TECHNICIAN_KEY) -> tuple[object, object]:
    """What `visit` and `let_in` return or raise."""
    mine, theirs = MemorySocket(), MemorySocket()
    mine.peer, theirs.peer = theirs, mine
    return tuple(  # type: ignore[return-value]
        await asyncio.gather(
            visit(mine, code, SESSION.hex(), "alice", key, PIN),  # type: ignore[arg-type]
            let_in(theirs, run),  # type: ignore[arg-type]
            return_exceptions=True,
        )
    )


async def test_both_ends_open() -> None:
    mine, theirs = await _both(device())
    assert isinstance(mine, Opened)
    assert isinstance(theirs, tuple)
    opened, known = theirs
    assert opened.resume == mine.resume
    assert isinstance(known, Known)
    assert known.name == "alice"


async def test_what_a_wrong_code_is_told() -> None:
    mine, theirs = await _both(device(), "wrong horse 42")
    assert isinstance(mine, WrongCode)
    assert isinstance(theirs, WrongSecret)
    unknown, at_the_device = await _both(device(), key=STRANGER_KEY)
    assert isinstance(at_the_device, Unknown)
    assert isinstance(unknown, WrongCode)
    assert (unknown.message, unknown.hint) == (mine.message, mine.hint)


async def test_what_is_told_while_no_code_is_looked_at() -> None:
    mine, theirs = await _both(device(CountedTries(left=0)))
    assert isinstance(mine, Unreachable)
    assert "10 min" in mine.message
    assert isinstance(theirs, NotNow)


async def test_another_device_is_told_nothing() -> None:
    mine, theirs = await _both(device(key=STRANGER_KEY))
    assert isinstance(mine, PeerBroke)
    assert isinstance(mine.__cause__, WrongDevice)
    assert isinstance(theirs, ConnectionLost)


async def test_an_unfair_device_is_left() -> None:
    mine, _ = await _both(device(verifier=Verifier(bytes(16), Cost(2**31, 3, 4), VERIFIER.w)))
    assert isinstance(mine, PeerBroke)
    assert isinstance(mine.__cause__, Unfair)


async def test_who_goes_away_in_the_middle() -> None:
    mine, theirs = MemorySocket(), MemorySocket()
    mine.peer, theirs.peer = theirs, mine
    letting = asyncio.create_task(let_in(theirs, device()))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    mine.abort()
    with pytest.raises(ConnectionLost):
        await letting
    with pytest.raises(Abort):
        device().receive(b"")
