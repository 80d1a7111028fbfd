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
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rs_relay.server.wording import TEXTS

FILES = "/agents/"
PAGES = ("/", "/join", "/unattended")
PROGRAM = "rs-agent.pyz"
SYSTEMS = {"linux": "Linux", "windows": "Windows", "macos": "macOS"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
_HEX = re.compile(r"[0-9a-f]{64}")
_SAFE_URL = re.compile(r"wss?://[A-Za-z0-9.\[\]:_/-]+")

STYLE = """
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{font:1.2rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:46rem;padding:1.5rem}
h1{font-size:2rem;line-height:1.2}h2{font-size:1.4rem;margin:2rem 0 .3rem}
p,ol{margin:.6rem 0}ol{padding-left:1.6rem}li{margin:.8rem 0}
pre{font:1rem/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;padding:1rem;margin:.5rem 0;
border:2px solid;border-radius:.5rem;user-select:all}
button{font:inherit;padding:.5rem 1.2rem;margin:0 0 .6rem;border:2px solid;border-radius:.5rem;cursor:pointer}
summary{cursor:pointer;padding:.5rem 0;text-decoration:underline}
.code{font-size:2.4rem;font-weight:700;letter-spacing:.05em;white-space:nowrap}
#code,#phone{border:2px solid;border-radius:.5rem;padding:1rem}
code{overflow-wrap:anywhere}.size{font-size:1rem}
footer{margin-top:3rem;font-size:1rem}.mine{order:-1}.systems{display:flex;flex-direction:column}
"""
# The code for the eye, the reader's own system first, a button to copy with. Without it, all is there in a fixed order.
SCRIPT = """
var m=/^#(\\d{3,5}-?\\d{3}-?\\d{3})$/.exec(location.hash),d=document;
if(m){var b=d.getElementById('code');if(b){b.hidden=false;b.querySelector('.code').textContent=m[1];}}
var u=navigator.userAgent,f=/Android|iPhone|iPad|Mobile/.test(u);
d.getElementById('phone').hidden=!f;
var s=/Windows/.test(u)?'windows':/Mac OS X/.test(u)?'macos':'linux',e=d.getElementById(s);
if(e&&!f)e.classList.add('mine');
if(navigator.clipboard)d.querySelectorAll('pre').forEach(function(p){
var c=d.createElement('button');c.textContent=d.body.dataset.copy;
c.onclick=function(){navigator.clipboard.writeText(p.textContent).then(function(){c.textContent=d.body.dataset.copied;});};
p.after(c);});
"""


def _hashed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


HEADERS = (
    f"Content-Security-Policy: default-src 'none'; style-src {_hashed(STYLE)}; script-src {_hashed(SCRIPT)}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\nVary: Accept-Language\r\n"
)


@dataclass(frozen=True)
class Program:
    """What needs no Python, for one system."""

    name: str
    digest: str  # SHA-256, hex
    size: int  # bytes
    machine: str  # 'x86_64'
    glibc: str  # '2.36': the oldest that it runs with; '' where that is no question


@dataclass(frozen=True)
class Release:
    """What the page says of it."""

    relay: str
    digest: str  # SHA-256 of the program, hex
    signer: str  # to be read aloud
    first: Mapping[str, int]  # 'linux', 'windows', 'macos' -> bytes to be fetched before a code is shown
    most: Mapping[str, int]  # likewise: bytes that a session may fetch afterwards, all in all
    programs: Mapping[str, tuple[Program, ...]] = field(default_factory=dict)  # likewise


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
        first, most = _sizes(said, len(program))
        programs = _programs(said)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not _SAFE_URL.fullmatch(relay):
        return None
    digits = hashlib.sha256(key).hexdigest()[:32]
    signer = " ".join(digits[at : at + 4] for at in range(0, 32, 4))
    return Release(relay, hashlib.sha256(program).hexdigest(), signer, first, most, programs)


def _sizes(said: dict[str, Any], size: int) -> tuple[dict[str, int], dict[str, int]]:
    """system -> what the most demanding of its Pythons fetches before there is a code, the program itself included; and
    what is fetched later, at the most."""
    first: dict[str, int] = {}
    most: dict[str, int] = {}
    for target, modules in said["targets"].items():
        names = {modules[module] for module in said["first"] if module in modules}
        later = {*modules.values(), said["rest"]} - names
        system = str(target).partition("-")[0]
        first[system] = max(first.get(system, 0), size + sum(int(said["files"][name]["size"]) for name in names))
        most[system] = max(most.get(system, 0), sum(int(said["files"][name]["size"]) for name in later))
    return first, most


def _programs(said: dict[str, Any]) -> dict[str, tuple[Program, ...]]:
    found: dict[str, tuple[Program, ...]] = {}
    for target, one in sorted(said.get("programs", {}).items()):
        system, _, machine = str(target).partition("-")
        program = Program(str(one["name"]), str(one["sha256"]), int(one["size"]), machine, str(one["glibc"]))
        plain = (program.name, program.machine, program.glibc or "0")
        if not all(map(_NAME.fullmatch, plain)) or not _HEX.fullmatch(program.digest):
            raise ValueError("not as it is made")
        found[system] = (*found.get(system, ()), program)
    return found


def chosen(languages: str) -> str:
    """The first language of an Accept-Language that there is."""
    for part in languages.split(",")[:20]:
        language = part.partition(";")[0].strip().lower()[:2]
        if language in TEXTS:
            return language
    return "en"


def starts(system: str, program: str = PROGRAM) -> str:
    """What starts the file `program` in a shell of `system`."""
    if program != PROGRAM:
        return {"linux": f"sh {program}", "macos": f"sh -c 'chmod +x {program}; exec ./{program} \"$@\"' sh"}.get(
            system, f".\\{program}"
        )
    return f"{'py' if system == 'windows' else 'python3'} {program}"


def command(release: Release, system: str, verb: str, program: Program | None = None) -> str:
    """The one line that fetches, checks and starts. Constants, hex, checked names and a checked URL."""
    name, digest = (program.name, program.digest) if program else (PROGRAM, release.digest)
    url = re.sub("^ws", "http", release.relay) + FILES + name
    start = f"{starts(system, name)} {verb}"
    if system == "windows":
        check = f"if ((Get-FileHash {name}).Hash -eq '{digest}') {{ {start} }}"
        return f"Invoke-WebRequest {url} -OutFile {name}; {check}"
    # A fresh Ubuntu has wget and no curl; other systems have it the other way round.
    fetch = f"{{ curl -fsSO {url} || wget -qO {name} {url}; }}" if system == "linux" else f"curl -fsSO {url}"
    check = "sha256sum -c --quiet" if system == "linux" else "shasum -a 256 -c --quiet"
    return f'{fetch} && echo "{digest}  {name}" | {check} && {start}'


def render(release: Release | None, path: str, language: str) -> bytes:
    text = TEXTS[language]
    unattended = path == "/unattended"
    title = text["unattended" if unattended else "title"]
    if release is None:
        body = f"<p>{text['none']}</p>"
    else:
        page = re.sub("^ws", "http", release.relay) + (path if path != "/" else "/join")
        shown = "".join(_system(release, text, system, unattended) for system in SYSTEMS)
        body = (
            f'<p id="phone" hidden>{text["phone"]}<br><code>{page}</code></p>'
            + ("" if unattended else f'<p id="code" hidden>{text["code"]}<br><span class="code"></span></p>')
            + (f"<p>{text['how-unattended']}</p>" if unattended else f"<p>{text['how']}</p><p>{text['consent']}</p>")
            + f"<div class='systems'>{shown}</div>"
            + f"<footer><p>{text['signed']} <code>{release.signer}</code></p></footer>"
        )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{title}</title><style>{STYLE}</style></head><body data-copy="{text["copy"]}" '
        f'data-copied="{text["copied"]}"><h1>{title}</h1>{body}<script>{SCRIPT}</script></body></html>\n'
    ).encode()


