"""Files through everything: both ways, whole trees, and every fault that a real transfer meets."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_relay.errors import DiskFull
from tests.support.stage import RsStage
from tests.support.xdesktop import until

MiB = 1024 * 1024


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for at in range(0, size, MiB):
            file.write(os.urandom(min(MiB, size - at)))
    return path


def _received(stage: RsStage) -> Path:
    return stage.home / "Downloads" / "rs"


def _visible(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))


def test_a_file_goes_over_and_comes_back(joined: RsStage, tmp_path: Path) -> None:
    sent = _file(tmp_path / "weekly report.pdf", 3 * MiB + 17)
    told = json.loads(joined.run("send-file", joined.session, str(sent), "--json"))
    arrived = _received(joined) / "weekly report.pdf"
    assert _sha(arrived) == _sha(sent)
    assert _sha(sent) in json.dumps(told)
    back = tmp_path / "back.pdf"
    joined.run("get-file", joined.session, str(arrived), str(back))
    assert _sha(back) == _sha(sent)


def test_nothing_is_overwritten_silently(joined: RsStage, tmp_path: Path) -> None:
    sent = tmp_path / "a.txt"
    for n in range(3):
        sent.write_text(f"version {n}")
        joined.run("send-file", joined.session, str(sent))
    texts = [(_received(joined) / name).read_text() for name in ("a.txt", "a (1).txt", "a (2).txt")]
    assert texts == ["version 0", "version 1", "version 2"]
    sent.write_text("version 3")
    joined.run("send-file", joined.session, str(sent), "--overwrite")
    assert (_received(joined) / "a.txt").read_text() == "version 3"


def test_a_tree_with_everything_odd_in_it(joined: RsStage, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    _file(tree / "sub" / "deep" / "data.bin", 100_000)
    (tree / "empty").touch()
    (tree / "an empty folder").mkdir()
    (tree / "grüße 你好.txt").write_text("hello")
    secret = tmp_path / "secret.txt"
    secret.write_text("not to be sent")
    (tree / "link").symlink_to(secret)
    (tree / "loop").symlink_to(tree)
    os.mkfifo(tree / "pipe")
    done = joined.attempt("send-file", joined.session, str(tree), "--json")
    told = json.loads(done.stdout)
    root = _received(joined) / "tree"
    assert _sha(root / "sub" / "deep" / "data.bin") == _sha(tree / "sub" / "deep" / "data.bin")
    assert (root / "empty").read_bytes() == b""
    assert (root / "grüße 你好.txt").read_text() == "hello"
    assert not (root / "link").exists()
    assert not (root / "loop").exists()
    assert not (root / "pipe").exists()
    assert "not to be sent" not in "".join(p.read_text(errors="replace") for p in root.rglob("*") if p.is_file())
    # what was left out is said
    assert {"link", "loop", "pipe"} <= {Path(s["name"]).name for s in told["skipped"]}


def test_a_file_that_shrinks_while_it_is_sent_never_arrives_cut(joined: RsStage, tmp_path: Path) -> None:
    sent = _file(tmp_path / "log.bin", 300 * MiB)
    sending = joined.begin("send-file", joined.session, str(sent))
    until(lambda: list(_received(joined).rglob(".rs-part-*")), "the transfer to begin")
    os.truncate(sent, 5 * MiB)
    sending.wait(120)
    # it was quick enough to have been read whole before, or it failed and says so; never a cut file
    arrived = _received(joined) / "log.bin"
    if arrived.exists():
        assert arrived.stat().st_size == 300 * MiB
    else:
        assert sending.returncode == 9
        assert sending.stderr is not None
        assert "Traceback" not in sending.stderr.read()


def test_a_file_that_grows_while_it_is_sent_arrives_as_it_was_or_not(joined: RsStage, tmp_path: Path) -> None:
    sent = _file(tmp_path / "log.bin", 200 * MiB)
    before = _sha(sent)
    sending = joined.begin("send-file", joined.session, str(sent))
    until(lambda: list(_received(joined).rglob(".rs-part-*")), "the transfer to begin")
    with sent.open("ab") as file:
        file.write(b"and more" * 1000)
    sending.wait(120)
    arrived = _received(joined) / "log.bin"
    if arrived.exists():
        assert _sha(arrived) == before
    else:
        assert sending.returncode == 9


def test_the_relay_killed_in_the_middle_of_a_file(joined: RsStage, tmp_path: Path) -> None:
    sent = _file(tmp_path / "backup.img", 600 * MiB)
    sending = joined.begin("send-file", joined.session, str(sent), "--json")
    for _ in range(3):
        before = _progress(joined)
        until(lambda was=before: _progress(joined) > was + 20 * MiB or sending.poll() is not None, "bytes to flow", 60)
        if sending.poll() is not None:
            break
        joined.kill_relay()
        joined.start_relay()
    assert sending.wait(240) == 0, sending.stderr.read() if sending.stderr else ""
    assert _sha(_received(joined) / "backup.img") == _sha(sent)
    assert _visible(_received(joined)) == ["backup.img"]


def _progress(stage: RsStage) -> int:
    sizes = [p.stat().st_size for p in _received(stage).rglob(".rs-part-*") if not p.name.endswith(".json")]
    return max(sizes, default=0)


def test_the_technicians_program_killed_and_run_again_goes_on(joined: RsStage, tmp_path: Path) -> None:
    sent = _file(tmp_path / "backup.img", 400 * MiB)
    sending = joined.begin("send-file", joined.session, str(sent))
    until(lambda: _progress(joined) > 60 * MiB or sending.poll() is not None, "bytes to flow", 60)
    assert sending.poll() is None, "the transfer was over before it could be killed"
    sending.kill()
    sending.wait()
    assert not (_received(joined) / "backup.img").exists()
    told = json.loads(joined.run("send-file", joined.session, str(sent), "--json"))
    assert _sha(_received(joined) / "backup.img") == _sha(sent)
    assert told["transfers"][0]["resumed_from"] > 0


def test_the_agent_killed_tells_the_technician_and_a_new_session_goes_on(joined: RsStage, tmp_path: Path) -> None:
    sent = _file(tmp_path / "backup.img", 400 * MiB)
    sending = joined.begin("send-file", joined.session, str(sent), "--timeout", "8")
    until(lambda: _progress(joined) > 60 * MiB or sending.poll() is not None, "bytes to flow", 60)
    assert sending.poll() is None, "the transfer was over before the agent could be killed"
    joined.agent.kill()
    joined.agent.wait()
    joined.start_agent()
    assert sending.wait(120) in (6, 7)
    assert sending.stderr is not None
    said = sending.stderr.read()
    assert said.strip()
    assert "Traceback" not in said
    assert not (_received(joined) / "backup.img").exists()
    joined.join()
    told = json.loads(joined.run("send-file", joined.session, str(sent), "--json"))
    assert _sha(_received(joined) / "backup.img") == _sha(sent)
    assert told["transfers"][0]["sha256"] == _sha(sent)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB, of its own mount."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*sudo, *mount], check=True)
    yield folder
    for _ in range(20):
        if subprocess.run([*sudo, "umount", str(folder)], check=False).returncode == 0:
            return
        time.sleep(0.2)
    subprocess.run([*sudo, "umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_and_the_session_lives(stage: RsStage, small_disk: Path, tmp_path: Path) -> None:
    stage.start_agent("--folder", str(small_disk))
    stage.join()
    sent = _file(tmp_path / "too big.bin", 40 * MiB)
    done = stage.attempt("send-file", stage.session, str(sent))
    assert done.returncode == DiskFull.exit_status, done.stderr
    assert "Traceback" not in done.stderr
    assert _visible(small_disk) == []
    small = _file(tmp_path / "small.bin", MiB)
    stage.run("send-file", stage.session, str(small))
    assert _sha(small_disk / "small.bin") == _sha(small)
    stage.agent.type("stop\n")
    stage.agent.wait()


def test_stdin_goes_over_and_stdout_comes_back(joined: RsStage, tmp_path: Path) -> None:
    whole = os.urandom(2 * MiB)
    done = subprocess.run(
        joined.command("send-file", joined.session, "-", "--name", "piped.bin"), input=whole, env=joined.technician,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    arrived = _received(joined) / "piped.bin"
    assert arrived.read_bytes() == whole
    done = subprocess.run(
        joined.command("get-file", joined.session, str(arrived), "-"),
        env=joined.technician,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == whole


def test_only_what_is_below_the_home_can_be_fetched(joined: RsStage, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("secret of another")
    (joined.home / "innocent").symlink_to(outside)
    for name in (str(outside), "../outside.txt", "innocent", "/etc/passwd", "~/../../etc/passwd"):
        done = joined.attempt("get-file", joined.session, name, str(tmp_path / "got"))
        assert done.returncode != 0, name
        assert "Traceback" not in done.stderr
        assert "secret of another" not in done.stdout + done.stderr
    assert not (tmp_path / "got").exists()
