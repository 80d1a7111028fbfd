"""The device's own key: made once, on this computer, never leaves it. Who holds it can pass for this computer, and
signs in nowhere with it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_agent.language import N_
from rs_agent.machine.disk import keep
from rs_relay.errors import LocalProblem

FILE = "device.key"  # hex of the 32 bytes, 0600


def load(state: Path) -> Ed25519PrivateKey | None:
    """Raises LocalProblem when it is damaged or others can read it."""
    text = read_private(state / FILE)
    if text is None:
        return None
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.decode("ascii")))
    except ValueError as e:
        raise LocalProblem(
            N_("The key of this device is damaged."),
            N_("`rs-agent unattended disable` removes it; the technicians enrol the device again then."),
        ) from e


def load_or_make(state: Path) -> Ed25519PrivateKey:
    """Raises LocalProblem."""
    known = load(state)
    if known is not None:
        return known
    made = Ed25519PrivateKey.generate()
    keep(state / FILE, made.private_bytes_raw().hex().encode())
    return made


def read_private(path: Path) -> bytes | None:
    """None when there is no such file. Raises LocalProblem when it cannot be read, or others can read it."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read()
    except FileNotFoundError:
        return None
    except PermissionError as e:
        raise LocalProblem(
            N_("What unattended access needs is kept by another user of this computer."),
            N_("Where it is a service, do this as the administrator."),
        ) from e
    except OSError as e:
        raise LocalProblem(N_("What unattended access needs cannot be read."), f"{path}: {e.strerror}") from e
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise LocalProblem(N_("Others can read what unattended access needs."), f"chmod 600 '{path}'")
    return data
