"""What the relay shows a browser: the page where a customer gets the agent, and the files that it names. Pure but for
reading the release that `rs-relay agents build` has left.

Nothing is taken from the request but its path and the language: the relay's address on the page is the one that the
release was made for. A code is behind the `#`, which no browser sends. The page is one answer: its style and its few
lines of script are in it, allowed by their hashes and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

from rs_relay.server.wording import TEXTS

FILES = "/agents/"
PAGES = ("/", "/join", "/unattended")
PROGRAM = "rs-agent.pyz"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
_SAFE_URL = re.compile(r"wss?://[A-Za-z0-9.\[\]:_/-]+")

STYLE = """
:root{color-scheme:light dark}
body{font:1.25rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:46rem;padding:1.5rem}
h1{font-size:2rem;line-height:1.2}h2{font-size:1.4rem;margin:2rem 0 .3rem}
pre{font:1rem/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;padding:1rem;margin:.5rem 0;
border:2px solid;border-radius:.5rem;user-select:all}
code{overflow-wrap:anywhere}.code{font-size:2.2rem;font-weight:700;letter-spacing:.05em}
footer{margin-top:3rem;font-size:1rem}.mine{order:-1}.systems{display:flex;flex-direction:column}
"""
# The code for the eye, and the reader's own system first. Without it, all is there in a fixed order.
SCRIPT = """
var m=/^#(\\d{3,5}-?\\d{3}-?\\d{3})$/.exec(location.hash);
if(m){var b=document.getElementById('code');b.hidden=false;b.querySelector('.code').textContent=m[1];}
var u=navigator.userAgent,s=/Windows/.test(u)?'windows':/Mac OS X/.test(u)?'macos':'linux';
var e=document.getElementById(s);if(e)e.classList.add('mine');
"""


def _hashed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


HEADERS = (
    f"Content-Security-Policy: default-src 'none'; style-src {_hashed(STYLE)}; script-src {_hashed(SCRIPT)}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\nVary: Accept-Language\r\n"
)


@dataclass(frozen=True)
class Release:
    """What the page says of it."""

    relay: str
    digest: str  # SHA-256 of the program, hex
    size: int  # bytes
    signer: str  # to be read aloud
    systems: frozenset[str]  # 'linux', 'windows', 'macos'


class Site:
    """`folder`: where the release lies, None for nowhere. Read again when the program in it is another."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: tuple[tuple[int, int], Release | None] = ((0, 0), None)

    def page(self, path: str, languages: str) -> bytes:
        """The page at `path`, one of PAGES. `languages`: Accept-Language."""
        return render(self.release(), path, chosen(languages))

    def file(self, path: str) -> Path | None:
        """The file at `path` (below FILES), if there is one that may be given away."""
        name = path.removeprefix(FILES)
        if self._folder is None or not _NAME.fullmatch(name):
            return None
        found = self._folder / name
        return found if found.is_file() and not found.is_symlink() else None

    def release(self) -> Release | None:
        if self._folder is None:
            return None
        try:
            stat = (self._folder / PROGRAM).stat()
            if self._known[0] != (stat.st_mtime_ns, stat.st_size):
                self._known = (stat.st_mtime_ns, stat.st_size), read(self._folder)
        except OSError:
            return None
        return self._known[1]


def read(folder: Path) -> Release | None:
    """The release in `folder`, or None when there is none that makes sense."""
    try:
        program = (folder / PROGRAM).read_bytes()
        said = json.loads((folder / "manifest.json").read_bytes())
        key = bytes.fromhex((folder / "manifest.sig").read_text())[:32]
        relay = str(said["relay"])
        systems = frozenset(str(name).partition("-")[0] for name in said["targets"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not _SAFE_URL.fullmatch(relay):
        return None
    digits = hashlib.sha256(key).hexdigest()[:32]
    signer = " ".join(digits[at : at + 4] for at in range(0, 32, 4))
    return Release(relay, hashlib.sha256(program).hexdigest(), len(program), signer, systems)


def chosen(languages: str) -> str:
    """The first language of an Accept-Language that there is."""
    for part in languages.split(",")[:20]:
        language = part.partition(";")[0].strip().lower()[:2]
        if language in TEXTS:
            return language
    return "en"


def commands(release: Release, verb: str) -> dict[str, str]:
    """system -> the one line that fetches, checks and starts. Nothing of it but constants, hex and a checked URL."""
    url = re.sub("^ws", "http", release.relay) + FILES + PROGRAM
    check = f'"{release.digest}  {PROGRAM}"'
    start = f"{PROGRAM} {verb}"
    return {
        "linux": f"curl -fsSO {url} && echo {check} | sha256sum -c --quiet && python3 {start}",
        "macos": f"curl -fsSO {url} && echo {check} | shasum -a 256 -c --quiet && python3 {start}",
        "windows": (
            f"Invoke-WebRequest {url} -OutFile {PROGRAM}; "
            f"if ((Get-FileHash {PROGRAM}).Hash -eq '{release.digest}') {{ py {start} }}"
        ),
    }


def render(release: Release | None, path: str, language: str) -> bytes:
    text = TEXTS[language]
    unattended = path == "/unattended"
    title = text["unattended" if unattended else "title"]
    if release is None:
        body = f"<p>{text['none']}</p>"
    else:
        lines = commands(release, "unattended enable" if unattended else "join")
        shown = "".join(_system(text, name, line, name in release.systems) for name, line in lines.items())
        size = f"{release.size / 1000:.0f}"
        body = (
            ("" if unattended else f'<p id="code" hidden>{text["code"]}<br><span class="code"></span></p>')
            + f"<p>{text['how-unattended' if unattended else 'how']}</p><div class='systems'>{shown}</div>"
            + f"<p>{text['without-code'] if not unattended else ''}</p>"
            + f"<footer><p>{text['size'].format(size=size)} {text['consent']}</p>"
            + f"<p>{text['signed']} <code>{release.signer}</code><br>"
            + f"SHA-256: <code>{release.digest}</code></p></footer>"
        )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{body}"
        f"<script>{SCRIPT}</script></body></html>\n"
    ).encode()


def _system(text: dict[str, str], name: str, line: str, there: bool) -> str:
    shown = {"linux": "Linux", "windows": "Windows", "macos": "macOS"}[name]
    body = f"<p>{text['open-' + name]}</p><pre>{html.escape(line)}</pre>" if there else f"<p>{text['unsupported']}</p>"
    return f'<section id="{name}"><h2>{shown}</h2>{body}</section>'
