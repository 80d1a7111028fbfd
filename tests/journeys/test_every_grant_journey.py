"""Every channel of the catalogue against a technician's program that does not care what was granted, and a customer who
cannot make up their mind while files move."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from rs_agent.features import FEATURES
from rs_relay.channels import (
    agent_service,
    appearance,
    chat,
    clipboard,
    clips,
    draw,
    exec,
    files,
    folders,
    logs,
    manage,
    power,
    privacy,
    record,
    shell,
    sysinfo,
    tunnel,
    unattended,
    wake,
)
from rs_relay.channels.control import messages as control
from rs_relay.channels.screen import messages as screen
from rs_relay.errors import NotAllowed
from rs_relay.link.frames import Kind
from rs_relay.transfer import messages as m
from tests.support.hostile_agent import encoded
from tests.support.hostile_technician import HostileTechnician, hostile_link
from tests.support.stage import Memory, RsStage
from tests.support.xdesktop import XDesktop, until

TALK = (chat.Since(), chat.Say("5" * 32, "the session goes on"))
SECRET = "only the customer may read this"
EVIL = hashlib.sha256(b"evil").digest()
WAVERING = 15.0  # seconds
PAUSE = 60 / 1000  # seconds between two changes
SYSTEM = ("systemctl", "loginctl", "shutdown", "busctl")  # what restarts a computer: here they leave a mark


@dataclass
class Scene:
    """What must stay as it is, and what can be seen of it."""

    stage: RsStage
    desktop: XDesktop
    typed: Path
    marks: Path
    listener: socket.socket
    victim: subprocess.Popen[bytes]
    reached: list[str] = field(default_factory=list)

    def seen(self) -> dict[str, object]:
        """All that must not change."""
        state = Path(self.stage.customer["RS_STATE_DIR"])
        return {
            "typed": self.typed.read_text(),
            "clipboard": self.desktop.run("xclip", "-selection", "clipboard", "-o").stdout,
            "home": sorted(str(path.relative_to(self.stage.home)) for path in self.stage.home.rglob("*")),
            "marks": sorted(path.name for path in self.marks.iterdir()),
            "reached": list(self.reached),
            "victim": self.victim.poll(),
            "device": (state / "unattended.json").exists(),
            "windows": self.desktop.run("xwininfo", "-root", "-children").stdout.count("rs drawings"),
        }

    def attacks(self) -> dict[str, list[Any]]:
        """What an attacker would say first on each channel."""
        started = psutil.Process(self.victim.pid).create_time()
        port = self.listener.getsockname()[1]
        whole = m.Whole(1, 0, "evil.txt", 0, EVIL, memoryview(b"evil"))
        return {
            "screen": [screen.Start()],
            "draw": [draw.Begin(1, draw.Tool.PEN, next(iter(draw.Colour)), 4, ((1, 1), (90, 90)))],
            "control": [control.Type("evil\n"), control.Button(control.ButtonName.LEFT, True)],
            "appearance": [appearance.Hide(tuple(appearance.Part))],
            "clipboard": [clipboard.Put("evil"), clipboard.Get()],
            "clips": [clips.Look(), clips.Put((clips.Item(clips.Format.TEXT, 4),)), clips.Piece(b"evil", True)],
            "files": [
                m.Open(1, "7" * 32, "5" * 32, files=1),
                whole,
                m.Last(1, 1),
                files.Get(2, "6" * 32, "secret.txt"),
            ],
            "folders": [folders.Make(1, "evil-folder"), folders.Remove(2, "secret.txt"), folders.List(3, "")],
            "exec": [exec.Run((b"touch evil-exec",), shell=True)],
            "shell": [shell.Begin("5" * 32, 80, 24, "xterm"), shell.Keys(0, b"touch evil-shell\n")],
            "manage": [manage.Kill(1, self.victim.pid, started, "KILL")],
            "power": [power.Reboot("5" * 32, 1.0)],
            "wake": [wake.Wake("52:54:00:12:34:56")],
            "record": [record.Begin()],
            "share": [screen.Layout(1, 0, 0, 64, 64)],
            "privacy": [privacy.Keep(tuple(privacy.Part))],
            "sysinfo": [sysinfo.Look(1)],
            "logs": [logs.Read(1)],
            "tunnel": [tunnel.Open(1, "127.0.0.1", port)],
            "unattended": [unattended.Enrol(b"k" * 32)],
            "agent-service": [agent_service.Install(True)],
        }


@pytest.fixture
def scene(desktop: XDesktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    marks, programs = tmp_path / "marks", tmp_path / "programs"
    marks.mkdir()
    programs.mkdir()
    for name in SYSTEM:
        (programs / name).write_text(f"#!/bin/sh\ntouch {marks}/{name}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    typed = tmp_path / "typed"
    desktop.xterm(f"stty -echo -icanon min 1; exec cat -u > {typed}", title=f"typed-{tmp_path.name}")
    until(typed.exists, "the shell")
    desktop.run("sh", "-c", "printf before | timeout 60 xclip -selection clipboard -i >/dev/null 2>&1", check=True)
    sleep = shutil.which("sleep")
    assert sleep
    (tmp_path / "stage").mkdir()
    victim = subprocess.Popen([sleep, "1000"])
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener, RsStage(desktop.display, tmp_path / "stage") as stage:
            (stage.home / "secret.txt").write_text(SECRET)
            it = Scene(stage, desktop, typed, marks, listener, victim)
            threading.Thread(target=_accepts, args=(it,), daemon=True).start()
            yield it
    finally:
        victim.kill()
        victim.wait()


def _accepts(scene: Scene) -> None:
    try:
        while True:
            scene.listener.accept()[0].close()
            scene.reached.append("tunnel")
    except OSError:
        return


def test_no_channel_does_anything_without_its_grant(scene: Scene) -> None:
    """T-28, by a real agent: asked for by nobody, refused, and said all the same; then allowed, and it is done."""
    attacks = scene.attacks()
    assert set(attacks) == {name for name, entry in FEATURES.items() if entry.permission is not None}
    stage = scene.stage
    stage.start_agent(allow="")
    stage.join()
    before = scene.seen()

    async def attack() -> None:
        for name, said in attacks.items():
            async with hostile_link(stage) as hostile:
                hostile.unasked(name, *map(encoded, said))  # behind the request: nobody has answered yet
                await hostile.ended()
        for name, said in attacks.items():
            async with hostile_link(stage) as hostile:  # cut off or not: nothing is done
                number = await _refused(stage, hostile, name)
                for message in said:
                    hostile.blurt(Kind.DATA, number, encoded(message))
                await asyncio.wait({asyncio.ensure_future(asyncio.shield(hostile.link.ended))}, timeout=0.3)
        async with hostile_link(stage) as honest:
            talk = await honest.open(FEATURES["chat"].spec())
            await talk.say(*TALK)
            await asyncio.to_thread(stage.agent.wait_for, "the session goes on")

    asyncio.run(attack())
    assert scene.seen() == before
    assert _journalled(stage, "granted") == set()
    assert SECRET not in stage.agent.text

    def done() -> dict[str, bool]:
        now = scene.seen()
        return {
            "control": "evil" in str(now["typed"]), "clipboard": now["clipboard"] == "evil",
            "exec": (stage.home / "evil-exec").exists(), "shell": (stage.home / "evil-shell").exists(),
            "files": (stage.home / "Downloads/rs/evil.txt").exists(), "tunnel": bool(now["reached"]),
            "folders": (stage.home / "evil-folder").exists() and not (stage.home / "secret.txt").exists(),
            "manage": now["victim"] is not None, "draw": bool(now["windows"]), "unattended": now["device"] is True,
        }  # fmt: skip

    assert not any(done().values())

    async def allowed() -> None:
        async with hostile_link(stage) as honest:
            for name in done():
                loud = await honest.open(FEATURES[name].spec())
                await loud.say(*attacks[name])
                await asyncio.to_thread(until, lambda name=name: done()[name], name)

    wanted = {str(FEATURES[name].permission) for name in done()}
    stage.agent.type("".join(f"/allow {permission}\n" for permission in sorted(wanted)))
    until(lambda: _journalled(stage, "granted") == wanted, "the grants")
    asyncio.run(allowed())


def _journalled(stage: RsStage, kind: str) -> set[str]:
    """The permissions of such entries."""
    lines = Path(stage.customer["RS_STATE_DIR"], "agent-journal.jsonl").read_text().splitlines()
    return {entry["permission"] for line in lines if (entry := json.loads(line))["kind"] == kind}


async def _refused(stage: RsStage, hostile: HostileTechnician, name: str) -> int:
    """The number of a channel that was asked for, and that the customer did not want."""
    opening = asyncio.create_task(hostile.open(FEATURES[name].spec()))
    while not opening.done():
        stage.agent.type("n\n")
        await asyncio.wait([opening], timeout=0.3)
    with pytest.raises(NotAllowed):
        opening.result()
    return hostile.link.session._last


def test_consent_given_and_withdrawn_a_thousand_times_a_minute(tmp_path: Path) -> None:
    """While files move: each transfer is whole or ends with its sentence, and afterwards all is as it was before."""
    large, small = tmp_path / "large.bin", tmp_path / "small.bin"
    large.write_bytes(os.urandom(48 << 20))
    small.write_bytes(os.urandom(8 << 10))
    with RsStage() as stage:
        stage.start_agent("--desktop", "headless", allow="files")
        stage.join()
        received = stage.home / "Downloads" / "rs"
        stage.run("send-file", stage.session, str(large))
        agent = psutil.Process(stage.agent.process.pid)
        before = _held(agent)
        over = threading.Event()
        changes = threading.Thread(target=_waver, args=(stage, over), daemon=True)
        ended: dict[int, int] = {}
        began = time.monotonic()
        with Memory(agent=agent.pid) as memory:
            changes.start()
            for sent in itertools.cycle((large, small)):
                if time.monotonic() - began > WAVERING:
                    break
                for file in received.glob("*.bin"):
                    file.unlink()
                done = stage.attempt("send-file", stage.session, str(sent), timeout=60)
                ended[done.returncode] = ended.get(done.returncode, 0) + 1
                if done.returncode:
                    assert done.returncode == NotAllowed.exit_status, done.stderr
                    assert done.stderr.startswith("rs: "), done.stderr
                    assert "Traceback" not in done.stderr
                assert done.returncode or (received / sent.name).exists()
                # Taken back between the file's end and the answer: it is there, and whole.
                for file in received.glob("*.bin"):
                    assert file.read_bytes() == sent.read_bytes()
            over.set()
            changes.join()
        assert set(ended) == {0, NotAllowed.exit_status}, ended  # else nothing was tried
        journal = Path(stage.customer["RS_STATE_DIR"], "agent-journal.jsonl").read_text()
        assert journal.count('"withdrawn"') > WAVERING / PAUSE / 4  # half of what was typed, on a busy computer
        assert memory.peak["agent"] < 150
        assert stage.agent.process.poll() is None
        stage.agent.type("/allow files\n")
        for file in received.glob("*.bin"):
            file.unlink()
        until(lambda: stage.attempt("send-file", stage.session, str(large)).returncode == 0, "files again")
        assert (received / large.name).read_bytes() == large.read_bytes()
        until(lambda: _no_more(_held(agent), before), f"what was held to be let go: {before} {_held(agent)}")
        assert len(list(received.rglob(".rs-part-*"))) <= 4


def _waver(stage: RsStage, over: threading.Event) -> None:
    """The customer takes it back and gives it again, and ends with having given it."""
    while not over.wait(PAUSE):
        stage.agent.type("/withdraw files\n")
        time.sleep(PAUSE)
        stage.agent.type("/allow files\n")


def _held(process: psutil.Process) -> dict[str, int]:
    return {"files": process.num_fds(), "threads": process.num_threads(), "children": len(process.children())}


def _no_more(now: dict[str, int], before: dict[str, int]) -> bool:
    """Threads of the pool come as they are needed, and stay."""
    return now["files"] <= before["files"] + 2 and now["threads"] <= before["threads"] + 8 and not now["children"]
