"""The other end holds the keys and lies: an agent to the technician's programs, a technician to the customer's.

What must hold: each command ends with its own exit status and one sentence, nothing is written or read outside, nothing
is typed without a grant, no byte of theirs commands a terminal, and the honest work that follows goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import mss
import numpy as np
import pytest
from PIL import Image

from rs_relay.channels import chat, clipboard, files
from rs_relay.channels.control import messages as control
from rs_relay.channels.screen import messages as screen
from rs_relay.channels.screen.codecs import film
from rs_relay.channels.screen.codecs.exact import Encoder
from rs_relay.errors import NotAllowed, PeerBroke, RsError, TransferFailed, WrongCode
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.frames import Kind
from rs_relay.transfer import messages as m
from rs_relay.transfer import pack
from rs_relay.transfer.names import PART_PREFIX
from tests.support.hostile_agent import HostileAgent, Lie, Loud, encoded
from tests.support.hostile_technician import HostileTechnician, hostile_link
from tests.support.stage import Memory, RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import XDesktop, until

EVIL = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202egnp.exe\u2066\r\nadmin: send the code"
OBEYED = re.compile("\x1b\\]|\x07|\x9b|\u202e|\u2066|\x1b\\[31mred")


def _one_sentence(stderr: str) -> None:
    lines = stderr.strip().splitlines()
    assert 1 <= len(lines) <= 2, stderr
    assert lines[0].startswith("rs: "), stderr
    assert "Traceback" not in stderr
    assert "defect" not in stderr


async def honest_chat(loud: Loud) -> None:
    last = 0
    while True:
        match await loud.hear():
            case chat.Since():
                await loud.say(chat.Current(0))
            case chat.Say(key, text):
                last += 1
                await loud.say(chat.Line(last, chat.Who.TECHNICIAN, "", text, 0.0, key))


def _goes_on(stage: RsStage) -> None:
    """The technician's next command works."""
    stage.run("chat", stage.session, "still here")


# ---- a hostile agent: pictures


def _bomb() -> bytes:
    """A JPEG of a few hundred bytes that says it has 30,000 × 30,000 pixels."""
    out = io.BytesIO()
    Image.new("RGB", (16, 16)).save(out, "JPEG")
    data = bytearray(out.getvalue())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = (30_000).to_bytes(2, "big") * 2
    return bytes(data)


def _zeros() -> bytes:
    """Half a gigabyte of zeros, in some tens of kilobytes of one zstd stream."""
    stream = Encoder()
    return b"".join(stream.encode(bytes(16 * 1024 * 1024)) for _ in range(32))


def _layout(width: int = 320, height: int = 200) -> screen.Layout:
    return screen.Layout(1, 0, 0, width, height)


def _picture(colour: int, number: int = 1) -> list[screen.Layout | screen.Frame]:
    """An honest picture of one colour."""
    data = Encoder().encode(bytes([colour]) * (32 * 32 * 3 * 70))
    return [screen.Layout(number, 0, 0, 320, 200), screen.Frame(1, number, (), (0, 70), data)]


def _said(*messages: object) -> Lie:
    async def lie(loud: Loud) -> None:
        await loud.hear()
        for message in messages:
            await (loud.raw(message) if isinstance(message, bytes) else loud.say(message))

    return lie


def _region(column: int, row: int, columns: int, rows: int, data: bytes, codec: str = "jpeg") -> screen.Frame:
    return screen.Frame(1, 1, regions=(screen.Region(codec, column, row, columns, rows, data),))


def _film(data: bytes, columns: int = 10, rows: int = 6) -> screen.Frame:
    return screen.Frame(1, 1, films=(screen.Film(1, film.NAME, 0, 0, columns, rows, data),))


def _reel(width: int, height: int) -> bytes:
    """An honest first picture of that size."""
    return film.Encoder(width, height).encode(np.zeros((height, width, 4), np.uint8))


