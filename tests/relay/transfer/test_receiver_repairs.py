"""What is damaged is sent again from the last good point, and of what is here already only the differences come."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from rs_relay.errors import PeerBroke
from rs_relay.transfer import messages as m
from rs_relay.transfer import part as parts
from rs_relay.transfer.delta import OPS_MAX
from rs_relay.transfer.disk import Store
from rs_relay.transfer.receiver import Receiver
from rs_relay.transfer.sender import Line, Sender
from tests.support.transfer import Conversation, MemoryLanding, Told, conversation, opening, plan_of

DATA = bytes(range(256)) * 160
BASE = random.Random(1).randbytes(300_000)
NEW = BASE[:100_000] + b"put in" + BASE[100_000:200_000] + bytes(5000) + BASE[205_000:]
WIDE = Line(100_000, 20_000, 40_000)


def offer(size: int = len(DATA)) -> m.Offer:
    return m.Offer(1, 0, "a", size, 1, "key")


@dataclass
class Sent:
    """How much a conversation said, and how it went."""

    weight: int
    repaired: int
    reused: int


def sent(talk: Conversation, told: Told) -> Sent:
    (outcome,) = told.outcomes
    assert not outcome.error
    return Sent(sum(m.weight(message) for message in talk.said), outcome.repaired, outcome.reused)


def test_only_what_came_after_the_last_good_point_is_sent_again() -> None:
    landing = MemoryLanding()
    talk, told, _ = conversation({"a": DATA}, landing)
    flipped = False
    while talk.step():
        part = next(iter(landing.parts.values()), bytearray())
        if not flipped and len(part) > 30_000:
            part[-1] ^= 1
            flipped = True
    assert landing.final == {"a": DATA}
    went = sent(talk, told)
    assert went.repaired == 1
    assert len(DATA) < went.weight < len(DATA) + 12_000


def test_a_small_file_that_is_damaged_is_said_again() -> None:
    landing = MemoryLanding()
    talk, told, received = conversation({"a": b"small", "b": b"also small"}, landing)
    talk.step()
    harmed = [msgspec.structs.replace(w, data=memoryview(b"smale")) if isinstance(w, m.Whole) else w for w in talk.up]
    talk.up.clear()
    talk.up.extend(harmed)
    talk.run()
    assert landing.final == {"a": b"small", "b": b"also small"}
    assert {o.name: o.repaired for o in told.outcomes} == {o.name: o.repaired for o in received.outcomes}
    assert {o.repaired for o in told.outcomes} == {1}
    assert talk.sender.finished
    assert talk.receiver.finished


def test_differences_are_sent() -> None:
    landing = MemoryLanding(final={"a": BASE}, overwrite=True)
    talk, told, received = conversation({"a": NEW}, landing, WIDE)
    talk.run()
    assert landing.final == {"a": NEW}
    went = sent(talk, told)
    assert went.weight < 20_000
    assert went.reused > 280_000
    assert received.outcomes[0].reused == went.reused


def test_a_wrong_copy_is_mended_by_sending_it_whole() -> None:
    landing = MemoryLanding(final={"a": BASE}, overwrite=True)
    talk, told, _ = conversation({"a": NEW}, landing, WIDE)
    harmed = False
    while talk.step():
        part = next(iter(landing.parts.values()), bytearray())
        if not harmed and len(part) > 150_000:
            part[-1] ^= 1
            harmed = True
    assert harmed
    assert landing.final == {"a": NEW}
    assert sent(talk, told).repaired == 1


def test_a_base_that_changes_meanwhile_is_never_mixed_in() -> None:
    landing = MemoryLanding(final={"a": BASE}, overwrite=True)
    talk, told, _ = conversation({"a": NEW}, landing, WIDE)
    while not any(isinstance(message, m.Patch) for message in talk.said):
        talk.step()
    (file,) = talk.receiver._files.values()
    file.part._base = bytes(len(BASE))  # type: ignore[attr-defined]
    talk.run()
    assert landing.final == {"a": NEW}
    assert sent(talk, told).repaired <= 1  # or it had asked anew, and found nothing alike


def test_differences_go_on_after_a_lost_link() -> None:
    base = random.Random(2).randbytes(3_000_000)
    new = base[:1_000_000] + b"put in" + base[1_000_000:]
    for gap in range(3, 60, 8):
        landing = MemoryLanding(final={"a": base}, overwrite=True)
        talk, told, _ = conversation({"a": new}, landing, WIDE)
        for _ in range(3):
            for _ in range(gap):
                talk.step()
            talk.cut()
        talk.run()
        assert landing.final == {"a": new}
        assert sent(talk, told).weight < 400_000


def test_damage_that_does_not_end_is_given_up() -> None:
    landing = MemoryLanding()
    talk, told, _ = conversation({"a": DATA}, landing)
    while talk.step():
        if part := next(iter(landing.parts.values()), bytearray()):
            part[-1] ^= 1
    assert landing.final == landing.parts == {}
    assert told.errors
    assert sum(isinstance(message, m.Back) for message in talk.said) == m.REPAIRS + 1


@pytest.mark.parametrize(
    "said",
    [
        [m.Back(1, 0, 1)],
        [m.Back(1, 0, -1)],
        [m.Compare(1, 0, 0, 10)],
        [m.Patch(1, 0, 0, 5, [0, 0, 5], memoryview(b""))],
        [m.Patch(1, 0, 0, 5, [4, 0, 0], memoryview(b"abcd"))],
        [m.Patch(1, 0, 0, 4, [4, 0], memoryview(b"abcd"))],
        [m.Patch(1, 0, 1, 4, [4, 0, 0], memoryview(b"abcd"))],
        [m.Patch(1, 0, 0, 4, [5, 0, 0, -1, 0, 0], memoryview(b"abcd"))],
        [m.Patch(1, 0, 0, 0, [], memoryview(b""))],
        [m.Patch(1, 0, 0, 4, [0, 0, 0] * OPS_MAX + [4, 0, 0], memoryview(b"abcd"))],
        [m.Patch(1, 0, 0, 60_000, [60_000, 0, 0], memoryview(bytes(60_000)))],
    ],
)
def test_what_no_honest_sender_says(said: list[m.FromSender]) -> None:
    landing = MemoryLanding()
    here = Receiver(lambda opened: landing, Told())
    here.step([opening(), offer()])
    with pytest.raises(PeerBroke):
        here.step(said)
    assert landing.final == {}


# ---- on a real disk


def _real(folder: Path, new: bytes, store: Store, line: Line = WIDE) -> tuple[Conversation, Told]:
    told = Told()
    sender = Sender(opening(), plan_of({"a": new}), told)
    return Conversation(sender, Receiver(lambda o: store.landing(o.key, overwrite=True), Told()), line), told


def test_the_old_version_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BASE)
    store = Store(tmp_path, margin=0)
    talk, told = _real(tmp_path, NEW, store)
    while talk.step():
        assert (tmp_path / "a").read_bytes() in (BASE, NEW)
    assert (tmp_path / "a").read_bytes() == NEW
    assert sent(talk, told).weight < 20_000
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_byte_that_is_flipped_between_link_and_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest, flips = parts.write_at, []

    def write_at(fd: int, data: memoryview, offset: int) -> None:
        if data.nbytes > 1500 and len(flips) < 3 and offset > 90_000 * len(flips):
            flips.append(offset)
            data = memoryview(bytes(data[:-1]) + bytes([data[-1] ^ 1]))
        honest(fd, data, offset)

    monkeypatch.setattr(parts, "write_at", write_at)
    store = Store(tmp_path, margin=0)
    talk, told = _real(tmp_path, NEW, store, Line(2000, 2000, 4000))
    talk.run()
    assert len(flips) == 3
    assert (tmp_path / "a").read_bytes() == NEW
    went = sent(talk, told)
    assert went.repaired == 3
    assert went.weight < 1.2 * len(NEW)
