"""Cutting websocket frames through, as bytes (RFC 6455, section 5). Pure: bytes in, bytes out.

Law: what leaves is the same sequence of frames that came, unmasked, with nothing of the relay's inside a frame. A
frame is never assembled: as soon as its header is there, the header goes out, and the payload follows piece by piece
as it comes, each piece unmasked in one pass of C. So a frame of any size costs no memory here.

    client ──▶  header(4..14, masked)  payload ▒▒▒▒    ──cut──▶    header(2..10)  payload ████  ──▶  the other client

What is refused, and how: text, reserved bits and opcodes, an unmasked frame, a continuation out of place (1002);
a message of more than LINK_MESSAGE bytes, whole or in fragments, as soon as a header announces it (1009); a message
in more than FRAGMENTS pieces, since empty pieces would never grow past any size (1008). A client that broke a rule
is `broken` for good; what it sent before that still goes through.

The first message of a link socket is text (`Attach`): `opening` holds it, and cutting stops right after it, with
what came behind it in `rest`.

Decided against: `websockets`' own parser (assembles each message in memory, 6 times slower at 1 KiB); one fragment per
piece that arrives (control frames could go between, but the receiver would have to join them again).
"""

from __future__ import annotations

from dataclasses import dataclass

from websockets.utils import apply_mask as _slow_mask

from rs_relay.wire.closing import NOT_BINARY, POLICY, PROTOCOL_ERROR, TOO_BIG
from rs_relay.wire.limits import CONTROL_MESSAGE, LINK_MESSAGE

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the compiled part
    apply_mask = _slow_mask

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80
MASKED = 0x80
UNMASKED = b"\0\0\0\0"
CONTROL_PAYLOAD = 125

# websockets sends a message in one frame, browsers in pieces of 128 KiB; 64 leaves room for a cautious proxy.
FRAGMENTS = 64

Piece = bytes | memoryview


