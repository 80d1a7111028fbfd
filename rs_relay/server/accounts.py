"""Technicians' tokens: made here, shown once, kept as a hash.

    rst_<43 characters: 32 random bytes, base64url><6 characters: CRC-32 of what is before them, base64url>

The prefix lets secret scanners find a leaked token, the check lets a mistyped one fail without a look-up. 256 random
bits need no slow hash (and a login no Argon2: 1,000 clients come back at once after a restart).

The server asks the database each time, in its one database thread, so a token made or removed by another process
counts at once.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import zlib
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from rs_relay.server.admission import Technician

PREFIX = "rst_"
LENGTH = len(PREFIX) + 43 + 6


@dataclass(frozen=True)
class Account:
    name: str
    token_hash: bytes
    added: float  # Unix time, for people


class Book(Protocol):
    """Where accounts are kept."""

    def find(self, token_hash: bytes) -> Account | None: ...
    def technicians(self) -> tuple[Account, ...]: ...


def new_token() -> str:
    body = PREFIX + _base64(secrets.token_bytes(32))
    return body + _check_of(body)


def is_token(text: str) -> bool:
    """Whether `text` is written like a token (not whether it is anybody's)."""
    return len(text) == LENGTH and text.isascii() and text.startswith(PREFIX) and _check_of(text[:-6]) == text[-6:]


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class StoredAccounts:
    """The technicians of `book`, which is read in `thread` only."""

    def __init__(self, book: Book, thread: Executor) -> None:
        self._book = book
        self._thread = thread

    async def find(self, token: str) -> Technician | None:
        if not is_token(token):
            return None
        found = await asyncio.get_running_loop().run_in_executor(self._thread, self._book.find, hash_of(token))
        return Technician(found.name, found.token_hash) if found is not None else None

    async def valid(self) -> frozenset[Technician]:
        found = await asyncio.get_running_loop().run_in_executor(self._thread, self._book.technicians)
        return frozenset(Technician(account.name, account.token_hash) for account in found)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _check_of(text: str) -> str:
    return _base64(zlib.crc32(text.encode()).to_bytes(4, "big"))