PICTURES: dict[str, Callable[[], list[object]]] = {
    "absurd": lambda: [_layout(16_384, 16_384)],
    "more than a side": lambda: [_layout(2**31, 2**31)],
    "nothing": lambda: [_layout(0, 0)],
    "tiles outside": lambda: [_layout(), screen.Frame(1, 1, (), (60, 500), b"x")],
    "copies outside": lambda: [_layout(), screen.Frame(1, 1, (screen.Copy(0, 0, 320, 200, 100, 100),))],
    "zstd bomb": lambda: [_layout(), screen.Frame(1, 1, (), (0, 1), _zeros())],
    "jpeg bomb": lambda: [_layout(7680, 4320), _region(0, 0, 32, 32, _bomb())],
    "jpeg outside": lambda: [_layout(), _region(9, 6, 5, 5, _bomb())],
    "another codec": lambda: [_layout(), _region(0, 0, 1, 1, b"GIF89a", "gif")],
    "film bomb": lambda: [_layout(), _film(_reel(8192, 4096))],
    "many films in one": lambda: [_layout(), _film(_reel(320, 192) + b"\x00\x00\x01\x41\xe0" * 500_000)],
    "no film": lambda: [_layout(), _film(os.urandom(4000))],
    "film outside": lambda: [_layout(), _film(_reel(320, 200), 10, 9)],
    "no layout": lambda: [screen.Frame(1, 1, (), (0, 1), b"")],
    "garbage": lambda: [os.urandom(4000)],
    "nested": lambda: [b"\x91" * 200_000],
    "oversized": lambda: [bytes(20 * 1024 * 1024)],
}


def test_no_picture_of_a_hostile_agent_breaks_a_screenshot(stage: RsStage, tmp_path: Path) -> None:
    with HostileAgent(stage.url, {"chat": honest_chat}) as agent:
        stage.join(agent.code)
        for name, made in PICTURES.items():
            agent.lies["screen"] = _said(*made())
            process = stage.begin("screenshot", stage.session, str(tmp_path / "seen.png"))
            with Memory(rs=process.pid) as memory:
                _, stderr = process.communicate(timeout=60)
            assert process.returncode == PeerBroke.exit_status, (name, stderr)
            _one_sentence(stderr)
            assert memory.peak["rs"] < 250, name
        assert not (tmp_path / "seen.png").exists()
        _goes_on(stage)
        agent.lies["screen"] = _said(*_picture(200))
        stage.run("screenshot", stage.session, str(tmp_path / "seen.png"))
        assert Image.open(tmp_path / "seen.png").getpixel((5, 5)) == (200, 200, 200)


def _view(stage: RsStage, desktop: XDesktop) -> subprocess.Popen[str]:
    stage.technician["DISPLAY"] = desktop.display
    return stage.begin("view", stage.session, "--scale", "1:1")


def _shows(desktop: XDesktop, colour: int) -> bool:
    """Whether that grey fills the picture in the window."""
    with mss.MSS(display=desktop.display) as camera:
        shot = camera.grab(camera.monitors[0])
    seen = np.frombuffer(shot.rgb, np.uint8).reshape(-1, 3)
    return int((seen == colour).all(1).sum()) >= 320 * 200


@pytest.mark.parametrize("name", ["absurd", "zstd bomb", "jpeg bomb", "film bomb", "tiles outside"])
def test_the_window_asks_again_after_a_broken_picture(stage: RsStage, desktop: XDesktop, name: str) -> None:
    async def once(loud: Loud) -> None:
        await loud.hear()
        await loud.say(*_picture(91))
        await loud.say(*PICTURES[name]())
        number = 1
        while True:
            if isinstance(await loud.hear(), screen.Refresh):
                number += 1
                await loud.say(*_picture(211, number))

    with HostileAgent(stage.url, {"screen": once, "chat": honest_chat}) as agent:
        stage.join(agent.code)
        window = _view(stage, desktop)
        until(lambda: window.poll() is not None or _shows(desktop, 211), "the window or its end", 40)
        if window.poll() is None:
            window.terminate()
            window.wait(20)
        else:
            assert window.returncode == PeerBroke.exit_status
            assert window.stderr
            _one_sentence(window.stderr.read())
        _goes_on(stage)


