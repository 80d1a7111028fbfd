"""What the scenes show: a long page of text, a terminal's listing, a film. Made here, always the same; no network."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

PAGE, LISTING, FILM = "page.html", "listing.txt", "film.mp4"
TITLE = "benchpage"

_WORDS = str.split(
    "the remote session shows what customer sees while technician types answer window network printer settings driver "
    "update folder restart service error message account password policy screen button click menu option value table "
    "result system process memory disk file path user group permission mail calendar document spreadsheet"
)
_STYLE = (
    "body{font:16px/1.45 'DejaVu Sans',sans-serif;margin:24px 15%;color:#222;background:#fff}h2{color:#0a4a8a}"
    "pre{background:#f4f4f0;border:1px solid #ccc;padding:8px;font:14px 'DejaVu Sans Mono'}"
    "td,th{border:1px solid #999;padding:2px 8px}table{border-collapse:collapse}a{color:#06c}"
    ".g{height:160px;background:radial-gradient(circle at 30% 40%,#fc6,#c36 40%,#236 80%)}"
)


def make(folder: Path) -> None:
    """Writes all three; the film only where ffmpeg is."""
    (folder / PAGE).write_text(_page(random.Random(4711)))
    (folder / LISTING).write_text(_listing(random.Random(99)))
    if shutil.which("ffmpeg"):
        _film(folder / FILM)


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(words))


def _page(rng: random.Random) -> str:
    """Headings and paragraphs, now and then code, a table, a gradient."""
    parts = [f"<!doctype html><meta charset=utf-8><title>{TITLE}</title><style>{_STYLE}</style>"]
    for n in range(120):
        parts.append(f"<h2>{n + 1}. {_text(rng, 5).title()}</h2>")
        for _ in range(3):
            parts.append(f"<p>{_text(rng, rng.randint(40, 110))} <a href=#>{_text(rng, 3)}</a> {_text(rng, 30)}.</p>")
        if n % 3 == 0:
            parts.append(f"<pre>{_code(rng)}</pre>")
        if n % 4 == 1:
            rows = ("".join(f"<td>{rng.choice(_WORDS)} {rng.randint(0, 999)}</td>" for _ in range(6)) for _ in range(6))
            parts.append("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
        if n % 7 == 3:
            parts.append("<div class=g></div>")
    return "".join(parts)


def _code(rng: random.Random) -> str:
    lines = (
        f"{n:3d}  def {rng.choice(_WORDS)}_{rng.choice(_WORDS)}(self, {rng.choice(_WORDS)}): "
        f"return {rng.randint(0, 9999)}"
        for n in range(8)
    )
    return "\n".join(lines)


def _listing(rng: random.Random) -> str:
    lines = []
    for _ in range(60):
        size, day, minute = rng.randint(100, 999999), rng.randint(1, 28), rng.randint(10, 59)
        colour, ending = rng.choice([31, 32, 33, 34, 36, 0]), rng.choice(["py", "txt", "log", "c"])
        name = f"{rng.choice(_WORDS)}_{rng.choice(_WORDS)}.{ending}"
        lines.append(f"-rw-r--r-- 1 user user {size:7d} Nov {day:2d} 10:{minute} \033[{colour}m{name}\033[0m")
    return "\n".join(lines) + "\n"


def _film(path: Path) -> None:
    """10 s of 1280×720 at 30 a second: a fractal (smooth, as a camera's picture is) beside a test pattern."""
    sources = ["mandelbrot=size=960x720:rate=30:end_pts=300", "testsrc2=size=320x720:rate=30"]
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    how = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-pix_fmt", "yuv420p"]
    command = ["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", "[0][1]hstack", "-t", "10", *how, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
