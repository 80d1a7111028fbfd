"""Transfers of real programs over bad lines, of files of which another version is there, and with kills between."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import time
from pathlib import Path

from tests.bench.screen.lines import Line
from tests.bench.screen.proxy import Proxy
from tests.soak.transfer import staged
from tests.support.lossy import LossyProxy
from tests.support.stage import RsStage

MiB = 1024 * 1024


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _change(path: Path, spots: int) -> None:
    at = random.Random(3)
    with path.open("r+b") as file:
        for _ in range(spots):
            file.seek(at.randrange(path.stat().st_size - 4096))
            file.write(at.randbytes(4096))


def _join(stage: RsStage, port: int) -> None:
    """A session whose technician reaches the relay by way of `port`."""
    stage.technician["RS_RELAY"] = f"http://127.0.0.1:{port}"
    stage.start_agent()
    stage.join()


def test_only_the_differences_of_a_file_go_both_ways(stage: RsStage, tmp_path: Path) -> None:
    mine, there = tmp_path / "disk.img", stage.home / "Downloads/rs/disk.img"
    mine.write_bytes(os.urandom(40 * MiB))
    with Proxy(stage.port, Line()) as proxy:
        _join(stage, proxy.port)
        stage.run("send-file", stage.session, str(mine))
        before = proxy.up + proxy.down
        assert before > 40 * MiB
        _change(mine, 100)
        told = json.loads(stage.run("send-file", stage.session, str(mine), "--overwrite", "--json"))
        assert proxy.up + proxy.down - before < 2 * MiB
        assert told["reused_bytes"] > 38 * MiB
        assert _sha(there) == _sha(mine)
        before = proxy.up + proxy.down
        _change(there, 200)
        stage.run("get-file", stage.session, str(there), str(mine), "--overwrite")
        assert proxy.up + proxy.down - before < 3 * MiB
        assert _sha(there) == _sha(mine)
    assert [path.name for path in there.parent.iterdir()] == ["disk.img"]


def test_a_file_that_changed_after_the_command_was_killed_is_never_mixed(joined: RsStage, tmp_path: Path) -> None:
    mine, inbox = tmp_path / "data.bin", joined.home / "Downloads/rs"
    mine.write_bytes(os.urandom(300 * MiB))
    sending = joined.begin("send-file", joined.session, str(mine))
    ends = time.monotonic() + 60
    while not any(part.stat().st_size > 40 * MiB for part in inbox.glob(".rs-part-*")) and time.monotonic() < ends:
        time.sleep(0.005)
    assert sending.poll() is None
    sending.kill()
    sending.wait()
    _change(mine, 1000)
    joined.run("send-file", joined.session, str(mine))
    assert _sha(inbox / "data.bin") == _sha(mine)


def test_a_line_that_loses_a_tenth_does_not_stall(stage: RsStage, tmp_path: Path) -> None:
    mine, inbox = tmp_path / "report.bin", stage.home / "Downloads/rs"
    mine.write_bytes(os.urandom(200_000))

    def arrived() -> int:
        """Bytes of the file that are at the customer's."""
        with contextlib.suppress(FileNotFoundError):  # renamed between being listed and looked at
            return sum(path.stat().st_size for path in inbox.iterdir())
        return 0

    with LossyProxy(stage.port) as proxy:
        _join(stage, proxy.port)
        sending = stage.begin("send-file", stage.session, str(mine), "--json")
        seen, since = 0, time.monotonic()
        while sending.poll() is None:
            if (now := arrived()) != seen:
                seen, since = now, time.monotonic()
            # the worst of the line's losses is 5 s at once; before the first bytes there are many round trips
            assert time.monotonic() - since < (20 if seen else 60), f"nothing arrives any more after {seen} bytes"
            time.sleep(0.02)
    assert proxy.bytes > 200_000
    assert sending.returncode == 0, sending.stderr.read() if sending.stderr else ""
    assert _sha(inbox / "report.bin") == _sha(mine)


def test_kills_of_each_program_in_one_transfer() -> None:
    with staged(128) as soak:
        went = soak.transfer(["relay", "technician", "agent"], [30 * MiB, 60 * MiB, 90 * MiB])
    assert went.kills == ["relay", "technician", "agent"]
    assert went.equal
    assert went.repeat < 1.25  # of a small file more is lost with each kill, in parts of its size
