"""A Linux without Python: a root folder with a shell, a handful of programs and their libraries, and one plain user.

What runs in it sees nothing of this computer's files (a mount namespace and chroot; root is needed), and has its
network and its X displays. `usable()` says whether that can be done here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

UID = 1000
HOME = "/home/kim"
PROGRAMS = (
    "sh", "cat", "chmod", "cp", "curl", "cut", "dirname", "env", "find", "getconf", "grep", "gzip", "head", "id", "ls",
    "mkdir", "mktemp", "mv", "ps", "rm", "sed", "sha256sum", "sleep", "tail", "tar", "touch", "true", "uname",
)  # fmt: skip
# The rest of glibc, which is one package.
GLIBC = ("libdl.so.2", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "librt.so.1", "libutil.so.1")  # fmt: skip
DATA = ("/etc/fonts", "/usr/share/fonts/truetype/dejavu")
# Bound in a namespace of its own: nothing of it is left when the program has ended.
ENTER = (
    'mount --bind /dev "$1/dev" && mount --bind /dev/pts "$1/dev/pts" && mount -t proc proc "$1/proc" || exit 99\n'
    'boot=$1/boot_id; [ ! -f "$boot" ] || mount --bind "$boot" "$1/proc/sys/kernel/random/boot_id" || exit 99\n'
    f'root=$1; shift; exec chroot --userspec={UID}:{UID} "$root" "$@"'
)


@cache
def usable() -> bool:
    command = ["unshare", "--mount", "true"]
    return os.geteuid() == 0 and not subprocess.run(command, capture_output=True).returncode


class BareSystem:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / HOME.removeprefix("/")
        for name in ("dev", "proc", "tmp", "etc", "usr/bin", "usr/share", "lib64"):
            (root / name).mkdir(parents=True)
        root.chmod(0o755)
        (root / "bin").symlink_to("usr/bin")
        (root / "tmp").chmod(0o1777)
        for name in PROGRAMS:
            self.bring(Path(shutil.which(name) or f"/usr/bin/{name}"))
        (libc,) = self.root.glob("lib/*/libc.so.6")
        for name in GLIBC:
            place = f"/{libc.relative_to(root).with_name(name)}"
            self._copy(Path(place).resolve(), place)
        for place in filter(os.path.isdir, DATA):
            shutil.copytree(place, root / place.removeprefix("/"))
        (root / "etc/passwd").write_text(f"root:x:0:0::/:/bin/sh\nkim:x:{UID}:{UID}::{HOME}:/bin/sh\n")
        (root / "etc/group").write_text(f"root:x:0:\nkim:x:{UID}:\n")
        (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
        self.home.mkdir(parents=True)
        os.chown(self.home, UID, UID)
        self.home.chmod(0o700)

    def bring(self, program: Path) -> None:
        """`program` and the libraries that it names."""
        self._copy(program.resolve(), f"/usr/bin/{program.name}")
        told = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
        for library in re.findall(r"(/\S+) \(0x", told):
            self._copy(Path(library).resolve(), library)

    def give(self, data: bytes, name: str) -> str:
        """A file in the user's home; its path in there."""
        path = self.home / name
        path.write_bytes(data)
        os.chown(path, UID, UID)
        return f"{HOME}/{name}"

    def script(self, name: str, text: str) -> None:
        """A program of the system's."""
        path = self.root / "usr/bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def start_anew(self, boot_id: str) -> None:
        """What runs from now on runs in another boot of this computer."""
        (self.root / "boot_id").write_text(boot_id + "\n")

    def command(self, *argv: str, environ: Mapping[str, str] | None = None) -> list[str]:
        """What runs `argv` in there, as the user, with nothing in its environment but this."""
        given = {"HOME": HOME, "PATH": "/usr/bin", "LANG": "C.UTF-8", "TERM": "xterm", "USER": "kim", **(environ or {})}
        words = [f"{name}={value}" for name, value in given.items()]
        return ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(self.root), "/usr/bin/env", "-i",
                f"--chdir={HOME}", *words, *argv]  # fmt: skip

    def run(
        self, *argv: str, environ: Mapping[str, str] | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*argv, environ=environ), capture_output=True, text=True, timeout=timeout, check=False
        )

    def _copy(self, source: Path, place: str) -> None:
        target = self.root / place.removeprefix("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
