"""T-04: a whole session with everything that is written down switched on, and none of it holds a secret.

Canaries: a code's secret half, a technician's token, the session's keys, and texts and names that occur nowhere else.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hostile_technician import entry
from tests.support.stage import BIN, RsStage
from tests.support.xdesktop import XDesktop, until


class Canaries:
    """Texts that must not be found, each with what it is."""

    def __init__(self) -> None:
        self.name = f"canary-name-{secrets.token_hex(8)}"
        self.content = f"canary-content-{secrets.token_hex(8)}"
        self.chat = f"canary-chat-{secrets.token_hex(8)}"
        self.answer = f"canary-answer-{secrets.token_hex(8)}"
        self.copied = f"canary-copied-{secrets.token_hex(8)}"
        self.put = f"canary-put-{secrets.token_hex(8)}"
        self.what: dict[str, str] = {
            self.name: "a file's name", self.content: "a file's content", self.chat: "the technician's chat",
            self.answer: "the customer's chat", self.copied: "the customer's clipboard", self.put: "a text put there",
        }  # fmt: skip

    def secret(self, value: str, what: str) -> None:
        self.what[value] = what

    def code(self, spoken: str) -> None:
        """The code as it is said and as digits, whole and its secret half."""
        digits = re.sub(r"\D", "", spoken)
        self.secret(spoken, "the code")
        self.secret(digits, "the code")
        self.secret(spoken[-7:], "the code's secret half")

    def found(self, data: bytes, allowed: tuple[str, ...] = ()) -> list[str]:
        """What of it stands in `data`, in any of the forms that it might be written in."""
        hits = []
        for value, what in self.what.items():
            forms = {value.encode(), value.encode("utf-16-le"), value[::-1].encode()}
            if re.fullmatch("[0-9a-f]{32,}", value):
                forms |= {bytes.fromhex(value), value.upper().encode()}
            if value not in allowed and any(form in data for form in forms):
                hits.append(what)
        return hits


@pytest.fixture
def accounts(desktop: XDesktop, tmp_path: Path) -> Iterator[tuple[RsStage, str]]:
    """A relay with one technician, and her token."""
    folder = tmp_path / "stage"
    folder.mkdir()
    add = [str(BIN / "rs-relay"), "technician", "add", "anna", "--data", str(folder / "relay")]
    done = subprocess.run(add, capture_output=True, text=True, check=True)
    token = next(word for word in done.stdout.split() if len(word) > 20)
    with RsStage(desktop.display, folder, relay_options=()) as stage:
        yield stage, token


def _processes(stage: RsStage) -> bytes:
    """Command lines and environments of every process that belongs to this stage."""
    seen = b""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if str(stage.folder).encode() in environment + command and b"pytest" not in command:
            seen += b"\0" + command + b"\0" + environment
    return seen


def _written(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_that_is_written_down_holds_a_secret(
    accounts: tuple[RsStage, str], desktop: XDesktop, tmp_path: Path
) -> None:
    stage, token = accounts
    canaries = Canaries()
    canaries.secret(token, "the technician's token")
    seen = _processes(stage)

    def run(*arguments: str, text: str | None = None) -> str:
        """A command of the technician's, looked at while it runs."""
        nonlocal seen
        process = subprocess.Popen(
            stage.command("--debug", *arguments), env=stage.technician, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin
        seen += _processes(stage)
        process.stdin.write(text or "")
        process.stdin.close()
        process.stdin = None
        while process.poll() is None:
            seen += _processes(stage)
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        out, err = process.communicate()
        assert process.returncode == 0, err
        return out

    run("login", stage.url, text=token + "\n")
    code = stage.start_agent()
    canaries.code(code)
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    canaries.code(wrong)
    assert stage.attempt("--debug", "connect", "--no-tui", text=wrong + "\n").returncode == 4
    stage.session = run("connect", "--no-tui", text=code + "\n").strip().splitlines()[-1]
    held = entry(stage)
    canaries.secret(held["key"], "the session's key")
    canaries.secret(held["door"], "the door key")

    run("chat", stage.session, text=canaries.chat + "\n")
    stage.agent.wait_for(canaries.chat)
    stage.agent.type(canaries.answer + "\n")
    until(lambda: canaries.answer in run("chat", stage.session, "--history", "--json"), "the customer's answer")
    run("clipboard", "set", stage.session, text=canaries.put)
    copied = subprocess.Popen(["xclip", "-selection", "clipboard", "-i"], env=desktop.env, stdin=subprocess.PIPE)
    copied.communicate(canaries.copied.encode())
    assert canaries.copied in run("clipboard", "get", stage.session)
    sent = tmp_path / "outbox" / canaries.name
    sent.parent.mkdir()
    sent.write_text(canaries.content)
    run("send-file", stage.session, str(sent.parent))
    assert (stage.home / "Downloads" / "rs" / "outbox" / canaries.name).read_text() == canaries.content
    back = tmp_path / "inbox"
    back.mkdir()
    (stage.home / "wanted").mkdir()
    (stage.home / "wanted" / canaries.name).write_text(canaries.content)
    run("get-file", stage.session, "wanted", str(back))
    run("screenshot", stage.session, str(tmp_path / "seen.png"))
    missing = stage.attempt("--debug", "get-file", stage.session, "not-there", str(back))
    assert missing.returncode

    # while it goes on
    assert canaries.found(seen) == []
    assert canaries.found((stage.folder / "relay.log").read_bytes()) == []
    customer = _written(Path(stage.customer["RS_STATE_DIR"]))
    assert [path for path in customer if path.name == "agent.log"]
    for path, data in customer.items():
        own = (canaries.name,) if path.name != "agent.log" else ()  # the customer's own journal names files
        assert canaries.found(data, own) == [], path
    technician = _written(Path(stage.technician["RS_STATE_DIR"]))
    assert [path for path in technician if path.name == "rs.log"]
    for path, data in technician.items():
        book = (held["key"], held["door"]) if path.suffix == ".session" else ()
        assert canaries.found(data, book) == [], path
        assert path.stat().st_mode & 0o077 == 0, path
    for path, data in _written(Path(stage.technician["RS_CONFIG_DIR"])).items():
        assert canaries.found(data, (token,)) == [], path
        assert path.stat().st_mode & 0o077 == 0, path
    run("sessions", "end", stage.session)
    stage.agent.wait()

    # and afterwards
    for path, data in _written(stage.folder / "relay").items():
        assert canaries.found(data) == [], path
    with sqlite3.connect(f"file:{stage.folder / 'relay' / 'relay.db'}?mode=ro", uri=True) as database:
        dump = "\n".join(database.iterdump())
    assert "anna" in dump
    assert canaries.found(dump.encode()) == []
    for path, data in _written(Path(stage.technician["RS_STATE_DIR"])).items():
        assert canaries.found(data) == [], path  # the keys are wiped with the end
    assert canaries.found(json.dumps(sorted(map(str, stage.folder.rglob("*.session")))).encode()) == []