@pytest.mark.parametrize("channel", ["screen", "consent"])
def test_garbage_ends_the_window_with_a_sentence(stage: RsStage, desktop: XDesktop, channel: str) -> None:
    with HostileAgent(stage.url, {"chat": honest_chat}) as agent:
        agent.lies["screen"] = _said(*_picture(91))
        stage.join(agent.code)
        agent.lies[channel] = _said(os.urandom(4000)) if channel == "screen" else _first(os.urandom(4000))
        window = _view(stage, desktop)
        if channel == "screen":
            assert window.wait(60) == PeerBroke.exit_status
            assert window.stderr
            _one_sentence(window.stderr.read())
        else:  # what is in force cannot be shown then; the picture can
            until(lambda: window.poll() is not None or _shows(desktop, 91), "a picture or an end", 40)
            if window.poll() is None:
                window.terminate()
            window.wait(20)
        _goes_on(stage)


def _first(*messages: bytes) -> Lie:
    async def lie(loud: Loud) -> None:
        for message in messages:
            await loud.raw(message)

    return lie


# ---- a hostile agent: everything else that it says


GARBAGE: dict[str, bytes] = {
    "noise": b"\xc1" + os.urandom(300),
    "nested": b"\x91" * 50_000,
    "an answer to nothing": encoded(chat.Line(1, chat.Who.CUSTOMER, "x", "y", 0.0))[:-3],
    "oversized": bytes(12 * 1024 * 1024),
}
VERBS: dict[str, tuple[str, ...]] = {
    "chat": ("chat", "", "hello"),
    "clipboard": ("clipboard", "get", ""),
    "clips": ("clipboard", "get", "", "--formats"),
    "files": ("get-file", "", "x", "got"),
    "screen": ("screenshot", "", "-"),
}


@pytest.mark.parametrize("channel", VERBS)
def test_garbage_on_a_channel_ends_the_command_alone(stage: RsStage, channel: str) -> None:
    with HostileAgent(stage.url, {}) as agent:
        stage.join(agent.code)
        verb = [word or stage.session for word in VERBS[channel]]
        for name, data in GARBAGE.items():
            agent.lies[channel] = _first(data)
            done = subprocess.run(
                stage.command(*verb), env=stage.technician, capture_output=True, text=True, timeout=60, cwd=stage.folder
            )
            assert done.returncode == PeerBroke.exit_status, (name, done.stderr)
            _one_sentence(done.stderr)
        agent.lies["chat"] = honest_chat
        _goes_on(stage)


def _terminal(stage: RsStage, *arguments: str) -> tuple[int, str]:
    """What a command prints to a real terminal, byte for byte."""
    with Terminal(stage.command(*arguments), stage.technician, columns=160) as terminal:
        status = terminal.wait(60)
        return status, bytes(terminal._raw).decode("utf-8", "replace")


def test_no_text_of_a_hostile_agent_commands_the_terminal(stage: RsStage, tmp_path: Path) -> None:
    async def chatting(loud: Loud) -> None:
        await loud.hear()
        await loud.say(chat.Line(1, chat.Who.CUSTOMER, EVIL, EVIL, 0.0), chat.Current(1))

    async def copying(loud: Loud) -> None:
        await loud.hear()
        await loud.say(clipboard.Text(EVIL, asked=True))

    async def failing(loud: Loud) -> None:
        await loud.hear()
        await loud.say(clipboard.Failed("local-problem", EVIL))

    async def leaving_out(loud: Loud) -> None:
        asked = await loud.hear()
        await loud.say(
            m.Open(asked.batch, asked.key, "5" * 32, EVIL, files=2),
            m.LeftOut(asked.batch, 0, EVIL, EVIL, EVIL),
            m.Whole(asked.batch, 1, "x\x1b]0;owned\x07", 0, _sha(b""), memoryview(b"")),
            m.Last(asked.batch, 2),
        )

    async def aborting(loud: Loud) -> None:
        asked = await loud.hear()
        await loud.say(m.Abort(asked.batch, "transfer-failed", EVIL, EVIL))

    lies = {"chat": chatting, "clipboard": copying, "files": leaving_out}
    refusal = RsError(EVIL, EVIL)
    with HostileAgent(stage.url, lies, name=EVIL, refusal=refusal) as agent:
        said = []
        with Terminal(stage.command("connect", "--no-tui"), stage.technician, columns=160) as terminal:
            terminal.wait_for("Code")
            terminal.type(agent.code + "\n")
            assert terminal.wait(60) == 0
            said.append(bytes(terminal._raw).decode("utf-8", "replace"))
        number = stage.session = "1"
        said.append(_terminal(stage, "sessions", "list")[1])
        said.append(_terminal(stage, "sessions", "show", number)[1])
        said.append(_terminal(stage, "chat", number, "--history")[1])
        assert "owned" in said[-1]
        said.append(_terminal(stage, "clipboard", "get", number)[1])
        assert "owned" in said[-1]
        agent.lies["clipboard"] = failing
        said.append(_terminal(stage, "clipboard", "get", number)[1])
        assert "owned" in said[-1]
        said.append(_terminal(stage, "get-file", number, "x", str(tmp_path))[1])
        assert "did not arrive" in said[-1]
        agent.lies["files"] = aborting
        said.append(_terminal(stage, "get-file", number, "x", str(tmp_path))[1])
        assert "owned" in said[-1]
        status, refused = _terminal(stage, "screenshot", number, str(tmp_path / "x.png"))
        said.append(refused)
        assert status == RsError.exit_status
        assert "owned" in refused
        for text in said:
            assert not OBEYED.search(text), text


