"""A device's address: what a technician must have to enrol it. Public: it opens nothing.

    rsd_<base64url of: host 16 ‖ proof 32 ‖ device_pk 32 ‖ the first 4 bytes of their SHA-256>

host: the device's name at the relay. proof: SHA-256 of what it proves there that it is itself with. device_pk: the pin.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from rs_relay.errors import UsageError

PREFIX = "rsd_"
SIZE, CHECK = 80, 4  # bytes


@dataclass(frozen=True)
class Address:
    host: str  # 32 hex digits
    proof: str  # 64
    key: bytes

    def __str__(self) -> str:
        body = bytes.fromhex(self.host) + bytes.fromhex(self.proof) + self.key
        return PREFIX + base64.urlsafe_b64encode(body + _check(body)).decode()

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises UsageError."""
        plain = "".join(text.split())
        try:
            data = base64.b64decode(plain.removeprefix(PREFIX), altchars=b"-_", validate=True)
        except ValueError:
            data = b""
        body = data[:SIZE]
        if not plain.startswith(PREFIX) or len(data) != SIZE + CHECK or data[SIZE:] != _check(body):
            raise UsageError(
                "That is not the address of a device.",
                "`rs-agent unattended status` shows it: rsd_ and 112 characters.",
            )
        return cls(body[:16].hex(), body[16:48].hex(), body[48:])


def _check(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:CHECK]
