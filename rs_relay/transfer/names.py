r"""The one door for a file name given by the other side.

Law: a name that passes `safe_name` is a tuple of parts that can only name something *below* a folder, on any system,
and that a person can read; and the walk below that folder (`walk`) goes from directory descriptor to directory
descriptor and follows no symbolic link. A name is refused, never repaired: a repaired name is another name.

    refused: empty, absolute, `.` and `..`, a backslash, control and format characters (line feeds, bidi overrides,
    zero width), unassigned and private ones, more than 32 parts, 255 bytes a part, 1024 bytes in all;
    for a Windows receiver also <>:"|?*, a dot or space at the end of a part, device names (CON, LPT1.txt), `~1`

Decided against: joining strings and checking `realpath` afterwards. Between the check and the use a local program may
put a link there, and two of the best-known tools for sending files fell to that.
"""

from __future__ import annotations

import os
import re
import unicodedata

from rs_relay.errors import TransferFailed

PARTS, PART_BYTES, NAME_BYTES = 32, 255, 1024
PART_PREFIX = ".rs-part-"  # our own temporary files; nobody else may name them

_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_WINDOWS_SIGNS = frozenset('<>:"|?*')
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])( *(\..*)?)?$", re.IGNORECASE)
_WINDOWS_SHORT = re.compile(r"~[0-9]")
# What nearly every name is: short parts of letters, digits and `_`, with `.` and `-` within. All of it would pass where
# each part is looked at, which takes five times as long.
_EVERYDAY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}){0,9}")


def safe_name(name: str, *, windows: bool = os.name == "nt") -> tuple[str, ...]:
    """The parts of a `/`-separated relative name, in NFC. Raises TransferFailed, without repeating the name."""
    if not windows and _EVERYDAY.fullmatch(name):
        return tuple(name.split("/"))
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise _refuse("is not valid Unicode") from None
    if size > NAME_BYTES:
        raise _refuse("is too long")
    parts = tuple(name.split("/"))
    if not name.isascii():
        parts = tuple(unicodedata.normalize("NFC", part) for part in parts)
    if len(parts) > PARTS:
        raise _refuse("is nested too deeply")
    for part in parts:
        _check_part(part, windows)
    return parts


def _check_part(part: str, windows: bool) -> None:
    if part == "":
        raise _refuse("is empty or absolute")
    if part in (".", ".."):
        raise _refuse("leads out of its folder")
    if len(part.encode("utf-8")) > PART_BYTES:
        raise _refuse("is too long")
    if "\\" in part or not (_plain(part) or all(unicodedata.category(c) not in _CATEGORIES for c in part)):
        raise _refuse("holds a character that a name may not hold")
    if part.casefold().startswith(PART_PREFIX):
        raise _refuse("is kept for unfinished transfers")
    if windows:
        _check_windows(part)


def _plain(part: str) -> bool:
    """What nearly every name is, told without looking at each character."""
    return part.isascii() and part.isprintable()


def _check_windows(part: str) -> None:
    if _WINDOWS_SIGNS & set(part) or part[-1] in ". ":
        raise _refuse("holds a character that Windows does not allow")
    if _WINDOWS_DEVICE.match(part) or _WINDOWS_SHORT.search(part):
        raise _refuse("has a special meaning on Windows")


def _refuse(why: str) -> TransferFailed:
    return TransferFailed(f"The file's name {why}.", "Rename it and send it again.")


def stays_within(parts: tuple[str, ...], target: str) -> bool:
    """Whether a link called `parts` that leads to `target` stays in the topmost directory of its name, whatever other
    links of that kind are on the way: it may climb at its beginning alone, from where the link itself is."""
    if len(parts) < 2 or not target or target.startswith("/") or "\0" in target or "\\" in target:
        return False
    steps = [step for step in target.split("/") if step not in ("", ".")]
    climbs = 0
    while climbs < len(steps) and steps[climbs] == "..":
        climbs += 1
    return ".." not in steps[climbs:] and climbs <= len(parts) - 2


def numbered(name: str, number: int) -> str:
    """`name` for 0, then `name (1)`, `name (2)` …, the number before the extension, within 255 bytes."""
    if number == 0:
        return name
    stem, suffix = _split(name)
    mark = f" ({number})"
    room = PART_BYTES - len((mark + suffix).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + mark + suffix


def _split(name: str) -> tuple[str, str]:
    stem, suffix = os.path.splitext(name)
    if stem.lower().endswith(".tar"):
        stem, suffix = stem[:-4], stem[-4:] + suffix
    return (stem, suffix) if len(suffix.encode()) <= 32 else (name, "")


def walk(root: int, parts: tuple[str, ...], *, create: bool) -> int:
    """A new descriptor of the directory `parts` below the directory `root`; missing ones are made (0700) if `create`.

    Follows no symbolic link. Raises OSError: ENOTDIR or ELOOP where a part is a link or no directory.
    """
    at = os.dup(root)
    try:
        for part in parts:
            below = _step(at, part, create)
            os.close(at)
            at = below
    except BaseException:
        os.close(at)
        raise
    return at


def _step(at: int, part: str, create: bool) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(part, flags, dir_fd=at)
    except FileNotFoundError:
        if not create:
            raise
    try:
        os.mkdir(part, 0o700, dir_fd=at)
    except FileExistsError:
        pass  # somebody was quicker: open what is there now, by the same rules
    return os.open(part, flags, dir_fd=at)
