"""The errors of rs. Everything a person may be told is one of these; nothing else reaches them.

    RsError                        exit  1   something went wrong
    ├── UsageError                       2   the request itself cannot be carried out
    ├── NotAllowed                       3   the customer has not granted it, or has withdrawn it
    ├── WrongCode                        4   the code is not valid (any more), or its secret half is wrong
    ├── NoSuchSession                    5   no session, device or remote thing of that name
    ├── Unreachable                      6   the relay, or the other end, cannot be reached now
    │   └── ConnectionLost               6   the link broke; it can be made again
    ├── SessionEnded                     7   one side ended the session; it cannot be resumed
    ├── SignInNeeded                     8   the relay wants a technician's token
    ├── TransferFailed                   9   a file did not arrive whole
    │   ├── DiskFull                    10   a disk has no room for what is to be written
    │   └── Damaged                     11   the bytes that arrived are not the bytes that were sent
    ├── TooLarge                        12   over a limit that protects one side
    ├── LocalProblem                    13   this computer lacks something (a display, a program, a right)
    └── PeerBroke                       14   the other end said something that no honest program says

A person gets `message` (one sentence) and `hint` (what to do next). Neither may hold a secret: no code, key,
token, file content, chat or clipboard text. `code` is the stable name for `--json` and for the wire.
*We broke it* is never one of these: a defect of ours surfaces as an ordinary Python exception.
"""

from __future__ import annotations

import errno
from typing import ClassVar

from rs_relay.text import printable

# What a system says where nothing more can be written.
NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
SENTENCE = 500  # terminal cells of a message or hint that somebody else worded


class RsError(Exception):
    """Base of the tree. `message` is one sentence for a person, `hint` the next step (may be empty)."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint


class UsageError(RsError):
    code, exit_status = "usage", 2


class NotAllowed(RsError):
    code, exit_status = "not-allowed", 3
    default_hint = "Ask the customer to allow it; they see the question in their rs-agent."


class WrongCode(RsError):
    code, exit_status = "wrong-code", 4
    default_hint = "Read the code again with the customer, or ask them for a new one."


class NoSuchSession(RsError):
    code, exit_status = "not-found", 5
    default_hint = "`rs sessions list` shows the sessions you hold."


class Unreachable(RsError):
    code, exit_status = "unreachable", 6
    default_hint = "Check the network and the relay's address, then try again."


class ConnectionLost(Unreachable):
    code, exit_status = "connection-lost", 6


class SessionEnded(RsError):
    code, exit_status = "session-ended", 7
    default_hint = "Ask the customer for a new code."


class SignInNeeded(RsError):
    code, exit_status = "sign-in-needed", 8
    default_hint = "Run `rs login URL` with the token your relay's operator gave you."


class TransferFailed(RsError):
    code, exit_status = "transfer-failed", 9


class DiskFull(TransferFailed):
    code, exit_status = "disk-full", 10
    default_hint = "Free some room on the receiving computer and send again: a file goes on where it stopped."


class Damaged(TransferFailed):
    code, exit_status = "damaged", 11
    default_hint = "Send it again."


class TooLarge(RsError):
    code, exit_status = "too-large", 12


class LocalProblem(RsError):
    code, exit_status = "local-problem", 13


class PeerBroke(RsError):
    code, exit_status = "peer-broke", 14
    default_hint = "The programs at the two ends may be of different versions; update both."


def _tree(kind: type[RsError]) -> dict[str, type[RsError]]:
    found = {kind.code: kind}
    for child in kind.__subclasses__():
        found.update(_tree(child))
    return found


BY_CODE: dict[str, type[RsError]] = _tree(RsError)


def from_wire(code: str, message: str, hint: str | None = None) -> RsError:
    """The error that the other end named and worded; an unknown `code` is a plain RsError."""
    return BY_CODE.get(code, RsError)(printable(message, SENTENCE), None if hint is None else printable(hint, SENTENCE))


def unwritten(error: OSError) -> DiskFull:
    """Of a disk of this computer's: an `error` of NO_ROOM."""
    hint = "Free some room where its output goes, or its own files (`rs help environment`)."
    full = DiskFull("The disk that rs writes to has no room left.", hint)
    full.__cause__ = error
    return full
