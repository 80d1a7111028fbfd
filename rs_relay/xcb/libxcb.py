"""libxcb as it is called from here: the functions of xproto.h, shm.h and render.h, and the C library's for shared
memory, with what each takes and gives. A request gives a cookie.
"""

from __future__ import annotations

import ctypes as c
from dataclasses import dataclass

_LINK, _ID, _WORD, _BYTE, _PLACE, _AT = c.c_void_p, c.c_uint32, c.c_uint16, c.c_uint8, c.c_int16, c.c_void_p
_Type = type[c._SimpleCData] | type[c.Structure] | None  # type: ignore[type-arg]


class NoShared(Exception):
    """This display shares no memory with us, or shows pixels another way. Not an error: there is another glass, and
    another camera."""


class Cookie(c.Structure):
    _fields_ = (("sequence", c.c_uint),)


class _Extension(c.Structure):
    _fields_ = (("name", c.c_char_p), ("global_id", c.c_int))


_CORE: dict[str, tuple[_Type, tuple[_Type, ...]]] = {
    "xcb_connect": (_AT, (c.c_char_p, _AT)),
    "xcb_disconnect": (None, (_LINK,)),
    "xcb_connection_has_error": (c.c_int, (_LINK,)),
    "xcb_get_setup": (_AT, (_LINK,)),
    "xcb_get_extension_data": (_AT, (_LINK, _AT)),
    "xcb_generate_id": (_ID, (_LINK,)),
    "xcb_flush": (c.c_int, (_LINK,)),
    "xcb_poll_for_event": (_AT, (_LINK,)),
    "xcb_request_check": (_AT, (_LINK, Cookie)),
    "xcb_get_input_focus": (Cookie, (_LINK,)),
    "xcb_get_input_focus_reply": (_AT, (_LINK, Cookie, _AT)),
    "xcb_create_gc": (Cookie, (_LINK, _ID, _ID, _ID, _AT)),
    "xcb_free_gc": (Cookie, (_LINK, _ID)),
    "xcb_create_pixmap": (Cookie, (_LINK, _BYTE, _ID, _ID, _WORD, _WORD)),
    "xcb_free_pixmap": (Cookie, (_LINK, _ID)),
    "xcb_put_image": (
        Cookie,
        (_LINK, _BYTE, _ID, _ID, _WORD, _WORD, _PLACE, _PLACE, _BYTE, _BYTE, _ID, c.c_char_p),
    ),
    "xcb_get_image": (Cookie, (_LINK, _BYTE, _ID, _PLACE, _PLACE, _WORD, _WORD, _ID)),
    "xcb_get_image_reply": (_AT, (_LINK, Cookie, _AT)),
    "xcb_get_image_data": (_AT, (_AT,)),
    "xcb_query_pointer": (Cookie, (_LINK, _ID)),
    "xcb_query_pointer_reply": (_AT, (_LINK, Cookie, _AT)),
    "xcb_change_window_attributes": (Cookie, (_LINK, _ID, _ID, _AT)),
    "xcb_free_cursor": (Cookie, (_LINK, _ID)),
}
_SHM: dict[str, tuple[_Type, tuple[_Type, ...]]] = {
    "xcb_shm_attach_checked": (Cookie, (_LINK, _ID, _ID, _BYTE)),
    "xcb_shm_attach_fd_checked": (Cookie, (_LINK, _ID, c.c_int32, _BYTE)),
    "xcb_shm_get_image": (Cookie, (_LINK, _ID, _PLACE, _PLACE, _WORD, _WORD, _ID, _BYTE, _ID, _ID)),
    "xcb_shm_get_image_reply": (_AT, (_LINK, Cookie, _AT)),
    "xcb_shm_detach": (Cookie, (_LINK, _ID)),
    "xcb_shm_put_image": (
        Cookie,
        (_LINK, _ID, _ID, *[_WORD] * 6, _PLACE, _PLACE, _BYTE, _BYTE, _BYTE, _ID, _ID),
    ),
}
_RENDER: dict[str, tuple[_Type, tuple[_Type, ...]]] = {
    "xcb_render_query_pict_formats": (Cookie, (_LINK,)),
    "xcb_render_query_pict_formats_reply": (_AT, (_LINK, Cookie, _AT)),
    "xcb_render_query_pict_formats_formats": (_AT, (_AT,)),
    "xcb_render_create_picture": (Cookie, (_LINK, _ID, _ID, _ID, _ID, _AT)),
    "xcb_render_free_picture": (Cookie, (_LINK, _ID)),
    "xcb_render_create_cursor_checked": (Cookie, (_LINK, _ID, _ID, _WORD, _WORD)),
}
_LIBC: dict[str, tuple[_Type, tuple[_Type, ...]]] = {
    "shmget": (c.c_int, (c.c_int, c.c_size_t, c.c_int)),
    "shmat": (_AT, (c.c_int, _AT, c.c_int)),
    "shmdt": (c.c_int, (_AT,)),
    "shmctl": (c.c_int, (c.c_int, c.c_int, _AT)),
    "free": (None, (_AT,)),
}


@dataclass(frozen=True)
class Libraries:
    xcb: c.CDLL
    shm: c.CDLL
    libc: c.CDLL
    render: c.CDLL | None  # for pointers in colours

    def extension(self, library: c.CDLL, name: str) -> _Extension:
        return _Extension.in_dll(library, name)


def load() -> Libraries:
    """Raises NoShared where they are not."""
    try:
        return Libraries(
            _open("libxcb.so.1", _CORE), _open("libxcb-shm.so.0", _SHM), _declared(c.CDLL(None), _LIBC), _render()
        )
    except (OSError, AttributeError, TypeError) as e:  # no such library; an elder one; Windows has no library None
        raise NoShared("libxcb is not here") from e


def _render() -> c.CDLL | None:
    try:
        return _open("libxcb-render.so.0", _RENDER)
    except (OSError, AttributeError):
        return None


def _open(name: str, functions: dict[str, tuple[_Type, tuple[_Type, ...]]]) -> c.CDLL:
    return _declared(c.CDLL(name), functions)


def _declared(library: c.CDLL, functions: dict[str, tuple[_Type, tuple[_Type, ...]]]) -> c.CDLL:
    for name, (gives, takes) in functions.items():
        function = getattr(library, name)
        function.restype, function.argtypes = gives, takes
    return library
