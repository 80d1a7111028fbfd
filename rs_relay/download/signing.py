"""The operator's release key: Ed25519, in one file that nobody else reads."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_relay.download.start.release import CONTEXT
from rs_relay.errors import Damaged, LocalProblem

FILE = "release.key"


def load(folder: Path) -> Ed25519PrivateKey:
    """The key in `folder`, made if there is none. Raises LocalProblem, Damaged."""
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(Ed25519PrivateKey.generate().private_bytes_raw().hex() + "\n")
        except FileExistsError:
            pass
        text = path.read_text().strip()
    except OSError as e:
        raise LocalProblem("The release key cannot be read or made.", str(path)) from e
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
    except ValueError as e:
        raise Damaged("The release key is damaged.", f"{path}: put it back from a copy of it.") from e


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def sign(key: Ed25519PrivateKey, manifest: bytes) -> bytes:
    """manifest.sig: who signed, and the signature."""
    return (public(key) + key.sign(CONTEXT + manifest)).hex().encode() + b"\n"


def fingerprint(key: bytes) -> str:
    """Of a public key, to be read aloud: 32 hex digits in groups of four."""
    digits = hashlib.sha256(key).hexdigest()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))