HOSTILE_NAMES = (
    "../../x", "/etc/x", "/tmp/rs-hostile-absolute", "a\nb", "..", ".", "", "a/../../x", "sub/../../../x", "a\x00b",
    "\\x", "..\\x", "n" * 300, "/".join(["d"] * 40), "\u202egnp.exe", ".rs-part-" + "0" * 32,
    "out/x", "out", "sub/out/x", "~/x\x1b[0m",
)  # fmt: skip


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and not p.is_symlink()}


def test_hostile_names_never_leave_the_chosen_folder(stage: RsStage, tmp_path: Path) -> None:
    outside, chosen = tmp_path / "outside", tmp_path / "deep" / "er" / "chosen"
    outside.mkdir()
    chosen.mkdir(parents=True)
    (chosen / "out").symlink_to(outside)
    (chosen / "sub").mkdir()
    (chosen / "sub" / "out").symlink_to(outside)
    (outside / "x").write_text("untouched")
    before = _tree(tmp_path)

    def whole(batch: int, item: int, name: str) -> bytes:
        data = b"evil"
        packed = msgspec.msgpack.encode(m.Whole(batch, item, "N", 0, _sha(data), memoryview(data)))
        raw = name.encode("utf-8", "surrogatepass")
        return packed.replace(b"\xa1N", b"\xda" + len(raw).to_bytes(2, "big") + raw, 1)

    def lie(kind: str) -> Lie:
        async def files_lie(loud: Loud) -> None:
            asked = await loud.hear()
            names = HOSTILE_NAMES
            await loud.say(m.Open(asked.batch, asked.key, "5" * 32, "x", files=len(names) + 1))
            for item, name in enumerate(names):
                match kind:
                    case "whole":
                        await loud.raw(whole(asked.batch, item, name))
                    case "folder":
                        await loud.say(m.Folder(asked.batch, item, name, "7" * 64))
            await loud.raw(whole(asked.batch, len(names), "good.txt"))
            await loud.say(m.Last(asked.batch, len(names) + 1))

        return files_lie

    with HostileAgent(stage.url, {"chat": honest_chat}) as agent:
        stage.join(agent.code)
        for kind in ("whole", "folder"):
            agent.lies["files"] = lie(kind)
            done = stage.attempt("get-file", stage.session, "x", str(chosen))
            assert done.returncode == TransferFailed.exit_status, done.stderr
            assert "Traceback" not in done.stderr
            assert not OBEYED.search(done.stderr + done.stdout)
        after = _tree(tmp_path)
        made = {name: after[name] for name in after if name not in before and not name.startswith("stage/")}
        assert made
        for name in made:
            assert Path(name).is_relative_to("deep/er/chosen"), name
            assert name.isprintable(), name
        assert "deep/er/chosen/good.txt" in made
        assert (outside / "x").read_text() == "untouched"
        assert sorted(p.name for p in outside.iterdir()) == ["x"]
        assert not Path("/tmp/rs-hostile-absolute").exists()
        _goes_on(stage)


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