class Broken(Exception):
    """The client broke the rules; `code` is what its socket is closed with."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Control:
    opcode: int
    payload: bytes


def control_frame(opcode: int, payload: bytes = b"") -> bytes:
    return bytes((FIN | opcode, len(payload))) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    text = reason.encode()[: CONTROL_PAYLOAD - 2].decode(errors="ignore").encode()
    return control_frame(CLOSE, code.to_bytes(2, "big") + text)


def text_frame(text: str) -> bytes:
    """A whole text message of at most 64 KiB."""
    payload = text.encode()
    return _header(FIN | TEXT, len(payload)) + payload


class FrameCutter:
    """The frames of one client. `cut` returns what goes to the other end; control frames gather in `controls`."""

    def __init__(self, *, opening: bool = True, largest: int = LINK_MESSAGE) -> None:
        self.controls: list[Control] = []
        self.opening: bytes | None = None
        self.rest = b""
        self.closed = False  # its close frame has come; what follows is nothing
        self.broken: Broken | None = None
        self._expects_opening = opening
        self._largest = largest
        self._head = b""  # of a header that is not complete
        self._left = 0  # bytes of the current payload that are still to come
        self._mask = UNMASKED
        self._collect: bytearray | None = None  # the payload of a control frame or of the opening
        self._opcode = 0
        self._message: int | None = None  # bytes of the message in progress, None between messages
        self._fragments = 0

    @property
    def between_frames(self) -> bool:
        """Whether something else may be sent to the other end without landing inside a frame."""
        return self._left == 0 or self._collect is not None

    def cut(self, data: bytes) -> list[Piece]:
        """The pieces for the other end, valid as long as `data` is. They hold also where `broken` is set by it."""
        out: list[Piece] = []
        if self.broken is None and not self.closed:
            try:
                self._cut(data, out)
            except Broken as e:
                self.broken = e
        return out

    def _cut(self, data: bytes, out: list[Piece]) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        view = memoryview(data)
        at, end = 0, len(data)
        while not self.closed:
            if self._left:
                if at == end:
                    break
                at = self._payload(view, at, end, out)
            else:
                after = self._next_header(data, at, end, out)
                if after < 0:
                    self._head = data[at:]
                    break
                at = after
            if self._left == 0 and self._collect is not None:
                self._collected()
                if self.opening is not None and self._expects_opening:
                    self._expects_opening = False
                    self.rest = data[at:]
                    break

    def _payload(self, view: memoryview, at: int, end: int, out: list[Piece]) -> int:
        take = min(self._left, end - at)
        piece: Piece = view[at : at + take]
        if self._mask != UNMASKED:
            piece = apply_mask(piece, self._mask)
            turn = take & 3
            if turn:
                self._mask = self._mask[turn:] + self._mask[:turn]
        self._left -= take
        if self._collect is None:
            out.append(piece)
        else:
            self._collect += piece
        return at + take

    def _next_header(self, data: bytes, at: int, end: int, out: list[Piece]) -> int:
        """Where the payload begins, or -1 if the header is not complete."""
        if end - at < 2:
            return -1
        first, second = data[at], data[at + 1]
        length = second & 0x7F
        after = at + 2
        if length == 126:
            after = at + 4
            length = int.from_bytes(data[at + 2 : after], "big")
        elif length == 127:
            after = at + 10
            length = int.from_bytes(data[at + 2 : after], "big")
        if not second & MASKED:
            raise Broken(PROTOCOL_ERROR, "frames from a client must be masked")
        if end < after + 4:
            return -1
        if first == FIN | BINARY and self._message is None and not self._expects_opening and length <= self._largest:
            out.append(_header(first, length))  # nearly every frame is this one
        else:
            self._check(first, length, out)
        self._mask = data[after : after + 4]
        self._left = length
        return after + 4

    def _check(self, first: int, length: int, out: list[Piece]) -> None:
        opcode, fin = first & 0x0F, bool(first & FIN)
        if first & 0x70:
            raise Broken(PROTOCOL_ERROR, "reserved bits are set")
        if opcode in (CLOSE, PING, PONG):
            if not fin or length > CONTROL_PAYLOAD:
                raise Broken(PROTOCOL_ERROR, "a control frame is too long or fragmented")
            self._opcode, self._collect = opcode, bytearray()
        elif self._expects_opening:
            self._check_opening(opcode, fin, length)
        elif opcode in (BINARY, CONT):
            self._check_data(opcode, fin, length)
            out.append(_header(first, length))
        elif opcode == TEXT:
            raise Broken(NOT_BINARY, "a link carries binary messages only")
        else:
            raise Broken(PROTOCOL_ERROR, "unknown opcode")

    def _check_opening(self, opcode: int, fin: bool, length: int) -> None:
        if opcode != TEXT or not fin:
            raise Broken(POLICY, "the first message of a link socket is its ticket")
        if length > CONTROL_MESSAGE:
            raise Broken(TOO_BIG, "the first message is too big")
        self._opcode, self._collect = TEXT, bytearray()

    def _check_data(self, opcode: int, fin: bool, length: int) -> None:
        if (opcode == CONT) != (self._message is not None):
            raise Broken(PROTOCOL_ERROR, "a fragment is out of place")
        size = (self._message or 0) + length
        if size > self._largest:
            raise Broken(TOO_BIG, "the message is too big")
        self._fragments = 0 if fin else self._fragments + 1
        if self._fragments > FRAGMENTS:
            raise Broken(POLICY, "the message is in too many fragments")
        self._message = None if fin else size

    def _collected(self) -> None:
        payload, self._collect = bytes(self._collect or b""), None
        if self._opcode == TEXT:
            self.opening = payload
        else:
            self.controls.append(Control(self._opcode, payload))
            self.closed = self._opcode == CLOSE


def _header(first: int, length: int) -> bytes:
    """An unmasked frame's header, in its shortest form."""
    if length < 126:
        return bytes((first, length))
    if length < 65536:
        return bytes((first, 126, length >> 8, length & 0xFF))
    return bytes((first, 127)) + length.to_bytes(8, "big")
