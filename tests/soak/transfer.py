"""`make soak-transfer`: kill -9 at random moments of transfers: agent, relay and technician in turn.

Each transfer is one file, and at three of its moments one of the three programs ends. A moment is a number of bytes
that went from the technician to the relay, drawn at random. A killed relay comes back on its port. A killed
technician's command is typed again. A killed agent is started again and shows a new code (its session is gone with its
memory); the technician joins by that and types the same command. The file must end equal, and all that was sent for it,
over all links, must be at most 105 % of it (counted by a proxy between technician and relay: the bytes of the sockets).

    python -m tests.soak.transfer [--kills N] [--size MIB] [--seed N] [--seconds N] [--log FILE]

`--seconds` ends it after that time; run again with the same `--log` and `--seed` it goes on where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.screen.lines import Line
from tests.bench.screen.proxy import Proxy
from tests.support.stage import RsStage

MIB = 1024 * 1024
WHO = ("agent", "relay", "technician")
LIMIT = 1.05  # bytes sent, of the file's
PATIENCE = 120.0  # seconds without a byte, or for a command to end


@dataclass(frozen=True)
class Went:
    """One transfer. `moments` are bytes sent at each kill, `repeat` the bytes sent over the file's size."""

    kills: list[str]
    moments: list[int]
    seconds: float
    repeat: float
    equal: bool

    @property
    def well(self) -> bool:
        return self.equal and self.repeat <= LIMIT


class Soak:
    def __init__(self, stage: RsStage, proxy: Proxy, source: Path) -> None:
        self._stage, self._proxy, self._source = stage, proxy, source
        self._inbox = stage.home / "Downloads/rs"
        stage.technician["RS_RELAY"] = f"http://127.0.0.1:{proxy.port}"
        self._meet()

    def transfer(self, kills: list[str], moments: list[int]) -> Went:
        """`moments`: bytes sent at which each of `kills` happens, growing."""
        began, before = time.monotonic(), self._proxy.up
        sending = self._send()
        happened = []
        for who, moment in zip(kills, moments, strict=True):
            if not self._reaches(before + moment, sending):
                break
            happened.append(who)
            sending = self._kill(who, sending)
        out, err = sending.communicate(timeout=600)
        if sending.returncode:
            raise RuntimeError(f"after {happened} the command ended with {sending.returncode}: {err}\n{out}")
        arrived = self._inbox / self._source.name
        equal = filecmp.cmp(self._source, arrived, shallow=False)
        left = [path.name for path in self._inbox.iterdir() if path != arrived]
        arrived.unlink()
        size = self._source.stat().st_size
        repeat = (self._proxy.up - before) / size
        return Went(happened, moments[: len(happened)], time.monotonic() - began, repeat, equal and not left)

    def _meet(self) -> None:
        self._stage.start_agent("--desktop", "headless")
        self._stage.join()

    def _send(self) -> subprocess.Popen[str]:
        return self._stage.begin("send-file", self._stage.session, str(self._source), "--json")

    def _reaches(self, bytes_up: int, sending: subprocess.Popen[str]) -> bool:
        seen, since = self._proxy.up, time.monotonic()
        while self._proxy.up < bytes_up:
            if sending.poll() is not None:
                return False
            if self._proxy.up != seen:
                seen, since = self._proxy.up, time.monotonic()
            elif time.monotonic() - since > PATIENCE:
                raise RuntimeError("nothing moves any more")
            time.sleep(0.002)
        return True

    def _kill(self, who: str, sending: subprocess.Popen[str]) -> subprocess.Popen[str]:
        """Ends it; returns the command that sends from now on."""
        if who == "relay":
            self._stage.kill_relay()
            self._stage.start_relay()
            return sending
        if who == "agent":
            self._stage.agent.kill()
            self._stage.agent.wait()
        sending.kill()
        sending.communicate()
        if who == "agent":
            self._meet()
        return self._send()


@contextlib.contextmanager
def staged(size: int) -> Iterator[Soak]:
    """Programs, a proxy and a file of `size` MiB."""
    with tempfile.TemporaryDirectory(prefix="rs-soak-") as folder, RsStage() as stage:
        source = Path(folder) / "large.bin"
        with source.open("wb") as file:
            for _ in range(size):
                file.write(os.urandom(MIB))
        with Proxy(stage.port, Line()) as proxy:
            yield Soak(stage, proxy, source)


def _done(log: Path | None) -> list[Went]:
    if log is None or not log.exists():
        return []
    return [Went(**json.loads(line)) for line in log.read_text().splitlines()]


def _plan(seed: int, number: int, size: int) -> tuple[list[str], list[int]]:
    at = random.Random(f"{seed} {number}")
    kills = [WHO[(number + turn) % 3] for turn in range(3)]
    return kills, sorted(at.randrange(size * MIB // 50, size * MIB * 49 // 50) for _ in kills)


def run(kills: int, size: int, seed: int, seconds: float, log: Path | None) -> list[Went]:
    went = _done(log)
    ends = time.monotonic() + seconds
    with staged(size) as soak:
        while sum(len(each.kills) for each in went) < kills and time.monotonic() < ends:
            each = soak.transfer(*_plan(seed, len(went), size))
            went.append(each)
            print(
                f"{len(went):4}  {' '.join(each.kills):<28} at {' '.join(f'{m / MIB:.0f}' for m in each.moments)} MiB:"
                f" {each.seconds:.1f} s, {100 * each.repeat:.2f} % sent, {'equal' if each.equal else 'NOT EQUAL'}",
                flush=True,
            )
            if log:
                with log.open("a") as file:
                    file.write(json.dumps(asdict(each)) + "\n")
    return went


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--size", type=int, default=1024, help="MiB of the file")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    went = run(options.kills, options.size, options.seed, options.seconds, options.log)
    count = sum(len(each.kills) for each in went)
    worst = max((each.repeat for each in went), default=0.0)
    bad = [each for each in went if not each.well]
    print(f"{count} kills in {len(went)} transfers, at most {100 * worst:.2f} % sent, {len(bad)} not as they must be")
    return 1 if bad or count < options.kills else 0


if __name__ == "__main__":
    sys.exit(main())
