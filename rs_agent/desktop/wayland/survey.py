"""What a Wayland desktop offers, without asking anybody at it anything: for `rs-agent doctor`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from rs_agent.language import N_
from rs_relay.errors import LocalProblem

PATIENCE = 10.0  # seconds: a portal is started by the first call


@dataclass(frozen=True)
class Survey:
    """`why` and `hint` say why something is lacking (English, to be translated where it is shown), '' where nothing is.

    Versions are those of the portal's interfaces, 0 for none."""

    desktop: str  # as it calls itself: 'GNOME'; '' where it does not
    sees: bool = False  # programs may look, after the person was asked
    types: bool = False  # and type
    remembers: bool = False  # the desktop's own question can be answered once for ever
    clipboard: bool = False  # can be reached
    screens: int = 0  # version of ScreenCast
    hands: int = 0  # of RemoteDesktop
    why: str = ""
    hint: str = ""


LOOK_ONLY = N_("This desktop lets programs look, not type.")


def is_wayland(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the desktop is Wayland's, which may have an X server for old programs, too (Xwayland)."""
    kind = environ.get("XDG_SESSION_TYPE", "")
    return bool(environ.get("WAYLAND_DISPLAY")) or (kind == "wayland" and not environ.get("DISPLAY"))


def shares_clipboard(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the desktop's clipboard is to be had through its X server."""
    return bool(environ.get("DISPLAY")) and "GNOME" in environ.get("XDG_CURRENT_DESKTOP", "").split(":")


def survey(environ: Mapping[str, str] = os.environ) -> Survey:
    """Takes up to some seconds; never raises. To be called off the event loop."""
    from rs_relay.pipewire.libpipewire import load
    from rs_relay.portal.bus import Bus
    from rs_relay.portal.session import offer

    desktop = environ.get("XDG_CURRENT_DESKTOP", "").split(":")[-1]
    try:
        load()
        bus = Bus()
    except LocalProblem as e:
        return Survey(desktop, why=e.message, hint=e.hint)
    try:
        found = bus.run(offer(bus), PATIENCE)
    except Exception:  # whatever a bus may answer: it is one sentence to the person
        return Survey(desktop, why=N_("This desktop's portal does not answer."))
    finally:
        bus.close()
    if not found.screens:
        return Survey(
            desktop,
            why=N_("This Wayland desktop lets no program see its screen: it has no portal for that."),
            hint=N_("Install xdg-desktop-portal and the part of it for this desktop, and log in again."),
        )
    remembers = found.hands >= 2 if found.types else found.screens >= 4
    return Survey(
        desktop, True, found.types, remembers, shares_clipboard(environ), found.screens, found.hands,
        "" if found.types else LOOK_ONLY,
    )  # fmt: skip
