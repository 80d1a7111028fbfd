"""Fetched once, kept in a folder of the user's own: each file by its hash, unpacked.

A file is used only after its SHA-256 has been found right, and it is unpacked beside its place and renamed, so what is
in its place is whole. Two agents that start at once do the work twice, and the second finds it done.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .release import web
from .words import Stop

if TYPE_CHECKING:
    from rs_relay.way.fetching import Fetcher

TRIES = 3
_OURS = re.compile(r"[0-9a-f]{32}|part-.*")  # a frozen agent's folders lie there too, and are its own to remove
WRONG = ("What was fetched from the relay is not what it should be. It was not used.",
         "Tell whoever helps you; somebody may be tampering with it.")  # fmt: skip


def folder(environ: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Where what was fetched is kept: made, and nobody else's. Raises Stop."""
    home = Path.home()
    if environ.get("RS_CACHE_DIR"):
        path = Path(environ["RS_CACHE_DIR"])
    elif system == "win32":
        path = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "rs" / "agent"
    elif system == "darwin":
        path = home / "Library" / "Caches" / "rs" / "agent"
    else:
        path = Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "rs" / "agent"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as e:
        raise _cannot_write(path) from e
    if os.name == "posix" and (path.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o022):
        text = "The folder {path} belongs to, or may be changed by, somebody else."
        raise Stop(text, "Remove it and start again.", path=path)
    return path


def _cannot_write(path: Path) -> Stop:
    return Stop("The folder {path} cannot be written.", "Make room, or set RS_CACHE_DIR to another folder.", path=path)


class Store:
    """`files`: name -> (SHA-256 in hex, bytes)."""

    def __init__(self, path: Path, relay: str, files: dict[str, tuple[str, int]]) -> None:
        self._path, self._relay, self._files = path, relay, files
        self.proxy = ""  # rs's own setting; '' leaves it to the environment and the system
        self.came: Callable[[int], None]  # told of bytes as they arrive; of less than none, where they were in vain
        self.stay_silent()

    def stay_silent(self) -> None:
        self.came = lambda more: None

    def place(self, name: str) -> Path:
        return self._path / self._files[name][0][:32]

    def has(self, name: str) -> bool:
        return self.place(name).is_dir()

    def missing(self, names: Iterable[str]) -> int:
        """Bytes that `names` are still to be fetched of."""
        return sum(self._files[name][1] for name in dict.fromkeys(names) if not self.has(name))

    def fetch(self, name: str) -> Path:
        """The folder with what is in the file `name`, fetched if need be. Raises Stop."""
        return self.place(name) if self.has(name) else self.put(name, self._download(name))

    def put(self, name: str, data: bytes) -> Path:
        """Unpacks `data`, which must be the file `name`. Raises Stop."""
        digest, size = self._files[name]
        if len(data) != size or hashlib.sha256(data).hexdigest() != digest:
            raise Stop(*WRONG)
        place = self.place(name)
        part = ""
        try:
            part = tempfile.mkdtemp(prefix="part-", dir=self._path)
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:xz") as archive:
                archive.extractall(part, filter="data") if hasattr(tarfile, "data_filter") else archive.extractall(part)
            with contextlib.suppress(OSError):  # another agent was faster
                os.rename(part, place)
        except (OSError, tarfile.TarError) as e:
            raise _cannot_write(self._path) from e
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return place

    def forget_all_but(self, names: set[str]) -> None:
        """What no release needs any more goes, and what was left half unpacked a day ago."""
        kept = {self.place(name).name for name in names}
        for path in self._path.iterdir():
            with contextlib.suppress(OSError):
                ours = _OURS.fullmatch(path.name) and path.name not in kept and path.is_dir()
                if ours and time.time() - path.stat().st_mtime > 86400:
                    shutil.rmtree(path, ignore_errors=True)

    @cached_property
    def _fetcher(self) -> Fetcher:
        from rs_relay.way.fetching import Fetcher  # it lies in the code that came along

        return Fetcher(web(self._relay), self.proxy)

    def _download(self, name: str) -> bytes:
        from rs_relay.way.words import Closed, Why

        for attempt in range(TRIES):
            got = 0

            def came(more: int) -> None:
                nonlocal got
                got += more
                self.came(more)

            try:
                return self._fetcher.get(f"/agents/{name}", self._files[name][1], came)
            except Closed as e:
                self.came(-got)
                last = attempt + 1 == TRIES
                if e.why >= Why.NOT_KNOWN_HOW or (last and e.why > Why.UNREACHABLE):
                    raise Stop(e.sentence, e.hint) from e
                if not last:
                    time.sleep(1 + attempt)
        raise Stop(
            "What rs-agent needs could not be fetched from the relay.", "Check the connection and start it again."
        )
