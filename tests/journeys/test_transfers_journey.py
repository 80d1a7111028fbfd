"""The queue and its control, between real programs: what one terminal moves is seen and steered from another."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.stage import RsStage
from tests.support.xdesktop import until

MB = 1_000_000


def listed(stage: RsStage) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(stage.run("transfers", "--json"))
    return told


def wait_for(stage: RsStage, state: str, number: int = 1, done: int = 0) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = [t for t in listed(stage) if t["id"] == number and t["state"] == state and t["bytes"] >= done]
        return bool(found)

    until(there, f"transfer {number} {state}")
    return found[0]


def size_of_part(folder: Path) -> int:
    return max((path.stat().st_size for path in folder.glob(".rs-part-*") if path.suffix != ".record"), default=0)


@pytest.mark.parametrize("sending", [True, False])
def test_a_limit_in_bytes_that_arrive_changed_from_another_terminal(
    joined: RsStage, tmp_path: Path, sending: bool
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    source, target = (here, joined.home / "Downloads/rs") if sending else (joined.home, here)
    (source / "iso").write_bytes(random.Random(7).randbytes(20 * MB))
    words = [str(here / "iso"), ":"] if sending else [":iso", str(here)]
    moving = joined.begin("cp", "--limit", "1M", *words)
    until(lambda: target.is_dir() and size_of_part(target) > MB // 2, "the first bytes")
    began, before = time.monotonic(), size_of_part(target)
    time.sleep(3)
    rate = (size_of_part(target) - before) / (time.monotonic() - began)
    assert 0.1 * MB < rate < 2 * MB  # what lay in between when it began may come along
    assert listed(joined)[0]["limit"] == MB
    joined.run("transfers", "limit", "1", "none")
    _, err = moving.communicate(timeout=60)
    assert moving.returncode == 0, err
    assert (target / "iso").read_bytes() == (source / "iso").read_bytes()


def test_a_queue_is_paused_reordered_and_let_go_from_another_terminal(joined: RsStage, tmp_path: Path) -> None:
    for name in "abc":
        (joined.home / f"{name}.bin").write_bytes(name.encode() * 5 * MB)
    moving = joined.begin("cp", "--limit", "500k", ":a.bin", ":b.bin", ":c.bin", str(tmp_path))
    wait_for(joined, "moving")
    assert [t["state"] for t in listed(joined)] == ["moving", "queued", "queued"]
    joined.run("transfers", "first", "3")
    joined.run("transfers", "pause", "1")
    assert [t["state"] for t in listed(joined)] == ["paused", "queued", "moving"]
    told = [-1]

    def stands() -> bool:
        told.append(listed(joined)[0]["bytes"])
        time.sleep(0.7)
        return told[-1] == told[-2]

    until(stands, "what was under way")
    assert told[-1] < 5 * MB
    for number in "123":
        joined.run("transfers", "limit", number, "none")
    until(lambda: (tmp_path / "b.bin").exists(), "the others")
    assert moving.poll() is None
    joined.run("transfers", "resume", "1")
    _, err = moving.communicate(timeout=60)
    assert moving.returncode == 0, err
    assert {path.name for path in tmp_path.glob("*.bin")} == {"a.bin", "b.bin", "c.bin"}
    folder = joined.folder / "technician/state/transfers"
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))
    assert not any(
        "bin" in path.read_text() for path in folder.glob("*.transfer") if '"paths":[]' not in path.read_text()
    )


def test_what_was_killed_goes_on_where_it_stopped(joined: RsStage, tmp_path: Path) -> None:
    data = random.Random(8).randbytes(30 * MB)
    (tmp_path / "iso").write_bytes(data)
    (tmp_path / "note").write_text("x")
    moving = joined.begin("cp", "--limit", "8M", str(tmp_path / "note"), str(tmp_path / "iso"), ":")
    wait_for(joined, "moving", done=20 * MB)
    moving.kill()
    moving.wait()
    wait_for(joined, "stopped")
    told = json.loads(joined.run("transfers", "retry", "1", "--json"))
    assert told["resumed_bytes"] > 5 * MB
    received = joined.home / "Downloads/rs"
    assert {path.name for path in received.iterdir()} == {"iso", "note"}
    assert (received / "iso").read_bytes() == data
    assert wait_for(joined, "done")["session"] == int(joined.session)
    joined.run("transfers", "clear")
    assert listed(joined) == []


def test_pipes_both_ways_with_back_pressure_and_a_reader_that_goes(joined: RsStage, tmp_path: Path) -> None:
    (joined.home / "logs").mkdir()
    for number in range(3):
        (joined.home / f"logs/l{number}.txt").write_text(f"line {number}\n" * 100_000)
    rs, environment = joined.command("cp", ":logs/l1.txt", "-"), joined.technician
    quoted = " ".join(rs)
    head = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{quoted} | head -n 1"], env=environment, capture_output=True, text=True
    )
    assert (head.stdout, head.stderr, head.returncode) == ("line 1\n", "", 0)
    slow = f"{quoted} | (sleep 1; cat) | md5sum"
    read = subprocess.run(["bash", "-c", slow], env=environment, capture_output=True, text=True)
    here = subprocess.run(["md5sum"], stdin=(joined.home / "logs/l1.txt").open("rb"), capture_output=True, text=True)
    assert read.stdout == here.stdout
    sending = " ".join(joined.command("send-file", joined.session, "-", "--name", "logs.tar"))
    subprocess.run(["bash", "-c", f"tar c -C {joined.home} logs | {sending}"], env=environment, check=True)
    names = subprocess.run(
        ["tar", "tf", str(joined.home / "Downloads/rs/logs.tar")], capture_output=True, text=True, check=True
    )
    assert len(names.stdout.splitlines()) == 4
    joined.run("get-file", joined.session, "logs/l[01].txt", str(tmp_path))
    assert {path.name for path in tmp_path.glob("*.txt")} == {"l0.txt", "l1.txt"}