BROKEN_BATCHES: dict[str, Callable[[int, str], list[object]]] = {
    "a piece of nothing": lambda b, k: [m.Open(b, k, "5" * 32), m.Piece(b, 0, 0, memoryview(b"x"))],
    "no open": lambda b, k: [m.Offer(b, 0, "x", 1, 0, "7" * 64)],
    "past the end": lambda b, k: [
        m.Open(b, k, "5" * 32), m.Offer(b, 0, "x", 1, 0, "7" * 64), m.Piece(b, 0, 0, memoryview(b"xyz"))
    ],
    "a negative size": lambda b, k: [m.Open(b, k, "5" * 32), m.Offer(b, 0, "x", -7, 0, "7" * 64)],
    "an item far away": lambda b, k: [m.Open(b, k, "5" * 32), m.Offer(b, 10**9, "x", 1, 0, "7" * 64)],
    "last of less": lambda b, k: [m.Open(b, k, "5" * 32), m.LeftOut(b, 0, "x", "y"), m.Last(b, 0)],
    "a flood": lambda b, k: [m.Open(b, k, "5" * 32), *(m.Offer(b, n, f"f{n}", 9, 0, "7" * 64) for n in range(200))],
}  # fmt: skip


def test_a_batch_that_breaks_the_rules_ends_the_command(stage: RsStage, tmp_path: Path) -> None:
    got = tmp_path / "got"
    got.mkdir()
    with HostileAgent(stage.url, {"chat": honest_chat}) as agent:
        stage.join(agent.code)
        for name, made in BROKEN_BATCHES.items():

            async def lie(loud: Loud, made: Callable[[int, str], list[object]] = made) -> None:
                asked = await loud.hear()
                await loud.say(*made(asked.batch, asked.key))

            agent.lies["files"] = lie
            done = stage.attempt("get-file", stage.session, "x", str(got), timeout=20)
            assert done.returncode in (PeerBroke.exit_status, TransferFailed.exit_status), (name, done.stderr)
            _one_sentence(done.stderr)
        assert all(file.name.startswith(PART_PREFIX) for file in got.iterdir())
        _goes_on(stage)


# ---- a hostile technician


HOME_SECRET = "only the customer may read this"


def _typed(text: str) -> bytes:
    return encoded(control.Type(text))


async def _refused(hostile: HostileTechnician, channel: str, *data: bytes) -> None:
    """Data sent behind an unanswered request breaks the link's rules: the link ends, nothing has been done."""
    hostile.unasked(channel, *data)
    await hostile.ended()


@pytest.fixture
def typed_into(desktop: XDesktop, tmp_path: Path) -> Path:
    """A terminal with the keyboard's focus; what is typed into it is in this file."""
    target = tmp_path / "typed"
    title = f"typed-{tmp_path.name}"
    desktop.xterm(f"stty -echo -icanon min 1; exec cat -u > {target}", title=title)
    until(target.exists, "the shell")
    return target


def _withheld(stage: RsStage, desktop: XDesktop) -> RsStage:
    """A session in which nothing but the screen is allowed, and things that must not be touched."""
    (stage.home / "secret.txt").write_text(HOME_SECRET)
    stage.start_agent(allow="view")
    stage.join()
    desktop.run("sh", "-c", "printf before | timeout 20 xclip -selection clipboard -i >/dev/null 2>&1", check=True)
    return stage


def _clipboard(desktop: XDesktop) -> str:
    return desktop.run("xclip", "-selection", "clipboard", "-o").stdout


def _home(stage: RsStage) -> set[str]:
    return {str(p.relative_to(stage.home)) for p in stage.home.rglob("*")}


UNASKED: dict[str, tuple[bytes, ...]] = {
    "control": (_typed("evil\n"), encoded(control.Button(control.ButtonName.LEFT, True))),
    "clipboard": (encoded(clipboard.Put("evil")), encoded(clipboard.Get())),
    "files": (
        encoded(m.Open(1, "5" * 32)),
        encoded(m.Whole(1, 0, "evil.txt", 0, _sha(b"evil"), memoryview(b"evil"))),
        encoded(files.Get(2, "6" * 32, "secret.txt")),
    ),
}


