"""`make soak-reboot`: restarts of a computer whose programs are all killed at random moments around the restart call.

Each round is a session with a person's `rs reboot --wait`. The agent's process tree gets SIGKILL at a random moment:
while it is counted down, while entry and ticket are written, while the system is asked, seconds later. Its state folder
stays. Then the computer starts anew (or, one time in four, only the desktop does) and runs what the autostart holds, if
it holds anything. Half of these first starts are killed as well, a random moment in, and the desktop starts once more.

A round is well when the technician's command ends with 0 and the session carries a chat line again, with the same
grants; or when it ends as *session-ended* after the window because nothing was there to come back. In neither case is
an entry, a ticket or a half-written file left, once the desktop has been started a last time.

    python -m tests.soak.reboot [--rounds N] [--seed N] [--seconds N] [--window S] [--log FILE]

`--seconds` ends it after that time; run again with the same `--log` and `--seed` it goes on where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from rs_relay.errors import SessionEnded, Unreachable
from tests.support.rebooting import Restarts, staged
from tests.support.xdesktop import until

PATIENCE = 90.0  # seconds for a command to end
WINDOW = 12.0  # seconds that the session waits


@dataclass(frozen=True)
class Went:
    killed_at: str  # what was there at the kill: counting, entry, ticket, asked, going
    again: bool  # the start after it was killed, too
    outcome: str  # 'back', 'ended', or what went wrong
    seconds: float
    traces: list[str]

    @property
    def well(self) -> bool:
        return self.outcome in ("back", "ended") and not self.traces


@dataclass(frozen=True)
class Blow:
    """When the agent's tree is killed, and what happens to what is started then."""

    after: float | str  # seconds from the first word of the countdown; or once this was seen, see `Went.killed_at`
    anew: bool = True  # the computer starts, or only its desktop
    again: float | None = None  # seconds into that start, which is killed then, too
    anew_again: bool = True

    @classmethod
    def drawn(cls, at: random.Random) -> Blow:
        """Most of them in the tenth of a second around the end of the countdown, where all is written."""
        around = 5.0 - 0.05  # the countdown, less what it takes from its first word to our seeing it
        choice = at.random()
        after = at.random() * around if choice < 0.1 else around + at.random() * (0.5 if choice < 0.75 else 3.0)
        return cls(after, at.random() < 0.75, at.random() * 1.2 if at.random() < 0.5 else None, at.random() < 0.5)


class Round:
    def __init__(self, restarts: Restarts, window: float, blow: Blow) -> None:
        self._restarts, self._stage, self._window, self._blow = restarts, restarts.stage, window, blow

    def run(self) -> Went:
        began = time.monotonic()
        self._restarts.start(allow="view,power")
        stage, blow = self._stage, self._blow
        waiting = stage.begin("reboot", stage.session, "--wait", "--json", "--delay", "5", "--timeout", "12")
        stage.agent.wait_for("RESTARTS THIS COMPUTER")
        if isinstance(blow.after, str):
            until(lambda: self._seen() == blow.after, blow.after)
        else:
            time.sleep(blow.after)
        killed_at = self._seen()
        self._restarts.kill_tree()
        there = self._restarts.boot(anew=blow.anew)
        again = there and blow.again is not None
        if again:
            time.sleep(blow.again or 0.0)
            again = waiting.poll() is None  # what has come back already has had its turn
        if again:
            self._restarts.kill_tree()
            self._restarts.boot(anew=blow.anew_again)
        try:
            out, _ = waiting.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            waiting.kill()
            return Went(killed_at, again, "the command did not end", time.monotonic() - began, [])
        outcome = self._outcome(waiting.returncode, out, again)
        if outcome == "back":
            stage.agent.type("stop\n")
            stage.agent.wait()
        else:
            self._restarts.kill_tree()
        if self._restarts.boot():  # whatever is still there has its turn to go
            with contextlib.suppress(subprocess.TimeoutExpired):
                stage.agent.process.wait(PATIENCE)
            self._restarts.kill_tree()
        return Went(killed_at, again, outcome, time.monotonic() - began, self._restarts.left())

    def _seen(self) -> str:
        if self._restarts.computer.asked:
            return "asked"
        if any("ticket" in trace for trace in self._restarts.traces()):
            return "ticket"
        return "entry" if self._restarts.traces() else "counting"

    def _outcome(self, status: int, out: str, again: bool) -> str:
        stage = self._stage
        if status == 0 and again and stage.agent.process.poll() is not None:
            return "ended"  # it had come back at the moment it was killed once more: its one ticket is spent
        if status == 0 and json.loads(out)["back"]:
            stage.run("chat", stage.session, "after the restart")
            stage.agent.wait_for("after the restart")
            shown = json.loads(stage.run("sessions", "show", stage.session, "--json"))["permissions"]
            return "back" if shown["view"] == shown["power"] == "granted" else f"back without grants: {shown}"
        if status == SessionEnded.exit_status and "did not come back in time" in out:
            return "ended"
        if status == Unreachable.exit_status and "not to be reached again" in out:
            return "ended"  # killed before the technician's end had heard that it goes: given up as any lost line
        return f"exit status {status}: {out.strip()[:200]}"


def _done(log: Path | None) -> list[Went]:
    if log is None or not log.exists():
        return []
    return [Went(**json.loads(line)) for line in log.read_text().splitlines()]


def once(blow: Blow, window: float = WINDOW) -> Went:
    with tempfile.TemporaryDirectory(prefix="rs-soak-") as folder, staged(window, Path(folder)) as restarts:
        went = Round(restarts, window, blow).run()
        restarts.close()
    return went


def run(rounds: int, seed: int, seconds: float, window: float, log: Path | None) -> list[Went]:
    went = _done(log)
    ends = time.monotonic() + seconds
    while len(went) < rounds and time.monotonic() < ends:
        each = once(Blow.drawn(random.Random(f"{seed} {len(went)}")), window)
        went.append(each)
        twice = ", killed again" if each.again else ""
        print(f"{len(went):4}  {each.killed_at:9}{twice:15} {each.outcome} in {each.seconds:.1f} s {each.traces or ''}")
        if log is not None:
            with log.open("a") as file:
                file.write(json.dumps(asdict(each)) + "\n")
    return went


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--window", type=float, default=WINDOW)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    went = run(options.rounds, options.seed, options.seconds, options.window, options.log)
    counted = Counter((each.killed_at, each.outcome) for each in went)
    for (killed_at, outcome), count in sorted(counted.items()):
        print(f"{count:4} killed at {killed_at}: {outcome}")
    bad = [each for each in went if not each.well]
    print(f"{len(went)} restarts, {len(went) - len(bad)} well, {sum(bool(each.traces) for each in went)} with traces")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
