"""libpipewire as it is called from here: the functions and structures of pipewire/stream.h and spa/buffer, and nothing
that is a macro there. Layouts are those of PipeWire 0.3 and 1.x, whose ABI is kept; later versions only append.
"""

from __future__ import annotations

import ctypes as c
from dataclasses import dataclass
from functools import cache

from rs_relay.errors import LocalProblem

_AT = c.c_void_p
_Type = type[c._SimpleCData] | type[c.Structure] | None  # type: ignore[type-arg]

INPUT = 0  # pw_direction
AUTOCONNECT, MAP_BUFFERS, DONT_RECONNECT = 1 << 0, 1 << 2, 1 << 7  # pw_stream_flags
ERROR, UNCONNECTED, PAUSED, STREAMING = -1, 0, 2, 3  # pw_stream_state
CORRUPTED = 1  # spa_chunk.flags: there is no picture in it, only what is told beside
ANY = 0xFFFFFFFF


class Chunk(c.Structure):
    _fields_ = (("offset", c.c_uint32), ("size", c.c_uint32), ("stride", c.c_int32), ("flags", c.c_int32))


class Data(c.Structure):
    _fields_ = (
        ("type", c.c_uint32), ("flags", c.c_uint32), ("fd", c.c_int64), ("mapoffset", c.c_uint32),
        ("maxsize", c.c_uint32), ("data", c.c_void_p), ("chunk", c.POINTER(Chunk)),
    )  # fmt: skip


class Meta(c.Structure):
    _fields_ = (("type", c.c_uint32), ("size", c.c_uint32), ("data", c.c_void_p))


class SpaBuffer(c.Structure):
    _fields_ = (
        ("n_metas", c.c_uint32), ("n_datas", c.c_uint32), ("metas", c.POINTER(Meta)), ("datas", c.POINTER(Data)),
    )  # fmt: skip


class Buffer(c.Structure):
    """The beginning of a pw_buffer: only libpipewire makes them."""

    _fields_ = (("buffer", c.POINTER(SpaBuffer)),)


class Hook(c.Structure):
    """A spa_hook: two links, the callbacks with their data, two pointers of its owner."""

    _fields_ = (("room", c.c_void_p * 6),)


StateChanged = c.CFUNCTYPE(None, _AT, c.c_int, c.c_int, c.c_char_p)
ParamChanged = c.CFUNCTYPE(None, _AT, c.c_uint32, _AT)
OfBuffer = c.CFUNCTYPE(None, _AT, _AT)
Process = c.CFUNCTYPE(None, _AT)


class StreamEvents(c.Structure):
    """pw_stream_events of version 0: what was added to it later is never called."""

    _fields_ = (
        ("version", c.c_uint32), ("destroy", _AT), ("state_changed", StateChanged), ("control_info", _AT),
        ("io_changed", _AT), ("param_changed", ParamChanged), ("add_buffer", _AT), ("remove_buffer", OfBuffer),
        ("process", Process), ("drained", _AT),
    )  # fmt: skip


_FUNCTIONS: dict[str, tuple[_Type, tuple[object, ...]]] = {
    "pw_init": (None, (_AT, _AT)),
    "pw_get_library_version": (c.c_char_p, ()),
    "pw_properties_new": (_AT, (c.c_char_p,)),
    "pw_properties_set": (c.c_int, (_AT, c.c_char_p, c.c_char_p)),
    "pw_thread_loop_new": (_AT, (c.c_char_p, _AT)),
    "pw_thread_loop_get_loop": (_AT, (_AT,)),
    "pw_thread_loop_start": (c.c_int, (_AT,)),
    "pw_thread_loop_stop": (None, (_AT,)),
    "pw_thread_loop_lock": (None, (_AT,)),
    "pw_thread_loop_unlock": (None, (_AT,)),
    "pw_thread_loop_destroy": (None, (_AT,)),
    "pw_context_new": (_AT, (_AT, _AT, c.c_size_t)),
    "pw_context_connect_fd": (_AT, (_AT, c.c_int, _AT, c.c_size_t)),
    "pw_context_destroy": (None, (_AT,)),
    "pw_core_disconnect": (c.c_int, (_AT,)),
    "pw_stream_new": (_AT, (_AT, c.c_char_p, _AT)),
    "pw_stream_add_listener": (None, (_AT, c.POINTER(Hook), c.POINTER(StreamEvents), _AT)),
    "pw_stream_connect": (c.c_int, (_AT, c.c_int, c.c_uint32, c.c_int, c.POINTER(_AT), c.c_uint32)),
    "pw_stream_update_params": (c.c_int, (_AT, c.POINTER(_AT), c.c_uint32)),
    "pw_stream_dequeue_buffer": (_AT, (_AT,)),
    "pw_stream_queue_buffer": (c.c_int, (_AT, _AT)),
    "pw_stream_destroy": (None, (_AT,)),
}


@dataclass(frozen=True)
class Library:
    """`call` holds the functions by their names without 'pw_'."""

    call: dict[str, c._NamedFuncPointer]

    def __getattr__(self, name: str) -> c._NamedFuncPointer:
        try:
            return self.call[name]
        except KeyError:
            raise AttributeError(name) from None


@cache
def load(name: str = "libpipewire-0.3.so.0") -> Library:
    """Raises LocalProblem where it is not installed, or too old."""
    try:
        opened = c.CDLL(name)
        call = {each.removeprefix("pw_"): getattr(opened, each) for each in _FUNCTIONS}
    except (OSError, AttributeError) as e:
        raise LocalProblem(
            "The library libpipewire, which hands over what a Wayland desktop shows, is not installed here.",
            "It is the package libpipewire-0.3-0 on Debian and Ubuntu, pipewire-libs on Fedora.",
        ) from e
    for each, (gives, takes) in _FUNCTIONS.items():
        function = call[each.removeprefix("pw_")]
        function.restype, function.argtypes = gives, takes
    call["init"](None, None)
    return Library(call)


def pods(each: tuple[bytes, ...]) -> tuple[c.Array[c.c_void_p], list[c.Array[c.c_char]]]:
    """Pods as an array of pointers, and what must live as long as it is used."""
    kept = [c.create_string_buffer(pod, len(pod)) for pod in each]
    return (c.c_void_p * len(kept))(*(c.addressof(one) for one in kept)), kept
