"""The five requests of the XKB extension that typing needs, which python-xlib does not have.

Numbers and layouts are those of "The X Keyboard Extension: Protocol Specification" (X.Org, version 1.0), appendix D.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from Xlib.protocol import rq

from rs_agent.desktop.x11.keymap import Key, Keymap, KeyType
from rs_relay.capture.x11.connection import need

NAME = "XKEYBOARD"
_CORE_KEYBOARD = 0x100
_NEW_KEYBOARD_NOTIFY, _MAP_NOTIFY = 0, 1
_KEY_TYPES, _KEY_SYMS, _MODIFIER_MAP = 1, 2, 4


class _UseExtension(rq.ReplyRequest):  # type: ignore[misc]
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(0), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor")
    )  # fmt: skip
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Card8("supported"), rq.Card16("sequence_number"), rq.ReplyLength(),
        rq.Card16("major"), rq.Card16("minor"), rq.Pad(20),
    )  # fmt: skip


class _SelectEvents(rq.Request):  # type: ignore[misc]
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(1), rq.RequestLength(), rq.Card16("device"), rq.Card16("affect"),
        rq.Card16("clear"), rq.Card16("all"), rq.Card16("affect_map"), rq.Card16("map"),
    )  # fmt: skip


class _GetState(rq.ReplyRequest):  # type: ignore[misc]
    _request = rq.Struct(rq.Card8("opcode"), rq.Opcode(4), rq.RequestLength(), rq.Card16("device"), rq.Pad(2))
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Card8("device"), rq.Card16("sequence_number"), rq.ReplyLength(),
        rq.Card8("mods"), rq.Card8("base_mods"), rq.Card8("latched_mods"), rq.Card8("locked_mods"),
        rq.Card8("group"), rq.Card8("locked_group"), rq.Pad(18),
    )  # fmt: skip


class _LatchLockState(rq.Request):  # type: ignore[misc]
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(5), rq.RequestLength(), rq.Card16("device"), rq.Card8("affect_locks"),
        rq.Card8("locks"), rq.Bool("lock_group"), rq.Card8("group"), rq.Card8("affect_latches"),
        rq.Card8("latches"), rq.Pad(1), rq.Bool("latch_group"), rq.Card16("group_latch"),
    )  # fmt: skip


class _GetMap(rq.ReplyRequest):  # type: ignore[misc]
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(8), rq.RequestLength(), rq.Card16("device"), rq.Card16("full"),
        rq.Card16("partial"), rq.Pad(18),
    )  # fmt: skip
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Card8("device"), rq.Card16("sequence_number"), rq.ReplyLength(), rq.Pad(2),
        rq.Card8("lowest"), rq.Card8("highest"), rq.Card16("present"), rq.Card8("first_type"), rq.Card8("types"),
        rq.Card8("all_types"), rq.Card8("first_key"), rq.Card16("all_symbols"), rq.Card8("keys"), rq.Pad(10),
        rq.Card8("first_modifier"), rq.Card8("modifiers"), rq.Card8("all_modifiers"), rq.Pad(6),
        rq.Binary("data"),
    )  # fmt: skip


@dataclass(frozen=True)
class State:
    """Modifiers in force, those of them that are locked (Caps Lock, Num Lock), and the layout in force (0 to 3)."""

    modifiers: int
    locked: int
    group: int


class Keyboard:
    """The core keyboard of an open display, over XKB. Not thread-safe: its owner holds a lock."""

    def __init__(self, opened: Any) -> None:
        need(opened, NAME, "to type")
        self._display = opened
        self._opcode = opened.query_extension(NAME).major_opcode
        self._event = opened.query_extension(NAME).first_event
        self._ask(_UseExtension, major=1, minor=0, to_device=False)
        wanted = _KEY_TYPES | _KEY_SYMS | _MODIFIER_MAP
        both = 1 << _NEW_KEYBOARD_NOTIFY | 1 << _MAP_NOTIFY
        self._ask(_SelectEvents, affect=both, clear=0, all=both, affect_map=wanted, map=wanted)

    def _ask(self, request: Any, *, to_device: bool = True, **fields: Any) -> Any:
        if to_device:
            fields["device"] = _CORE_KEYBOARD
        return request(display=self._display.display, opcode=self._opcode, **fields)

    def state(self) -> State:
        reply = self._ask(_GetState)
        return State(reply.mods, reply.locked_mods, reply.group)

    def lock(self, affected: int, locked: int) -> None:
        """Locks those of the `affected` modifiers that are in `locked`, unlocks the others."""
        self._ask(
            _LatchLockState, affect_locks=affected, locks=locked, lock_group=False, group=0, affect_latches=0,
            latches=0, latch_group=False, group_latch=0,
        )  # fmt: skip

    def keymap(self) -> Keymap:
        reply = self._ask(_GetMap, full=_KEY_TYPES | _KEY_SYMS | _MODIFIER_MAP, partial=0)
        counts = (reply.types, reply.keys, reply.first_key, reply.all_modifiers)
        return parse(bytes(reply.data), *counts, reply.lowest, reply.highest)

    def changed_keys(self, event: Any) -> range | None:
        """The keycodes whose meaning `event` says has changed (maybe all); None for an event of another kind."""
        if event.type & 0x7F != self._event:
            return None
        if event.detail == _NEW_KEYBOARD_NOTIFY:
            return range(256)
        data = bytes(event.data)
        changed = struct.unpack_from("=H", data, 6)[0]
        if event.detail != _MAP_NOTIFY:
            return None
        if changed & (_KEY_TYPES | _MODIFIER_MAP):
            return range(256)
        return range(data[12], data[12] + data[13]) if changed & _KEY_SYMS else range(0)


def parse(data: bytes, types: int, keys: int, first_key: int, modifiers: int, lowest: int, highest: int) -> Keymap:
    """The variable part of a GetMap reply that holds key types, key symbols and the modifier map, in this order."""
    at, kinds = _types(data, types)
    found: dict[int, Key] = {}
    for keycode in range(first_key, first_key + keys):
        indices, info, width, count = struct.unpack_from("=4sBBH", data, at)
        symbols = struct.unpack_from(f"={count}I", data, at + 8)
        at += 8 + 4 * count
        groups = info & 0x0F
        if groups and width:
            found[keycode] = Key(
                tuple(kinds[index] for index in indices[:groups]),
                tuple(symbols[group * width : (group + 1) * width] for group in range(groups)),
                info,
            )
    pairs = struct.iter_unpack("=BB", data[at : at + 2 * modifiers])
    return Keymap(found, {keycode: bits for keycode, bits in pairs if bits}, lowest, highest)


def _types(data: bytes, count: int) -> tuple[int, list[KeyType]]:
    at, kinds = 0, []
    for _ in range(count):
        mask, _, _, _, entries, preserve, _ = struct.unpack_from("=BBHBBBB", data, at)
        at += 8
        levels = {}
        for _ in range(entries):
            active, held, level = struct.unpack_from("=BBB", data, at)
            if active:
                levels[held] = level
            at += 8
        at += 4 * entries if preserve else 0
        kinds.append(KeyType(mask, levels))
    return at, kinds
