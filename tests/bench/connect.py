"""`python -m tests.bench.connect [--rounds N]`: how long from `rs connect` to the customer's first picture on show.

Relay, agent and technician on this computer, each person with a display of their own (Xvfb, 1920×1080). The code is
piped in; `rs connect` ends when the session is in the book, and `rs view` starts then, as by `rs connect && rs view`.
The customer's desktop is half black and half white, in the greys of the very first picture, too; the technician's
display is looked at until it is so in its middle: no window is, before its picture comes. Each round is a new agent and
a new code; what was allowed was allowed beforehand.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

import mss
import numpy as np

from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop

SIZE = (1920, 1080)
LIMIT = 30.0  # seconds
TARGET = 1.0  # seconds from `rs connect` to the picture
SEEN = 10_000  # black pixels and as many white ones are a picture, of 40,000 in the middle


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=7)
    rounds = arguments.parse_args().rounds
    taken = []
    with XDesktop(SIZE, wm=True) as customer, XDesktop(SIZE, wm=True) as technician:
        customer.run("xsetroot", "-solid", "white", check=True)
        technician.run("xsetroot", "-solid", "white", check=True)
        black = ["xterm", "-bg", "black", "-fg", "black", "-cr", "black", "+sb", "-b", "0", "-geometry", "400x200+0+0"]
        customer.spawn(*black, "-e", "sleep", "600")
        customer.wait_for_window("sleep")
        customer.run("xdotool", "search", "--name", "sleep", "windowsize", str(SIZE[0] // 2), str(SIZE[1]))
        customer.run("xdotool", "search", "--name", "sleep", "windowmove", "0", "0")
        for _ in range(rounds + 1):
            with RsStage(customer.display) as stage:
                stage.technician = {**stage.technician, "DISPLAY": technician.display}
                taken.append(_once(stage, technician.display))
    warm = taken[1:]
    for name, of in (("rs connect", 0), ("rs view, to the picture", 1)):
        print(f"{name:28} {statistics.median(each[of] for each in warm):8.2f}")
    whole = [sum(each) for each in warm]
    print(f"{'both: seconds':28} {statistics.median(whole):8.2f}   (at most {TARGET:g}; slowest {max(whole):.2f})")
    return 0


def _once(stage: RsStage, display: str) -> tuple[float, float]:
    """(seconds of `rs connect`, seconds from there to the picture)"""
    code = stage.start_agent(allow="view,control")
    with mss.MSS(display=display) as eye:
        began = time.perf_counter()
        session = stage.join(code)
        joined = time.perf_counter()
        viewer = subprocess.Popen(stage.command("view", session), env=stage.technician, stdout=subprocess.DEVNULL)
        try:
            while not _seen(eye):
                if time.perf_counter() - joined > LIMIT:
                    raise TimeoutError("no picture came")
                time.sleep(0.002)
            return joined - began, time.perf_counter() - joined
        finally:
            viewer.terminate()
            viewer.wait(10)


def _seen(eye: mss.MSS) -> bool:
    middle = {"left": SIZE[0] // 2 - 100, "top": SIZE[1] // 2 - 100, "width": 200, "height": 200}
    shot = eye.grab(middle)
    picture = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)[..., :3]
    return bool((picture > 240).all(axis=2).sum() > SEEN and (picture < 16).all(axis=2).sum() > SEEN)


if __name__ == "__main__":
    sys.exit(main())
