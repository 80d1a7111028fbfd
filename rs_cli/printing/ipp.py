"""How a print job stands, asked of CUPS by IPP (RFC 8011): `lpstat` tells that a job is over, not how it ended.

One request and one answer, each a byte string made and read here without I/O; `job_state` takes them there.
"""

from __future__ import annotations

import http.client
import os
import socket
import struct
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

SOCKETS = (Path("/run/cups/cups.sock"), Path("/private/var/run/cupsd"))
PATIENCE = 10.0  # seconds
LIMIT = 64 * 1024  # bytes of an answer; an honest one has some hundred
PORT = 631
GET_JOB_ATTRIBUTES, OPERATION, END = 0x0009, 0x01, 0x03
CHARSET, LANGUAGE, URI, NAME, KEYWORD, ENUM = 0x47, 0x48, 0x45, 0x42, 0x44, 0x23


class State(IntEnum):
    """RFC 8011, 5.3.7."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


def request(job: int, user: str) -> bytes:
    attributes = (
        (CHARSET, "attributes-charset", "utf-8"),
        (LANGUAGE, "attributes-natural-language", "en"),
        (URI, "job-uri", f"ipp://localhost/jobs/{job}"),
        (NAME, "requesting-user-name", user),
        (KEYWORD, "requested-attributes", "job-state"),
    )
    head = struct.pack(">BBHIB", 2, 0, GET_JOB_ATTRIBUTES, 1, OPERATION)
    return head + b"".join(_attribute(tag, name, text) for tag, name, text in attributes) + bytes([END])


def _attribute(tag: int, name: str, text: str) -> bytes:
    key, value = name.encode(), text.encode()
    return struct.pack(f">BH{len(key)}sH{len(value)}s", tag, len(key), key, len(value), value)


def answer(data: bytes) -> State | None:
    """None for an answer without a state: no such job, or nothing that follows the RFC."""
    try:
        for tag, name, value in _attributes(data):
            if name == b"job-state" and tag == ENUM:
                return State(int.from_bytes(value, "big"))
    except (struct.error, ValueError):
        pass
    return None


def _attributes(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    at = 8  # version, status, request's number
    while at < len(data):
        tag, at = data[at], at + 1
        if tag == END:
            return
        if tag <= 0x0F:  # begins a group
            continue
        fields = []
        for _ in ("name", "value"):
            (length,) = struct.unpack_from(">H", data, at)
            fields.append(data[at + 2 : at + 2 + length])
            at += 2 + length
        yield tag, fields[0], fields[1]


class _Local(http.client.HTTPConnection):
    """HTTP over a socket in the file system, which is how CUPS is reached on its own computer."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


def _connection() -> http.client.HTTPConnection:
    """To the server that `lp` uses: CUPS_SERVER, or this computer's."""
    server = os.environ.get("CUPS_SERVER", "").partition("/version=")[0]
    if server.startswith("/"):
        return _Local(Path(server))
    if server:
        return http.client.HTTPConnection(server if ":" in server else f"{server}:{PORT}", timeout=PATIENCE)
    found = next((path for path in SOCKETS if path.exists()), None)
    return _Local(found) if found else http.client.HTTPConnection("localhost", PORT, timeout=PATIENCE)


def job_state(job: int, user: str) -> State | None:
    """None where it cannot be known."""
    try:
        connection = _connection()
        connection.request("POST", "/jobs/", request(job, user), {"Content-Type": "application/ipp"})
        return answer(connection.getresponse().read(LIMIT))
    except (OSError, http.client.HTTPException):
        return None