def _system(release: Release, text: dict[str, str], system: str, unattended: bool) -> str:
    verb = "unattended enable" if unattended else "join"
    programs = release.programs.get(system, ())
    ways = []
    if system in release.first:
        more = f"{release.most[system] / 1_000_000:.0f}"
        size = text["size"].format(size=f"{release.first[system] / 1000:.0f}", more=more)
        ways.append((text["with-python"], size, command(release, system, verb)))
    for one in programs:
        heading = text["without-python"].format(machine=one.machine)
        size = text["size-program"].format(size=f"{one.size / 1_000_000:.0f}")
        glibc = " " + text["glibc"].format(version=one.glibc) if one.glibc else ""
        ways.append((heading, size + glibc, command(release, system, verb, one)))
    if not ways:
        return f'<section id="{system}"><h2>{SYSTEMS[system]}</h2><p>{text["unsupported"]}</p></section>'
    if system == "windows":
        ways.reverse()  # few have Python there
    (_, size, line), *others = ways
    more = "".join(
        f"<details><summary>{heading}</summary>{_line(line)}<p class='size'>{size}</p></details>"
        for heading, size, line in others
    )
    if system in release.first and not programs:
        more += f"<details><summary>{text['no-python']}</summary><p>{text['get-python-' + system]}</p></details>"
    steps = [f"{text['open-' + system]}", f"{text['paste']}{_line(line)}<p class='size'>{size}</p>{more}"]
    start = starts(system, PROGRAM if system in release.first else programs[0].name)
    if unattended:
        steps += [text["choose"], text["serve"] + _line(f"{start} service install"), text["tell"]]
    else:
        steps += [text["then"]]
    shown = "".join(f"<li>{step}</li>" for step in steps)
    after = ""
    if unattended:
        rows = [(text["see"], "status"), (text["reset"], "reset-code"), (text["forget"], "forget NAME"),
                (text["end"], "disable")]  # fmt: skip
        told = "".join(f"<p>{what}</p>{_line(f'{start} unattended {verb}')}" for what, verb in rows)
        after = f"<h3>{text['later']}</h3>{told}"
    return f'<section id="{system}"><h2>{SYSTEMS[system]}</h2><ol>{shown}</ol>{after}</section>'


def _line(command: str) -> str:
    return f"<pre>{html.escape(command)}</pre>"
