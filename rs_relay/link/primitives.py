"""The ciphers of the `cryptography` package that a link is made of, each loaded when it is first used.

A program imports the whole of `link` before it is known whether anybody will knock: an agent shows its code without a
cipher, and one that was downloaded fetches the package (the largest thing it needs) while the code is read out.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.exceptions import InvalidTag as InvalidTag
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey as MLKEM768PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey as MLKEM768PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey as X25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey as X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM as AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256 as SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand as HKDFExpand

_HOMES = {
    "InvalidTag": "exceptions",
    "MLKEM768PrivateKey": "hazmat.primitives.asymmetric.mlkem",
    "MLKEM768PublicKey": "hazmat.primitives.asymmetric.mlkem",
    "X25519PrivateKey": "hazmat.primitives.asymmetric.x25519",
    "X25519PublicKey": "hazmat.primitives.asymmetric.x25519",
    "AESGCM": "hazmat.primitives.ciphers.aead",
    "SHA256": "hazmat.primitives.hashes",
    "HKDFExpand": "hazmat.primitives.kdf.hkdf",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(name)
    found: object = getattr(import_module(f"cryptography.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def load() -> None:
    """All of them now, off the event loop: some 20 ms, or as long as it takes to fetch the package. Raises ImportError
    where it is not to be had."""
    for name in _HOMES:
        globals().get(name) or __getattr__(name)
