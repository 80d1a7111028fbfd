from __future__ import annotations

import hashlib
import os
import threading

import pytest

from rs_relay.errors import DiskFull, TransferFailed, UsageError
from rs_relay.transfer.pipe import PipeLanding, PipeSource
from rs_relay.transfer.receiver import Receiver
from rs_relay.transfer.sender import Found, Sender
from tests.support.transfer import Conversation, MemoryLanding, Told, conversation, opening

DATA = bytes(range(256)) * 100


def fed(data: bytes) -> int:
    """The reading end of a pipe into which `data` is written."""
    out, into = os.pipe()

    def feed() -> None:
        with os.fdopen(into, "wb") as file:
            file.write(data)

    threading.Thread(target=feed).start()
    return out


@pytest.mark.parametrize("cuts", [0, 1, 5])
def test_a_pipe_goes_on_over_a_lost_link(cuts: int) -> None:
    landing, told = MemoryLanding(), Told()
    fd = fed(DATA)
    source = PipeSource(fd, "k" * 64)
    sender = Sender(opening(), iter([Found("out", open=lambda: source)]), told)
    talk = Conversation(sender, Receiver(lambda opened: landing, Told()))
    for _ in range(cuts):
        for _ in range(25):
            talk.step()
        talk.cut()
    talk.run()
    assert landing.final == {"out": DATA}
    assert told.outcomes[0].sha256 == hashlib.sha256(DATA).hexdigest()
    assert talk.sender.finished
    os.close(fd)


def test_nothing_to_read_yet_is_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rs_relay.transfer.pipe.POLL", 0.01)
    out, into = os.pipe()
    source = PipeSource(out, "k")
    assert source.read(0, 10) is None
    os.write(into, b"abc")
    assert source.read(0, 10) == b"abc"
    os.close(into)
    assert source.read(3, 10) == b""
    assert source.read(1, 10) == b"bc"
    source.forget(3)
    with pytest.raises(TransferFailed):
        source.read(1, 10)
    os.close(out)


@pytest.mark.parametrize("data", [DATA, b"", b"small"])
def test_into_a_pipe(data: bytes) -> None:
    out, into = os.pipe()
    told = Told()
    talk, _, _ = conversation({"x": data}, MemoryLanding())
    talk.receiver = Receiver(lambda opened: PipeLanding(into), told)
    got = bytearray()
    reader = threading.Thread(target=lambda: got.extend(os.fdopen(out, "rb").read()))
    reader.start()
    for _ in range(10):
        talk.step()
    talk.cut()
    talk.run()
    os.close(into)
    reader.join()
    assert bytes(got) == data
    assert not told.errors


def test_output_on_a_disk_without_room_fails_as_such() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        told = Told()
        talk, _, _ = conversation({"x": DATA}, MemoryLanding())
        talk.receiver = Receiver(lambda opened: PipeLanding(full), told)
        talk.run()
        (error,) = told.errors
        assert isinstance(error, DiskFull)
        assert "output" in error.message
    finally:
        os.close(full)


def test_what_a_pipe_cannot_take_back() -> None:
    out, into = os.pipe()
    landing = PipeLanding(into)
    with pytest.raises(UsageError):
        landing.folder("d", "k")
    part = landing.begin("a", 3, 1, "k1")
    part.restart()
    part.write(memoryview(b"abc"))
    with pytest.raises(TransferFailed):
        part.restart()
    with pytest.raises(TransferFailed):
        landing.begin("b", 3, 1, "k2")
    os.close(out)
    with pytest.raises(BrokenPipeError):
        part.write(memoryview(b"abc"))
    os.close(into)
