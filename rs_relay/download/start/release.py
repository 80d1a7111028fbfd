"""The manifest of a release, and whether it may run here.

    { "format": 1, "serial": 1790000000, "version": "0.1.0", "relay": "wss://help.example.org",
      "code": "code.tar.xz", "files": {NAME: {"sha256": HEX, "size": BYTES}},
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
    code: str
    files: dict[str, tuple[str, int]]  # name -> SHA-256 in hex, bytes
    modules: dict[str, str]  # of this computer: module -> the file that holds it


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
    if here not in said["targets"]:
        raise Stop(
            "There is no rs-agent for this computer at this relay ({what}).", "Tell whoever helps you.", what=here
        )
    files = {str(name): (str(f["sha256"]), int(f["size"])) for name, f in said["files"].items()}
    return Release(
        id, key, int(said["serial"]), str(said["relay"]), str(said["code"]), files, dict(said["targets"][here])
    )


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
