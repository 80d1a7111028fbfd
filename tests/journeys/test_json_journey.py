"""Every verb, run for real with --json, answers what docs/json.md says; so does what `rs watch` streams."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from rs_cli.command_line.answers import Failure
from tests.support.answers import check, convert
from tests.support.stage import PERMISSIONS, RsStage


@pytest.fixture
def all_allowed(stage: RsStage) -> RsStage:
    stage.start_agent(allow=f"{PERMISSIONS},shell,info,tunnel,record")
    stage.join()
    return stage


# verb of ANSWERS, what is typed; `3` is the session
STEPS = [
    ("sessions list", "sessions list"), ("sessions show", "sessions show 3"), ("sessions ask", "sessions ask 3 view"),
    ("sessions waiting", "sessions waiting"), ("chat", "chat 3 hello"), ("chat", "chat 3 --history"),
    ("screenshot", "screenshot 3 shot.png"), ("send-file", "send-file 3 one.txt"), ("get-file", "get-file 3 there.txt"),
    ("cp", "cp 3:there.txt copied.txt"), ("transfers list", "transfers list"), ("transfers clear", "transfers clear"),
    ("clipboard set", "clipboard set 3 text"), ("clipboard get", "clipboard get 3"),
    ("clipboard get --formats", "clipboard get 3 --formats"), ("clipboard set", "clipboard set 3 --html <b>x</b>"),
    ("clipboard get --html", "clipboard get 3 --html"), ("clipboard set", "clipboard set 3 --image shot.png"),
    ("clipboard get --image", "clipboard get 3 --image back.png"),
    ("clipboard set --files", "clipboard set 3 --files one.txt"),
    ("ls", "ls 3:"), ("stat", "stat 3:there.txt"), ("find", "find 3:"), ("mkdir", "mkdir 3:new"),
    ("mv", "mv 3:there.txt 3:new/moved.txt"), ("du", "du 3:"), ("df", "df 3:"), ("rm", "rm -r -f 3:new"),
    ("exec", "exec 3 --json -- printf %s hello"), ("exec", "exec 3 --json -- printf \\377"),
    ("info", "info 3"), ("ps", "ps 3"),
    ("record", "record 3 film.rsrec --seconds 0.5"), ("play", "play film.rsrec --info"),
    ("sessions end", "sessions end 3"),
]  # fmt: skip


def test_every_answer_is_as_described(all_allowed: RsStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = all_allowed
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.txt").write_text("one")
    (stage.home / "there.txt").write_text("there")
    wrong = []
    for verb, typed in STEPS:
        words = [stage.session if w == "3" else w.replace("3:", f"{stage.session}:", 1) for w in shlex.split(typed)]
        done = stage.attempt(*words, *(() if "--json" in words else ("--json",)))
        try:
            assert done.returncode == 0, done.stdout + done.stderr
            check(verb, done.stdout)
        except Exception as e:
            wrong.append(f"rs {typed}: {type(e).__name__}: {e}"[:600])
    assert not wrong, "\n".join(wrong)


def test_a_failure_is_as_described(stage: RsStage) -> None:
    done = stage.attempt("chat", "77", "hello", "--json")
    assert done.returncode == 5
    convert(Failure, json.loads(done.stdout))
    assert done.stderr == ""


def test_what_happens_is_streamed(joined: RsStage) -> None:
    watching = joined.begin("watch", joined.session, "--json")
    seen: list[dict[str, object]] = []

    def comes(event: str, **fields: object) -> None:
        assert watching.stdout
        while line := watching.stdout.readline():
            seen.extend(check("watch", line))
            if seen[-1]["event"] == event and fields.items() <= seen[-1].items():
                return
        raise AssertionError(f"no {event}: {seen}")

    comes("connection", state="open")
    comes("permissions")
    joined.run("chat", joined.session, "Hello!")
    comes("chat", who="technician", text="Hello!")
    joined.agent.type("/withdraw files\n")
    comes("permissions")
    assert seen[-1]["permissions"]["files"] == "withdrawn"  # type: ignore[index]
    joined.agent.type("/pause\n")
    comes("chat", who="system")
    joined.kill_relay()
    comes("connection", state="lost")
    joined.start_relay()
    comes("connection", state="open")
    joined.agent.type("stop\n")
    comes("ended", code="session-ended")
    assert watching.wait(30) == 7
    assert watching.stdout
    assert watching.stdout.read() == ""


def test_quiet_is_quiet(joined: RsStage, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("one")
    done = joined.attempt("send-file", joined.session, str(tmp_path / "one.txt"), "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    done = joined.attempt("sessions", "list", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert joined.session in done.stdout
    done = joined.attempt("chat", "77", "x", "-q")
    assert "rs: " in done.stderr  # a failure is told
