"""Files that change while they are read, folders that are exchanged while they are used, and ends that lie."""

from __future__ import annotations

import ctypes
import os
import random
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.errors import PeerBroke, RsError, TransferFailed
from rs_relay.transfer import messages as m
from rs_relay.transfer import plan
from rs_relay.transfer.disk import Store
from rs_relay.transfer.receiver import Receiver
from rs_relay.transfer.sender import Line, Sender
from tests.support.transfer import Conversation, MemoryLanding, Told, opening, plan_of

LINE = Line(200_000, 50_000, 100_000)
FLIPS = 10_000
SECRET = b"nobody outside may read this"


def talk_of(source: Path, landing: MemoryLanding) -> tuple[Conversation, Told, plan.Root]:
    told = Told()
    root = plan.local(str(source))
    sender = Sender(opening(), root.found(), told)
    return Conversation(sender, Receiver(lambda opened: landing, Told()), LINE), told, root


# ---- files that change


def test_a_file_that_grows_for_ever_arrives_as_it_was_when_it_was_begun(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(os.urandom(600_000))
    before = log.read_bytes()
    landing = MemoryLanding()
    talk, told, root = talk_of(log, landing)
    with log.open("ab", buffering=0) as file:
        while talk.step():
            file.write(bytes(100_000))
    root.close()
    assert landing.final == {"log": before}
    assert "grew" in told.outcomes[0].note


@pytest.mark.parametrize("how", ["cut", "rewritten", "replaced"])
def test_a_file_that_is_changed_while_it_is_read_never_arrives_as_a_mix(tmp_path: Path, how: str) -> None:
    path = tmp_path / "data"
    path.write_bytes(os.urandom(600_000))
    before, after = path.read_bytes(), os.urandom(600_000)
    landing = MemoryLanding()
    talk, told, root = talk_of(path, landing)
    for _ in range(6):
        talk.step()
    if how == "cut":
        os.truncate(path, 1000)
    elif how == "rewritten":
        path.write_bytes(after)
    else:
        (tmp_path / "new").write_bytes(after)
        (tmp_path / "new").replace(path)
    talk.run()
    root.close()
    if how == "replaced":
        assert landing.final == {"data": before}  # the one that was opened
    else:
        assert landing.final == {}
        assert isinstance(told.errors[0], TransferFailed)
    assert not landing.parts


def test_what_is_no_file_is_told_and_never_opened(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    os.mkfifo(tree / "fifo")
    (tree / "file").write_text("x")
    if os.geteuid() == 0:
        os.mknod(tree / "zero", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    landing = MemoryLanding()
    talk, told, root = talk_of(tree, landing)
    talk.run()
    root.close()
    assert landing.final == {"tree/file": b"x"}
    assert {"tree/fifo"} <= {o.name for o in told.outcomes if o.skipped} <= {"tree/fifo", "tree/zero"}


# ---- folders that are exchanged


EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)


@contextmanager
def flipping(folder: Path, outside: Path) -> Iterator[list[int]]:
    """Meanwhile `folder` is a directory and a link to `outside` in turn, as fast as can be; yields how often so far."""
    link = folder.with_name("link")
    link.symlink_to(outside)
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        pytest.skip("no call that exchanges two names")
    names = os.fsencode(folder), os.fsencode(link)
    if call(-100, names[0], -100, names[1], EXCHANGE):
        pytest.skip("this file system exchanges no names")
    done, count = threading.Event(), [1]

    def flip() -> None:
        while not done.is_set():
            assert not call(-100, names[0], -100, names[1], EXCHANGE)
            count[0] += 1

    thread = threading.Thread(target=flip)
    thread.start()
    try:
        yield count
    finally:
        done.set()
        thread.join()


def test_nothing_is_written_through_a_folder_that_turns_into_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "sub").mkdir(parents=True)
    outside.mkdir()
    store = Store(root, margin=0)
    arrived = tries = 0
    with flipping(root / "sub", outside) as count:
        while count[0] < FLIPS or tries < 50:
            tries += 1
            told = Told()
            files = {"sub/small": b"small", "sub/large": bytes(300_000)}
            receiver = Receiver(lambda o: store.landing(o.key, overwrite=True), Told())
            talk = Conversation(Sender(opening(key=f"{tries}"), plan_of(files), told), receiver, LINE)
            talk.run()
            arrived += sum(not outcome.error for outcome in told.outcomes)
    assert list(outside.iterdir()) == []
    assert arrived
    store.close()


def test_nothing_is_read_through_a_folder_that_turns_into_a_link(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub/file").write_bytes(b"mine")
    outside.mkdir()
    (outside / "file").write_bytes(SECRET)
    (outside / "more").write_bytes(SECRET)
    read = tries = 0
    with flipping(tree / "sub", outside) as count:
        while count[0] < FLIPS or tries < 50:
            tries += 1
            landing = MemoryLanding()
            talk, _, root = talk_of(tree, landing)
            talk.run()
            root.close()
            assert SECRET not in landing.final.values()
            read += b"mine" in landing.final.values()
    assert read


# ---- ends that lie

NAMES = st.sampled_from(
    ["a", "b", "../out", "/etc/x", "sub/a", "sub/../../out", "a/b", ".rs-part-00", "x\0", "", "link/a"]
)
ITEM = st.integers(-1, 4)
BYTES = st.sampled_from([0, 1, 5, 1000, 65_536, 70_000, -1, 2**62])
DATA = st.sampled_from([b"", b"x", b"hello", bytes(1000), bytes(65_536)]).map(memoryview)
HASH = st.sampled_from(
    [b"", b"x" * 32, bytes.fromhex("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")]
)
OPS = st.lists(BYTES, max_size=7)
SAID = st.one_of(
    st.builds(m.Folder, st.just(1), ITEM, NAMES, st.just("k")),
    st.builds(m.Offer, st.just(1), ITEM, NAMES, BYTES, st.just(1), st.sampled_from(["k1", "k2"])),
    st.builds(m.Whole, st.just(1), ITEM, NAMES, st.just(1), HASH, DATA),
    st.builds(m.Link, st.just(1), ITEM, NAMES, NAMES),
    st.builds(m.Again, st.just(1), ITEM),
    st.builds(m.Back, st.just(1), ITEM, BYTES),
    st.builds(m.Compare, st.just(1), ITEM, BYTES, BYTES, st.booleans()),
    st.builds(m.Piece, st.just(1), ITEM, BYTES, DATA, st.booleans()),
    st.builds(m.Patch, st.just(1), ITEM, BYTES, BYTES, OPS, DATA),
    st.builds(m.Hole, st.just(1), ITEM, BYTES, BYTES),
    st.builds(m.Done, st.just(1), ITEM, BYTES, HASH),
    st.builds(m.LeftOut, st.just(1), ITEM, NAMES, st.just("why")),
    st.builds(m.Last, st.just(1), ITEM),
    st.builds(m.Still, st.just(1)),
    st.builds(m.Open, st.just(1), st.just("k"), st.sampled_from(["s1", "s2"]), size=BYTES, settled=ITEM),
)
BASE = random.Random(1).randbytes(70_000)


@settings(max_examples=300, deadline=None)
@given(st.lists(SAID, max_size=25))
def test_a_lying_sender_writes_nothing_and_is_cut_off_or_answered(
    tmp_path_factory: pytest.TempPathFactory, said: list[m.FromSender]
) -> None:
    top = tmp_path_factory.mktemp("lies")
    root = top / "root"
    root.mkdir()
    (root / "a").write_bytes(BASE)
    (root / "link").symlink_to(top)
    store = Store(root, margin=0)
    told = Told()
    receiver = Receiver(lambda opened: store.landing(opened.key, overwrite=True), told)
    try:
        receiver.step([opening()])
        for message in said:
            receiver.step([message])
    except RsError as error:
        receiver.give_up(error)
    receiver.park()
    store.close()
    assert sorted(path.name for path in top.iterdir()) == ["root"]
    saved = {o.saved_as: o.sha256 for o in told.outcomes if o.saved_as and o.sha256}
    if "a" not in saved:
        assert (root / "a").is_dir() or (root / "a").read_bytes() == BASE


ANSWERED = st.one_of(
    st.builds(m.Accept, st.just(1), ITEM, BYTES, HASH, BYTES),
    st.builds(m.Ack, st.just(1), ITEM, BYTES, HASH),
    st.builds(m.Blocks, st.just(1), ITEM, BYTES, st.binary(max_size=300), st.binary(max_size=200)),
    st.builds(m.Saved, st.just(1), ITEM, NAMES, BYTES, HASH, BYTES, BYTES, BYTES),
    st.builds(m.Skipped, st.just(1), ITEM, st.just("why")),
    st.builds(m.Failed, st.just(1), ITEM, st.sampled_from(["damaged", "disk-full", "?"]), st.just("why")),
    st.builds(m.Still, st.just(1)),
    st.builds(m.Abort, st.just(1), st.just("?"), st.just("why")),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ANSWERED, max_size=25))
def test_a_lying_receiver_is_cut_off_or_spoken_to(answers: list[m.FromReceiver]) -> None:
    files = {"a": bytes(1000), "b": BASE, "c": b""}
    sender = Sender(opening(), plan_of(files), Told())
    ends = time.monotonic() + 20
    try:
        sender.step([], LINE)
        for answer in answers:
            said = sender.step([answer], LINE)
            assert sum(m.weight(message) for message in said) <= LINE.room + m.WHOLE_MAX
            assert time.monotonic() < ends
    except PeerBroke:
        pass
    sender.close()
