"""Small files that must outlive a power cut, or be gone for good: written beside, flushed, renamed; or gone."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from rs_relay.errors import LocalProblem


def keep(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Under its name there is the whole file, on the disk, or what was there before. Raises LocalProblem."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with open(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        flush(path.parent)
    except OSError as e:
        with suppress(OSError):
            beside.unlink()
        raise LocalProblem(f"{path.name} cannot be written on this computer.", e.strerror or "") from None


def drop(path: Path) -> bool:
    """It is gone, on the disk too, with what a kill in the middle of `keep` has left; whether this call removed it.
    Raises LocalProblem."""
    try:
        for left in path.parent.glob(f".{path.name}.*"):
            with suppress(FileNotFoundError):
                left.unlink()
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as e:
        raise LocalProblem(f"{path.name} cannot be removed from this computer.", e.strerror or "") from None
    flush(path.parent)
    return True


def flush(folder: Path) -> None:
    """The names in `folder` are on the disk. Windows cannot flush a folder; it keeps a journal of names."""
    if os.name != "posix":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
