"""A program's folder made one file: a script of sh that unpacks what follows it, once, and starts it. Pure.

Against PyInstaller's own one file, which unpacks at every start (1.5 s where this takes 0.3) into a folder that stays
behind when the program is killed: here there is one folder, below its hash, for all starts.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path

SCRIPT = Path(__file__).with_name("unpack.sh")
HEAD = 20_000  # bytes, more than the script has
_STATED = re.compile(rb"and (\d+)\.(\d+) is needed")


def wrap(files: Mapping[str, bytes | str], relay: str, system: str, glibc: tuple[int, int], level: int = 9) -> bytes:
    """`files`: path -> what is in it, or where it points to; `relay`: ws(s)://…, `system`: 'linux-x86_64'. The same
    files give the same bytes."""
    packed = gzip.compress(_tar(files), level, mtime=0)
    script = SCRIPT.read_text()
    for name, value in {
        "SYSTEM": system,
        "MACHINE": system.partition("-")[2].replace("arm64", "aarch64"),
        "GLIBC": f"{glibc[0]}.{glibc[1]}",
        "MINOR": str(glibc[1]),
        "HASH": hashlib.sha256(packed).hexdigest()[:32],
        "RELAY": relay,
    }.items():
        script = script.replace(f"@{name}@", value)
    head = script.encode()
    offset = len(head) + 1  # tail counts from 1; the number of its digits is settled below
    while True:
        made = head.replace(b"@OFFSET@", str(offset).encode())
        if len(made) + 1 == offset:
            return made + packed
        offset = len(made) + 1


def stated_glibc(data: bytes) -> tuple[int, int]:
    """Of what `wrap` has made; (0, 0) of anything else."""
    found = _STATED.search(data[:HEAD])
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _tar(files: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in sorted(files.items()):
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size, info.mode = len(content), 0o700
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()
