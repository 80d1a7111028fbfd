"""A file that is partly there: a transfer that was killed at 90 % and is typed again, and a file of which one per cent
changed, each with a fresh process of the technician's. Bytes are those of the technician's sockets, both ways.

    python -m tests.bench.again [--size MIB] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.screen.lines import Line
from tests.bench.screen.proxy import Proxy
from tests.support.stage import RsStage

MIB = 1024 * 1024
FLOWING = 2 * MIB  # bytes after which content flows, and not only the talk before it
FLOW_LIMIT, SHARE_LIMIT = 3.0, 0.05
SPOT = 4096


@dataclass(frozen=True)
class Found:
    what: str
    seconds: float
    share: float  # bytes both ways, of the file's size
    flowing: float = 0.0  # seconds until content flowed

    @property
    def met(self) -> bool:
        return self.flowing < FLOW_LIMIT and (bool(self.flowing) or self.share < SHARE_LIMIT)


class Bench:
    def __init__(self, stage: RsStage, proxy: Proxy, folder: Path, size: int) -> None:
        self._stage, self._proxy, self._folder, self._size = stage, proxy, folder, size * MIB
        self._inbox = stage.home / "Downloads/rs"
        stage.technician["RS_RELAY"] = f"http://127.0.0.1:{proxy.port}"
        self._meet()

    def resumed(self, killed: str) -> Found:
        source = self._file(f"killed {killed}.bin")
        before = self._proxy.up
        sending = self._stage.begin("send-file", self._stage.session, str(source))
        while self._proxy.up - before < 0.9 * self._size:
            time.sleep(0.001)
        if killed == "agent":
            self._stage.agent.kill()
            self._stage.agent.wait()
        sending.kill()
        sending.communicate()
        if killed == "agent":
            self._meet()
        before, began = self._proxy.up, time.monotonic()
        sending = self._stage.begin("send-file", self._stage.session, str(source), "--json")
        while self._proxy.up - before < FLOWING and sending.poll() is None:
            time.sleep(0.001)
        flowing = time.monotonic() - began
        out, err = sending.communicate(timeout=300)
        if sending.returncode:
            raise RuntimeError(err)
        took = time.monotonic() - began
        self._check(source)
        if not json.loads(out)["transfers"][0]["resumed_from"]:
            raise RuntimeError("it began anew")
        return Found(f"{killed} killed at 90 %", took, (self._proxy.up - before) / self._size, flowing)

    def changed(self, what: str, change: Callable[[Path, int], None], verb: str = "send-file") -> Found:
        source = self._file("changed.bin")
        self._stage.run("send-file", self._stage.session, str(source), "--overwrite")
        change(source, self._size)
        before, began = self._traffic(), time.monotonic()
        if verb == "get-file":  # the other way: the customer has the new one, the technician the old
            there = self._inbox / source.name
            mine = self._folder / "mine.bin"
            there.replace(mine)
            source.replace(there)
            self._stage.run(verb, self._stage.session, str(there), str(mine), "--overwrite")
            if not filecmp.cmp(there, mine, shallow=False):
                raise RuntimeError("what arrived is not what was sent")
            mine.unlink()
            there.unlink()
        else:
            self._stage.run(verb, self._stage.session, str(source), "--overwrite")
            self._check(source)
        return Found(f"{verb}: {what}", time.monotonic() - began, (self._traffic() - before) / self._size)

    def _traffic(self) -> int:
        return self._proxy.up + self._proxy.down

    def _meet(self) -> None:
        self._stage.start_agent("--desktop", "headless")
        self._stage.join()

    def _file(self, name: str) -> Path:
        path = self._folder / name
        with path.open("wb") as file:
            for _ in range(self._size // MIB):
                file.write(os.urandom(MIB))
        return path

    def _check(self, source: Path) -> None:
        arrived = self._inbox / source.name
        if not filecmp.cmp(source, arrived, shallow=False):
            raise RuntimeError("what arrived is not what was sent")
        arrived.unlink()
        source.unlink()


def spots(path: Path, size: int) -> None:
    """One per cent, in spots of a page here and there."""
    at = random.Random(1)
    with path.open("r+b") as file:
        for _ in range(size // 100 // SPOT):
            file.seek(at.randrange(size - SPOT))
            file.write(at.randbytes(SPOT))


def stretch(path: Path, size: int) -> None:
    """One per cent, in one piece."""
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(os.urandom(size // 100))


def put_in(path: Path, size: int) -> None:
    """A hundred bytes at the beginning: everything moves."""
    new = path.with_suffix(".new")
    with path.open("rb") as old, new.open("wb") as file:
        file.write(os.urandom(100))
        while data := old.read(MIB):
            file.write(data)
    new.replace(path)


def other(path: Path, size: int) -> None:
    """Another file altogether, to see what looking for differences costs in vain."""
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))


def measure(size: int) -> list[Found]:
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="rs-bench-")))
        stage = ends.enter_context(RsStage())
        bench = Bench(stage, ends.enter_context(Proxy(stage.port, Line())), folder, size)
        return [
            bench.resumed("technician"),
            bench.resumed("agent"),
            bench.changed("1 % in spots of 4 KiB", spots),
            bench.changed("1 % in one piece", stretch),
            bench.changed("100 bytes put in", put_in),
            bench.changed("1 % in spots of 4 KiB", spots, "get-file"),
            bench.changed("another file altogether", other),
        ]


def report(found: list[Found], size: int) -> bool:
    """Prints the table. True if all targets are reached."""
    for each in found:
        flowing = f"content flows after {each.flowing:.2f} s (under {FLOW_LIMIT:.0f})" if each.flowing else ""
        print(f"{size} MiB, {each.what:<34}{each.seconds:7.2f} s {100 * each.share:8.2f} % of its bytes   {flowing}")
    return all(each.met for each in found if each.what != "send-file: another file altogether")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", type=int, default=1024, help="MiB of the file")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.size)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n")
    return 0 if report(found, options.size) else 1


if __name__ == "__main__":
    sys.exit(main())
