"""Files that nobody but their owner may read: the config and state directories, and how anything is written there.

Directories are 0700. A file is created 0600 (by the open call, not by a chmod after it), written beside its place,
flushed to the disk and renamed over it: whoever reads sees the old text or the new one, never half of either.
A file or directory that others could read is not used until its owner has looked at it.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from rs_relay.errors import LocalProblem

APP = "rs"


def config_dir() -> Path:
    """Where settings and tokens live; RS_CONFIG_DIR overrides it."""
    return _own_dir("RS_CONFIG_DIR", "user_config_path")


def state_dir() -> Path:
    """Where the sessions this technician holds live; RS_STATE_DIR overrides it."""
    return _own_dir("RS_STATE_DIR", "user_state_path")


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` atomically."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        _flush_dir(path.parent)
    except OSError as e:
        beside.unlink(missing_ok=True)
        raise LocalProblem(f"{path} cannot be written: {e.strerror}.", "Check the directory and the free space.") from e


def read_private(path: Path) -> bytes | None:
    """The file's bytes, None when there is none. Raises LocalProblem when others may read it."""
    try:
        with open(path, "rb") as file:
            _check_mode(path, os.fstat(file.fileno()).st_mode)
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as e:
        raise LocalProblem(f"{path} cannot be read: {e.strerror}.") from e


def private_dir(path: Path) -> Path:
    """`path`, made if it is missing."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_mode(path, path.stat().st_mode)
    except OSError as e:
        raise LocalProblem(f"The directory {path} cannot be used: {e.strerror}.") from e
    return path


def _own_dir(variable: str, place: str) -> Path:
    chosen = os.environ.get(variable)
    if chosen:
        return private_dir(Path(chosen))
    import platformdirs  # 15 ms that an overridden directory need not pay

    found: Path = getattr(platformdirs, place)(APP, appauthor=False)
    return private_dir(found)


def _check_mode(path: Path, mode: int) -> None:
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        right = "700" if stat.S_ISDIR(mode) else "600"
        raise LocalProblem(f"{path} can be read by others, so it is not used.", f"Run: chmod {right} '{path}'")


def _flush_dir(path: Path) -> None:
    if os.name != "posix":
        return  # a directory cannot be opened there, and the rename is journalled
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