def test_what_was_not_granted_cannot_be_said(stage: RsStage, desktop: XDesktop, typed_into: Path) -> None:
    _withheld(stage, desktop)
    before = _home(stage)

    async def attack() -> None:
        for channel, data in UNASKED.items():
            async with hostile_link(stage) as hostile:
                await _refused(hostile, channel, *data)
        async with hostile_link(stage) as hostile:  # and politely: the customer has said no, and data comes anyway
            for spec in (control.SPEC, clipboard.SPEC, files.SPEC):
                opening = asyncio.create_task(hostile.open(spec))
                while not opening.done():
                    stage.agent.type("n\n")  # to the question that is on show, now or in a moment
                    await asyncio.wait([opening], timeout=0.3)
                with pytest.raises(NotAllowed):
                    opening.result()
            hostile.blurt(Kind.DATA, 1, _typed("evil\n"))
            hostile.blurt(Kind.DATA, 3, UNASKED["files"][1])
            hostile.blurt(Kind.DATA, 9, _typed("evil\n"))
            await hostile.ended()

    asyncio.run(attack())
    assert _clipboard(desktop) == "before"
    assert typed_into.read_text() == ""
    assert _home(stage) == before
    _still_honest(stage, desktop, typed_into)


def _still_honest(stage: RsStage, desktop: XDesktop, typed_into: Path) -> None:
    """The agent lives, and what the customer allows now works."""
    shown = len(stage.agent.text)
    stage.agent.type("/allow control\n/allow files\n")
    stage.agent.wait_for("CHANGE FILES\\.|files can be", after=shown)

    async def type_it() -> None:
        async with hostile_link(stage) as honest:
            loud = await honest.open(control.SPEC)
            await loud.say(control.Type("honest"))
            await asyncio.to_thread(until, lambda: typed_into.read_text() == "honest", "honest typing")

    asyncio.run(type_it())
    sent = stage.folder / "honest.txt"
    sent.write_text("honest")
    stage.run("send-file", stage.session, str(sent))
    assert (stage.home / "Downloads" / "rs" / "honest.txt").read_text() == "honest"


def test_hostile_names_to_the_customer_stay_in_their_folder(joined: RsStage, tmp_path: Path) -> None:
    received = joined.home / "Downloads" / "rs"
    received.mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("untouched")
    (received / "out").symlink_to(outside)
    (received / "sub").mkdir()
    (received / "sub" / "out").symlink_to(outside)
    (joined.home / ".ssh").mkdir()
    before = _tree(joined.home)
    names = (*HOSTILE_NAMES, "../../.ssh/authorized_keys", "../.ssh/authorized_keys", "x/../../../.ssh/authorized_keys")

    async def attack() -> None:
        async with hostile_link(joined) as hostile:
            loud = await hostile.open(files.SPEC)
            for batch, into in enumerate(("", "..", "/", "../../.ssh", "out", "a\x00b"), 1):
                try:
                    await loud.say(m.Open(batch, f"{batch:032x}", "5" * 32, EVIL, into, files=len(names) + 1))
                    for item, name in enumerate(names):
                        await loud.say(m.Whole(batch, item, name, 0, _sha(b"evil"), memoryview(b"evil")))
                    await loud.say(m.Whole(batch, len(names), "good.txt", 0, _sha(b"evil"), memoryview(b"evil")))
                    await loud.say(m.Last(batch, len(names) + 1))
                    while not isinstance(heard := await loud.hear(), m.Abort):
                        settled = [a for a in pack.unpacked(heard) if isinstance(a, m.Saved | m.Failed)]
                        if any(answer.item == len(names) for answer in settled):
                            break
                except ChannelClosed:
                    loud = await hostile.open(files.SPEC)

    asyncio.run(attack())
    after = _tree(joined.home)
    made = [name for name in after if name not in before]
    assert "Downloads/rs/good.txt" in made
    for name in made:
        assert Path(name).is_relative_to("Downloads/rs"), name
        assert name.isprintable(), name
    assert [p.name for p in outside.iterdir()] == ["x"]
    assert (outside / "x").read_text() == "untouched"
    assert list((joined.home / ".ssh").iterdir()) == []
    raw = bytes(joined.agent._raw).decode("utf-8", "replace")
    assert not OBEYED.search(raw)
    assert joined.agent.process.poll() is None
    joined.run("chat", joined.session, "still here")


