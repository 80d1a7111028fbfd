"""The manifest of a release, and whether it may run here.

    { "format": 1, "serial": 1790000000, "version": "0.1.0", "relay": "wss://help.example.org",
      "code": "code.tar.xz", "rest": "code-HASH.tar.xz", "first": [MODULE],
      "files": {NAME: {"sha256": HEX, "size": BYTES}},
      "targets": {"linux-x86_64-3.11": {MODULE: NAME}} }

Law: the hashes stand in the file that was downloaded, so whoever checked that file has checked all that it fetches.
The signature ties a release to those before it: of one relay, only the same key's and never an older one is run.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .ed25519 import verifies
from .words import Stop

CHANGED = ("This file has been changed since it was made.",
           "Do not use it. Fetch it again from the page that you were given.")  # fmt: skip
CONTEXT = b"rs release 1\0"  # what is signed begins with it: the key signs nothing else
MEMORY = "releases.json"


@dataclass(frozen=True)
class Release:
    id: str  # SHA-256 of the manifest, hex
    key: str  # who signed it, hex
    serial: int
    relay: str
    code: str  # the file with what is needed to show a code; it came along
    rest: str  # the file with all of the agent
    files: dict[str, tuple[str, int]]  # name -> SHA-256 in hex, bytes
    modules: dict[str, str]  # of this computer: module -> the file that holds it
    first: tuple[str, ...]  # of these modules, what is needed to show a code


def target() -> str:
    """What this computer and its Python are called in a manifest."""
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    if system == "linux" and platform.libc_ver()[0] != "glibc":
        system = "linux-musl"
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{system}-{machine}-{sys.version_info[0]}.{sys.version_info[1]}"


def read(manifest: bytes, signature: bytes) -> Release:
    """`signature`: 32 bytes of the key, 64 of the signature, in hex. Raises Stop."""
    try:
        signed = bytes.fromhex(signature.decode("ascii"))
        if not verifies(signed[:32], CONTEXT + manifest, signed[32:]):
            raise Stop(*CHANGED)
        return _parse(json.loads(manifest), hashlib.sha256(manifest).hexdigest(), signed[:32].hex())
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise Stop(*CHANGED) from e


def _parse(said: dict[str, Any], id: str, key: str) -> Release:
    if said["format"] != 1:
        raise ValueError("another format")
    here = target()
    refuse(here, said)
    files = {str(name): (str(f["sha256"]), int(f["size"])) for name, f in said["files"].items()}
    modules = dict(said["targets"][here])
    first = tuple(str(module) for module in said["first"] if module in modules)
    return Release(
        id, key, int(said["serial"]), str(said["relay"]), str(said["code"]), str(said["rest"]), files, modules, first
    )


def refuse(here: str, said: dict[str, Any], narrow: bool = sys.maxsize < 2**32, glibc: str | None = None) -> None:
    """Raises Stop when a computer called `here` cannot run this release: why, and what to do. `narrow`: its Python is
    of 32 bits; `glibc`: '2.36', None: asked of the system."""
    system, _, python = here.rpartition("-")
    program = said.get("programs", {}).get(system, {})
    hint, page = "Tell whoever helps you.", web(str(said["relay"])) + "/join"
    runs = glibc if glibc is not None else platform.libc_ver()[1]
    if program and _at_least(runs, str(program["glibc"])):
        hint = "The page {page} has another line for this system, which needs no Python."
    pythons = [name.rpartition("-")[2] for name in said["targets"] if name.rpartition("-")[0] == system]
    elsewhere = "Ask whoever helps you to reach you on another computer."
    if "musl" in system:
        raise Stop("This Linux has musl in place of glibc (as Alpine has), and rs-agent needs glibc.", elsewhere)
    if narrow:
        raise Stop("This Python is of 32 bits, and rs-agent needs 64.", hint if program else elsewhere, page=page)
    if here not in said["targets"]:
        if pythons:
            text = "This relay's rs-agent is for Python {those}; this is {python}."
            raise Stop(text, hint, those=", ".join(pythons), python=python, page=page)
        raise Stop("There is no rs-agent for this computer at this relay ({what}).", hint, what=here, page=page)
    needed = str(said.get("glibc", {}).get(here, ""))
    if needed and not _at_least(runs, needed):
        text = "This Linux is too old for rs-agent: it has glibc {have}, and {needed} is needed."
        raise Stop(text, hint, have=runs, needed=needed, page=page)


def _at_least(have: str, wanted: str) -> bool:
    """Of versions; what is not known is let try."""
    numbers = [[int(part) for part in version.split(".")[:2] if part.isdigit()] for version in (have, wanted)]
    return not all(numbers) or numbers[0] >= numbers[1]


def web(relay: str) -> str:
    """`wss://…` as `https://…`; without TLS only this computer itself."""
    parts = urlsplit(relay)
    host = parts.hostname or ""
    if parts.scheme == "ws" and (host in ("localhost", "::1") or host.startswith("127.")):
        return f"http://{parts.netloc}{parts.path}"
    return f"https://{parts.netloc}{parts.path}"


def admit(release: Release, folder: Path) -> None:
    """Remembers it, or raises Stop: an older one than before, or one signed by another key."""
    path = folder / MEMORY
    try:
        known = json.loads(path.read_bytes())
        key, serial = known.get(release.relay, (release.key, 0))
    except (OSError, ValueError, AttributeError, TypeError):
        known, key, serial = {}, release.key, 0
    if key != release.key:
        raise Stop(
            "This rs-agent comes from this relay, but is signed by somebody else than before.",
            "Ask whoever helps you, by telephone. If it is right, remove {path} and start again.",
            path=path,
        )
    if release.serial < serial:
        raise Stop(
            "This rs-agent is older than one that ran on this computer before.",
            "Fetch it again from the page that you were given.",
        )
    if release.serial > serial:
        part = path.with_suffix(".part")
        part.write_text(json.dumps({**known, release.relay: (release.key, release.serial)}))
        part.replace(path)
