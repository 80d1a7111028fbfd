"""A file that is partly there: a transfer that was killed at 90 % and is typed again, and a file of which one per cent
changed, each with a fresh process of the technician's. Bytes are those of the technician's sockets, through a proxy.
"""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.pipe.ground import MIB, Ground
from tests.bench.pipe.table import Found, Row
from tests.bench.screen.lines import Line
from tests.bench.screen.proxy import Proxy
from tests.support.stage import RsStage

FLOWING = 2 * MIB  # bytes after which content flows, and not only the talk before it
FLOW_LIMIT, SHARE_LIMIT = 3.0, 0.05
SPOT = 4096


@dataclass(frozen=True)
class Went:
    what: str
    seconds: float
    share: float  # bytes both ways, of the file's size
    flowing: float = 0.0  # seconds until content flowed
    bounded: bool = False  # whether its share is


class _Bench:
    def __init__(self, stage: RsStage, proxy: Proxy, folder: Path, size: int) -> None:
        self._stage, self._proxy, self._folder, self._size = stage, proxy, folder, size * MIB
        self._inbox = stage.home / "Downloads/rs"
        stage.technician["RS_RELAY"] = f"http://127.0.0.1:{proxy.port}"
        self._meet()

    def resumed(self, killed: str) -> Went:
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
        return Went(f"{killed} killed at 90 %", took, (self._proxy.up - before) / self._size, flowing)

    def changed(self, what: str, change: Callable[[Path, int], None], verb: str = "send-file") -> Went:
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
        share = (self._traffic() - before) / self._size
        return Went(what, time.monotonic() - began, share, bounded=change is not other)

    def whole(self) -> Went:
        source = self._file("whole.bin")
        before, began = self._traffic(), time.monotonic()
        self._stage.run("send-file", self._stage.session, str(source))
        self._check(source)
        return Went("all of it new", time.monotonic() - began, (self._traffic() - before) / self._size)

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


def measure(ground: Ground) -> Found:
    size = ground.size.large
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="rs-bench-")))
        stage = ends.enter_context(RsStage())
        bench = _Bench(stage, ends.enter_context(Proxy(stage.port, Line())), folder, size)
        went = [
            bench.resumed("technician"),
            bench.resumed("agent"),
            bench.whole(),
            bench.changed("1 % in pages here and there", spots),
            bench.changed("1 % in one piece", stretch),
            bench.changed("100 bytes put in before it", put_in),
            bench.changed("1 % in pages, fetched", spots, "get-file"),
            bench.changed("nothing in common", other),
        ]
    rows = [row for each in went for row in _rows(each, f"{size} MiB, {each.what}")]
    return Found(rows, {"went": [asdict(each) for each in went]})


def _rows(went: Went, name: str) -> list[Row]:
    if went.flowing:
        value = f"{went.flowing:.2f} s"
        return [Row(f"{name}: bytes flow after", value, f"< {FLOW_LIMIT:g} s", went.flowing < FLOW_LIMIT)]
    limit = SHARE_LIMIT if went.bounded else None
    rows = [Row(name, f"{went.seconds:.2f} s")]
    met = None if limit is None else went.share < limit
    wanted = "" if limit is None else f"< {100 * limit:g} %"
    return [*rows, Row("  bytes both ways, of the file's", f"{100 * went.share:.2f} %", wanted, met)]