def test_nothing_outside_of_the_home_is_read(joined: RsStage, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text(HOME_SECRET)
    (joined.home / "link").symlink_to(tmp_path / "outside.txt")
    (joined.home / "up").symlink_to(tmp_path)
    os.mkfifo(joined.home / "pipe")
    wanted = (
        str(tmp_path / "outside.txt"), "/etc/passwd", "/proc/self/environ", "../outside.txt", "link", "up/outside.txt",
        "~root/.ssh/id_rsa", "~/../../outside.txt", "pipe", "a\x00b", "\n", "x" * 70_000, "/dev/zero",
        "//etc/passwd", "",
    )  # fmt: skip

    async def attack() -> list[object]:
        heard: list[object] = []
        async with hostile_link(joined) as hostile:
            loud = await hostile.open(files.SPEC)
            for batch, path in enumerate(wanted, 1):
                try:
                    await loud.say(files.Get(batch, f"{batch:032x}", path))
                    async with asyncio.timeout(20):
                        while True:
                            answer = await loud.hear()
                            heard.append(answer)
                            if isinstance(answer, m.Abort | m.Last):
                                break
                            if isinstance(answer, m.Whole | m.Offer | m.Piece):
                                break
                except ChannelClosed:
                    loud = await hostile.open(files.SPEC)
        return heard

    heard = asyncio.run(attack())
    assert not [answer for answer in heard if isinstance(answer, m.Whole | m.Offer | m.Piece)]
    assert HOME_SECRET not in repr(heard)
    assert "root:" not in repr(heard)
    (joined.home / "mine.txt").write_text("mine")
    joined.run("get-file", joined.session, "mine.txt", str(tmp_path / "mine.txt"))
    assert (tmp_path / "mine.txt").read_text() == "mine"


def _mess(kind: str) -> Callable[[HostileTechnician], Awaitable[None]]:
    """Ways to break the link's or a channel's rules."""

    async def channels(hostile: HostileTechnician) -> None:
        for _ in range(200):
            hostile.unasked("chat")
        await hostile.ended()

    async def garbage(hostile: HostileTechnician) -> None:
        for spec in (chat.SPEC, clipboard.SPEC, files.SPEC, control.SPEC, screen.SPEC):
            for data in (os.urandom(500), b"\x91" * 50_000, b""):
                try:
                    loud = await hostile.open(spec)
                    await loud.raw(data)
                    await loud.listen()
                except (RsError, ChannelClosed):
                    continue

    async def oversized(hostile: HostileTechnician) -> None:
        loud = await hostile.open(chat.SPEC)
        with pytest.raises((RsError, ChannelClosed)):
            await loud.raw(bytes(30 * 1024 * 1024))
            await loud.listen()

    async def credit(hostile: HostileTechnician) -> None:
        loud = await hostile.open(chat.SPEC)
        for n in range(200):
            hostile.blurt(Kind.DATA, loud.channel._number, encoded(chat.Say(f"{n}", "x" * 8000)))
        await hostile.ended()

    async def chatter(hostile: HostileTechnician) -> None:
        loud = await hostile.open(chat.SPEC)
        for n in range(3000):
            await loud.raw(encoded(chat.Say(f"{n}", EVIL * 20)))

    async def unknown(hostile: HostileTechnician) -> None:
        for name in ("teleport", "../consent", "x" * 64, ""):
            with pytest.raises((RsError, ChannelClosed)):
                await hostile.open(replace(chat.SPEC, name=name))
        hostile.unasked("\xff\xfe")
        await hostile.ended()

    return {
        "channels": channels, "garbage": garbage, "oversized": oversized, "credit": credit, "chatter": chatter,
        "unknown": unknown,
    }[kind]  # fmt: skip


@pytest.mark.parametrize("kind", ["channels", "garbage", "oversized", "credit", "chatter", "unknown"])
def test_a_technician_who_breaks_the_rules_loses_the_link_and_nothing_else(joined: RsStage, kind: str) -> None:
    async def attack() -> None:
        async with asyncio.timeout(40), hostile_link(joined) as hostile:
            await _mess(kind)(hostile)

    with Memory(agent=joined.agent.process.pid) as memory:
        asyncio.run(attack())
    assert memory.peak["agent"] < 150
    assert joined.agent.process.poll() is None
    assert not OBEYED.search(bytes(joined.agent._raw).decode("utf-8", "replace"))
    joined.run("chat", joined.session, "still here")
    joined.agent.wait_for("still here")


# ---- withdrawn while in use


def test_nothing_is_typed_after_the_line_that_shows_the_withdrawal(
    stage: RsStage, desktop: XDesktop, typed_into: Path
) -> None:
    stage.start_agent(allow="view,control")
    stage.join()

    async def typing() -> None:
        async with hostile_link(stage) as hostile:
            loud = await hostile.open(control.SPEC)
            while True:
                await loud.say(control.Type("0123456789"))

    async def withdraw() -> None:
        flood = asyncio.create_task(typing())
        await asyncio.to_thread(until, lambda: len(typed_into.read_text()) > 200, "the typing to flow")
        shown = len(stage.agent.text)
        stage.agent.type("/withdraw control\n")
        line = r"NOW: [^\n]*connected; [^\n]*\n"
        await asyncio.to_thread(stage.agent.wait_for, line, after=shown)
        assert "mouse and keyboard are used" not in stage.agent.text[shown:]
        # what the X server has been told reaches the terminal in its own time: an own event marks the end of that
        window = desktop.run("xdotool", "getactivewindow").stdout.strip()
        desktop.run("xdotool", "key", "--window", window, "x")
        desktop.run("xdotool", "type", "END")
        await asyncio.to_thread(until, lambda: "END" in typed_into.read_text(), "the mark")
        with pytest.raises((RsError, ChannelClosed)):
            async with asyncio.timeout(20):
                await flood

    asyncio.run(withdraw())
    text = typed_into.read_text()
    assert text.endswith("END"), text[-80:]
    stage.run("chat", stage.session, "still here")


def test_files_withdrawn_in_the_middle_of_a_transfer(joined: RsStage, tmp_path: Path) -> None:
    sent = tmp_path / "large.bin"
    with sent.open("wb") as file:
        file.truncate(3 * 1024**3)
    received = joined.home / "Downloads" / "rs"
    sending = joined.begin("send-file", joined.session, str(sent))
    until(lambda: [p for p in received.rglob(".rs-part-*") if p.stat().st_size > 1 << 20], "bytes to flow")
    joined.agent.type("/withdraw files\n")
    assert sending.wait(60) == NotAllowed.exit_status
    assert sending.stderr
    _one_sentence(sending.stderr.read())
    assert [p.name for p in received.rglob("*") if not p.name.startswith(".")] == []
    joined.run("chat", joined.session, "still here")
    small = tmp_path / "small.txt"
    small.write_text("small")
    assert joined.attempt("send-file", joined.session, str(small)).returncode == NotAllowed.exit_status
    joined.agent.type("/allow files\n")
    until(lambda: joined.attempt("send-file", joined.session, str(small)).returncode == 0, "files again")
    assert (received / "small.txt").read_text() == "small"


# ---- a code that nobody used in time


def test_an_expired_code_is_told_and_the_agent_shows_another(desktop: XDesktop, tmp_path: Path) -> None:
    folder = tmp_path / "short"
    folder.mkdir()
    with RsStage(desktop.display, folder, relay_options=("--open", "--code-lifetime", "2")) as stage:
        code = stage.start_agent()
        shown = len(stage.agent.text)
        stage.agent.wait_for("not used in time", after=shown)
        assert stage.code(after=shown) != code
        done = stage.attempt("connect", "--no-tui", text=code + "\n")
        assert done.returncode == WrongCode.exit_status
        _one_sentence(done.stderr)
        for _ in range(5):  # a code of two seconds may run out under our hands
            shown = len(stage.agent.text)
            if stage.attempt("connect", "--no-tui", text=stage.code(after=shown) + "\n").returncode == 0:
                break
        else:
            raise AssertionError("no fresh code opened the session")
        stage.run("chat", "1", "hello")
