"""The two halves of the X selection protocol (ICCCM, section 2): `reading` asks an owner, `Offer` is one.

Neither blocks: both are fed the events that come for them, and the thread that feeds them (`x11`) keeps the time.
What is too long for one request travels in pieces (INCR): the reader deletes a property, the owner fills it again.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from Xlib import X, Xatom
from Xlib.protocol import event as xevent

from rs_relay.clipboard.contents import ClipboardTooLarge, Contents, Format, Raw, paths

PIECE = 256 * 1024  # bytes at a time, if the server's requests may be that long (65535 words by default: just less)
COUNT_UP_TO = 128 * 1024 * 1024  # bytes over the limit that are counted, unkept, to tell its size
MAX_TRANSFERS = 16  # readers that are served in pieces at once; a further one is refused

TEXT_TARGETS = ("UTF8_STRING", "text/plain;charset=utf-8", "STRING", "TEXT", "text/plain")
# The targets of each other format, the one we would rather have first.
TARGETS: Mapping[Format, tuple[str, ...]] = {
    Format.HTML: ("text/html",),
    Format.RTF: ("text/rtf", "application/rtf", "text/richtext"),
    Format.IMAGE: ("image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp"),
    Format.FILES: ("text/uri-list", "x-special/gnome-copied-files"),
}
Reading = Generator[None, Any, Any]  # is sent each event of its window; returns what was read


def targets(opened: Any, window: Any, selection: int) -> Reading:
    """The formats that `selection` offers, as a frozenset of Format."""
    offered = yield from _offered(opened, window, selection)
    named = {Format.TEXT: TEXT_TARGETS, **TARGETS}
    return frozenset(kind for kind, names in named.items() if any(opened.get_atom(name) in offered for name in names))


def reading_format(opened: Any, window: Any, selection: int, wanted: Format, limit: int) -> Reading:
    """Reads `selection` as one of the targets of `wanted`: Raw, or None. Raises ClipboardTooLarge."""
    atom, place = opened.get_atom, opened.get_atom("RS_READ")
    offered = yield from _offered(opened, window, selection)
    for name in TARGETS[wanted]:
        if atom(name) in offered:
            answer = yield from _convert(opened, window, selection, atom(name), place, limit)
            if answer is not None and answer[1]:
                return Raw(name, answer[1])
    return None


def _offered(opened: Any, window: Any, selection: int) -> Reading:
    place = opened.get_atom("RS_READ")
    found = yield from _convert(opened, window, selection, opened.get_atom("TARGETS"), place, 64 * 1024)
    return () if found is None else _atoms(found[1])


def reading(opened: Any, window: Any, selection: int, limit: int) -> Reading:
    """Reads the text of `selection` into `window`, which is used for nothing else. Raises ClipboardTooLarge."""
    atom = opened.get_atom
    place = atom("RS_READ")
    found = yield from _convert(opened, window, selection, atom("TARGETS"), place, 64 * 1024)
    offered = _atoms(found[1]) if found is not None else (atom("UTF8_STRING"), atom("STRING"))
    for name in TEXT_TARGETS:
        if atom(name) in offered:
            answer = yield from _convert(opened, window, selection, atom(name), place, limit)
            if answer is not None:
                return _decoded(answer[1], latin=answer[0] == Xatom.STRING, limit=limit)
    return ""


def _convert(
    opened: Any, window: Any, selection: int, target: int, place: int, limit: int
) -> Generator[None, Any, tuple[int, bytes] | None]:
    """(type, bytes) of `selection` as `target`; None if its owner refuses."""
    window.convert_selection(selection, target, place, X.CurrentTime)
    opened.flush()
    while True:
        event = yield
        if event.type == X.SelectionNotify and event.target == target:
            break
    if event.property == X.NONE:
        return None
    head = window.get_property(place, X.AnyPropertyType, 0, 1)
    if head is None:
        return None
    if head.property_type == opened.get_atom("INCR"):
        return (yield from _pieces(opened, window, place, limit))
    _within(_size(head) + head.bytes_after, limit)
    whole = window.get_property(place, X.AnyPropertyType, 0, limit // 4 + 1)
    window.delete_property(place)
    return None if whole is None else (whole.property_type, _bytes(whole))


def _pieces(opened: Any, window: Any, place: int, limit: int) -> Generator[None, Any, tuple[int, bytes]]:
    """What an owner sends in pieces. Over the limit nothing is kept, only counted."""
    kept: list[bytes] = []
    size, kind = 0, 0
    window.delete_property(place)
    opened.flush()
    while True:
        event = yield
        if event.type != X.PropertyNotify or event.atom != place or event.state != X.PropertyNewValue:
            continue
        room = max(0, limit - size) // 4 + 1 if size <= limit else 0
        piece = window.get_property(place, X.AnyPropertyType, 0, room)
        window.delete_property(place)
        opened.flush()
        came = 0 if piece is None else _size(piece) + piece.bytes_after
        if not came:
            _within(size, limit)
            return kind, b"".join(kept)
        kind = piece.property_type
        size += came
        if size > COUNT_UP_TO:
            raise ClipboardTooLarge(size)
        if size <= limit:
            kept.append(_bytes(piece))
        else:
            kept.clear()


def _within(size: int, limit: int) -> None:
    if size > limit:
        raise ClipboardTooLarge(size)


def _size(found: Any) -> int:
    return len(found.value) * int(found.format) // 8


def _bytes(found: Any) -> bytes:
    value = found.value
    if isinstance(value, bytes):
        return value
    return value.encode("latin-1") if isinstance(value, str) else bytes(value.tobytes())


def _atoms(data: bytes) -> tuple[int, ...]:
    return tuple(memoryview(data[: len(data) // 4 * 4]).cast("I"))


def _decoded(data: bytes, *, latin: bool, limit: int) -> str:
    """Some owners end the text with a NUL, and some lie about UTF-8."""
    text = data.decode("latin-1" if latin else "utf-8", "replace").rstrip("\0")
    if latin:
        _within(len(text.encode()), limit)
    return text


def _served(contents: Contents) -> dict[str, tuple[str, bytes]]:
    """Target to the type and bytes that are its answer. Copied files are pasted into a text as their paths."""
    served: dict[str, tuple[str, bytes]] = {}
    files, text = contents.get(Format.FILES), contents.get(Format.TEXT)
    if files is not None:
        text = "\n".join(paths(files)).encode("utf-8", "surrogateescape") if text is None else text
        served["x-special/gnome-copied-files"] = ("x-special/gnome-copied-files", _copied(files))
    for kind, names in TARGETS.items():
        if kind in contents:
            ours = names[:2] if kind is Format.RTF else names[:1]
            served.update({name: (name, contents[kind]) for name in ours})
    if text is not None:
        latin = text.decode("utf-8", "replace").encode("latin-1", "replace")
        for name in TEXT_TARGETS:
            served[name] = ("STRING", latin) if name == "STRING" else (name, text)
        served["TEXT"] = ("UTF8_STRING", text)
    return served


def _copied(files: bytes) -> bytes:
    """The list as file managers of the GNOME family want it: what to do first, then the URIs, no line break at the
    end (which some take for another file)."""
    return b"copy\n" + b"\n".join(files.split())


@dataclass
class _Transfer:
    window: Any
    kind: int
    data: memoryview
    touched: float


class Offer:
    """What we own the selection with, and serve to whoever asks, until somebody else owns it."""

    def __init__(self, opened: Any, contents: Contents, since: int) -> None:
        self._opened, self.contents, self.since = opened, contents, since
        self._served = _served(contents)
        self._transfers: dict[tuple[int, int], _Transfer] = {}
        self._piece = min(PIECE, opened.display.info.max_request_length * 4 - 64)

    def answer(self, request: Any, now: float) -> None:
        """Serves one SelectionRequest."""
        place = request.property or request.target  # (none: a client from before ICCCM)
        done = self._serve(request.requestor, request.target, place, now)
        self._opened.send_event(
            request.requestor,
            xevent.SelectionNotify(
                time=request.time,
                requestor=request.requestor,
                selection=request.selection,
                target=request.target,
                property=place if done else X.NONE,
            ),
            onerror=_ignored,
        )
        self._opened.flush()

    def _serve(self, window: Any, target: int, place: int, now: float) -> bool:
        atom = self._opened.get_atom
        if target == atom("TARGETS"):
            names = ("TARGETS", "TIMESTAMP", "MULTIPLE", *self._served)
            return self._put(window, place, Xatom.ATOM, 32, [atom(name) for name in names])
        if target == atom("TIMESTAMP"):
            return self._put(window, place, Xatom.INTEGER, 32, [self.since])
        if target == atom("MULTIPLE"):
            return self._serve_several(window, place, now)
        for name, (kind, data) in self._served.items():
            if target == atom(name):
                return self._hand(window, place, atom(kind), data, now)
        return False

    def _serve_several(self, window: Any, place: int, now: float) -> bool:
        """MULTIPLE: pairs of target and property; a pair that cannot be served gets the property None."""
        pair = self._opened.get_atom("ATOM_PAIR")
        asked = window.get_full_property(place, X.AnyPropertyType, sizehint=256)
        if asked is None or asked.format != 32:
            return False
        pairs = list(asked.value)[:64]
        many = self._opened.get_atom("MULTIPLE")
        for at in range(0, len(pairs) - 1, 2):
            if pairs[at] == many or not self._serve(window, pairs[at], pairs[at + 1], now):
                pairs[at + 1] = X.NONE
        return self._put(window, place, pair, 32, pairs)

    def _hand(self, window: Any, place: int, kind: int, data: bytes, now: float) -> bool:
        if len(data) <= self._piece:
            return self._put(window, place, kind, 8, data)
        if len(self._transfers) >= MAX_TRANSFERS:
            return False
        window.change_attributes(event_mask=X.PropertyChangeMask | X.StructureNotifyMask, onerror=_ignored)
        self._transfers[window.id, place] = _Transfer(window, kind, memoryview(data), now)
        return self._put(window, place, self._opened.get_atom("INCR"), 32, [len(data)])

    def _put(self, window: Any, place: int, kind: int, width: int, data: Any) -> bool:
        window.change_property(place, kind, width, data, onerror=_ignored)  # (the reader's window may have gone)
        return True

    def deleted(self, window: Any, place: int, now: float) -> None:
        """A reader took a piece: here is the next, and after the last an empty one."""
        transfer = self._transfers.get((window.id, place))
        if transfer is None:
            return
        piece, transfer.data = transfer.data[: self._piece], transfer.data[self._piece :]
        transfer.touched = now
        self._put(transfer.window, place, transfer.kind, 8, bytes(piece))
        if not piece:
            self._end(window.id, place)
        self._opened.flush()

    def gone(self, window: Any) -> None:
        """A reader's window was destroyed."""
        for key in [key for key in self._transfers if key[0] == window.id]:
            del self._transfers[key]

    def expire(self, before: float) -> None:
        """Forgets readers that took nothing since `before`."""
        for window, place in [key for key, transfer in self._transfers.items() if transfer.touched < before]:
            self._end(window, place)

    def _end(self, window: int, place: int) -> None:
        transfer = self._transfers.pop((window, place))
        if not any(key[0] == window for key in self._transfers):
            transfer.window.change_attributes(event_mask=X.NoEventMask, onerror=_ignored)

    @property
    def busy(self) -> bool:
        return bool(self._transfers)


def _ignored(error: Any, request: Any) -> None:
    """The other client has gone: nothing is owed to it any more."""
