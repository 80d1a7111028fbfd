"""What may lie on a clipboard: a few formats, each under one neutral name at both ends, with its limit.

text    UTF-8                        html    UTF-8, what a program copied beside the text
rtf     as the program wrote it      image   PNG
files   a list of file:// URIs, one a line (RFC 2483): which files were copied, not what is in them
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol
from urllib.parse import quote, unquote_to_bytes, urlsplit

from rs_relay.errors import LocalProblem, TooLarge

CLIPBOARD_LIMIT = 10 * 1024 * 1024  # bytes of UTF-8 that a clipboard gives or takes: more never sits in memory whole
MAX_FILES = 10_000  # that one list names


class ClipboardTooLarge(TooLarge):
    """What the clipboard holds is over the limit. `size` is its size in bytes, or what is known of it at least."""

    def __init__(self, size: int) -> None:
        super().__init__("The clipboard holds more than rs carries.", "Save it to a file and send the file.")
        self.size = size


class Format(StrEnum):
    TEXT = "text"
    HTML = "html"
    RTF = "rtf"
    IMAGE = "image"
    FILES = "files"


LIMITS: Mapping[Format, int] = MappingProxyType(
    {
        Format.TEXT: CLIPBOARD_LIMIT,
        Format.HTML: CLIPBOARD_LIMIT,
        Format.RTF: CLIPBOARD_LIMIT,
        Format.IMAGE: 64 * 1024 * 1024,
        Format.FILES: 1024 * 1024,
    }
)
Contents = Mapping[Format, bytes]


@dataclass(frozen=True)
class Raw:
    """What a clipboard gave for a format. `kind` is the MIME type (or the system's own name) it came as."""

    kind: str
    data: bytes


class RichClipboard(Protocol):
    """A clipboard of several formats at once. Any call may block for seconds and may raise LocalProblem."""

    def formats(self) -> frozenset[Format]: ...

    def read(self, wanted: Format, limit: int) -> Raw | None:
        """None when there is no such thing, or its owner does not give it. Raises ClipboardTooLarge."""
        ...

    def put(self, contents: Contents) -> None:
        """All of these at once, as one thing that was copied."""
        ...

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls `changed` from another thread after each change by another program; returns a stop."""
        ...

    def close(self) -> None: ...


def text_alone() -> LocalProblem:
    """What a clipboard that carries nothing else says to the rest."""
    return LocalProblem("That computer's clipboard carries text alone, as far as rs can use it.", "Send a file.")


def as_utf8(data: bytes) -> bytes:
    """HTML as programs offer it: UTF-8, or UTF-16 with or without its mark (Firefox, for many years)."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode(errors="replace")
    if b"\0" in data[:64].rstrip(b"\0"):
        return data.decode("utf-16-le", "replace").rstrip("\0").encode(errors="replace")
    return data.decode("utf-8", "replace").rstrip("\0").encode()


def paths(listed: bytes) -> tuple[str, ...]:
    """The files of this computer that a list names, in its order. `copy` or `cut` on the first line is how file
    managers of the GNOME family write it; what lies on other computers is left out."""
    here = {"", "localhost", socket.gethostname().lower()}
    found: list[str] = []
    for line in listed.rstrip(b"\0").decode("utf-8", "replace").splitlines()[: MAX_FILES + 1]:
        try:
            parts = urlsplit(line.strip())
        except ValueError:
            continue
        if parts.scheme == "file" and parts.netloc.lower() in here and parts.path.startswith("/"):
            path = os.fsdecode(unquote_to_bytes(parts.path))
            if "\0" not in path:
                found.append(path)
    return tuple(found)


def uri_list(files: Iterable[str]) -> bytes:
    """The list that names these absolute paths."""
    return b"".join(f"file://{quote(os.fsencode(path))}\r\n".encode() for path in files)
