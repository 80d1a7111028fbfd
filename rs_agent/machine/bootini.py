"""boot.ini of Windows 2000 and XP: one safe start, as a transaction. What is read and made of it is pure bytes.

    prepare:  boot.ini.bak there? nothing is done ─▶ copy beside, flush, rename to boot.ini.bak, read back
              ─▶ changed file beside, flush, rename over boot.ini
    settle:   boot.ini is what we made of boot.ini.bak ─▶ boot.ini.bak renamed over boot.ini
              boot.ini is boot.ini.bak ─▶ boot.ini.bak removed        anything else: left alone, for a person to look at

Law: at each moment boot.ini is whole, the old or the new, and a file called boot.ini.bak is a whole copy: a power cut
leaves a computer that starts. No byte but the added switch is touched, in whatever code page the names are: the loader
knows ASCII marks only, and neither quote, slash nor equals sign is the second byte of a letter in any of them.
https://learn.microsoft.com/windows-hardware/drivers/devtest/boot-ini-options
"""

from __future__ import annotations

import re
from typing import Protocol

from rs_relay.errors import LocalProblem

INI, BAK, BESIDE = "boot.ini", "boot.ini.bak", "boot.ini.rs"
SWITCH = b" /safeboot:network"
LARGEST = 64 * 1024  # bytes; a real one has some hundred
READ_ONLY = 1  # FILE_ATTRIBUTE_READONLY
END = b"\x1a"  # what DOS takes for the end of a text
BY_HAND = (
    "To restore it by hand: copy boot.ini.bak over boot.ini (attrib -r -h -s boot.ini first), then delete boot.ini.bak."
)

_LINE = re.compile(rb"[^\r\n]*(?:\r\r\n|\r\n|\n|\r|$)")


class Volume(Protocol):
    """The folder that holds boot.ini. Each call is on the disk when it returns; raises OSError."""

    def read(self, name: str) -> bytes | None:
        """None where there is no such file."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """A new file, or one of ours in its place; not atomic."""
        ...

    def rename(self, name: str, to: str) -> None:
        """Atomic; replaces `to`."""
        ...

    def remove(self, name: str) -> None: ...

    def attributes(self, name: str) -> int: ...

    def set_attributes(self, name: str, attributes: int) -> None: ...


def safe(data: bytes) -> bytes:
    """The file that starts what it starts by default, once in safe mode with network. Raises LocalProblem."""
    if len(data) > LARGEST or b"\0" in data:
        raise LocalProblem("boot.ini is no file that the loader of Windows would read; it was left alone.")
    text, end, rest = data.partition(END)
    default, at = _default_entry(text)
    if at is None:
        raise LocalProblem("boot.ini names no system that is started by default; it was left alone.", default)
    line = text[at[0] : at[1]]
    if b"/safeboot" in line[line.rfind(b'"') + 1 :].lower():
        raise LocalProblem("boot.ini starts in safe mode already; it was left alone.")
    cut = at[0] + len(line.rstrip(b" \t"))
    return text[:cut] + SWITCH + text[cut:] + end + rest


def _default_entry(text: bytes) -> tuple[str, tuple[int, int] | None]:
    """(what the default is, where its line begins and its last byte before the line's end)."""
    section, default = b"", b""
    entries: list[tuple[bytes, tuple[int, int]]] = []
    start = 3 if text.startswith(b"\xef\xbb\xbf") else 0
    for found in _LINE.finditer(text, start):
        line = found.group().rstrip(b"\r\n")
        word = line.strip()
        if word.startswith(b"["):
            section = word.lower()
        elif b"=" not in word or word.startswith(b";"):
            continue
        elif section == b"[boot loader]":
            key, _, value = word.partition(b"=")
            default = value.strip() if key.strip().lower() == b"default" else default
        elif section == b"[operating systems]":
            path = word.partition(b"=")[0].strip()
            entries.append((path.lower(), (found.start(), found.start() + len(line))))
    shown = default.decode("ascii", "replace")
    return shown, next((at for path, at in entries if default and path == default.lower()), None)


def prepare(volume: Volume) -> None:
    """The next start is a safe one. Raises LocalProblem: then boot.ini is as it was."""
    try:
        if volume.read(BAK) is not None:
            raise LocalProblem(
                "There is a boot.ini.bak already: nothing was changed, and nothing is restarted.", BY_HAND
            )
        before = volume.read(INI)
        if before is None:
            raise LocalProblem("There is no boot.ini on the customer's computer.")
        after, attributes = safe(before), volume.attributes(INI)
        _copy(volume, before)
    except OSError as e:
        raise LocalProblem(
            "boot.ini could not be copied: nothing was changed, and nothing is restarted.", str(e)
        ) from None
    try:
        _replace(volume, after, attributes)
    except OSError as e:
        settle(volume)
        raise LocalProblem("boot.ini could not be changed: nothing is restarted.", str(e)) from None


def settle(volume: Volume) -> str:
    """As it was before `prepare`, if nobody else has changed it since. What a person should know, '' for nothing."""
    try:
        if volume.read(BESIDE) is not None:
            volume.remove(BESIDE)
        backup, now = volume.read(BAK), volume.read(INI)
        if backup is None:
            return ""
        if now == backup:
            volume.remove(BAK)
            return ""
        if now is not None and now != safe(backup):
            return "boot.ini was changed by somebody else meanwhile; it and boot.ini.bak were left alone. " + BY_HAND
        attributes = volume.attributes(BAK if now is None else INI)
        if now is not None:
            volume.set_attributes(INI, attributes & ~READ_ONLY)
        volume.rename(BAK, INI)
        volume.set_attributes(INI, attributes)
        return "boot.ini is again as it was."
    except (OSError, LocalProblem):
        return "boot.ini could not be restored. " + BY_HAND


def _copy(volume: Volume, before: bytes) -> None:
    volume.write(BESIDE, before)
    if volume.read(BESIDE) != before:
        raise OSError("the copy is not equal")
    volume.rename(BESIDE, BAK)
    if volume.read(BAK) != before:
        raise OSError("the copy is not equal")


def _replace(volume: Volume, after: bytes, attributes: int) -> None:
    volume.write(BESIDE, after)
    if volume.read(BESIDE) != after:
        raise OSError("what was written is not what is there")
    volume.set_attributes(INI, attributes & ~READ_ONLY)  # a read-only file is not replaced
    volume.rename(BESIDE, INI)
    volume.set_attributes(INI, attributes)
