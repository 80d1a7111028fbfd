"""The leave of the person at a Wayland desktop, as this program has it: none, one, or one that they are asked for.

    none ──open──▶ asked ──yes──▶ held ──opened again, now to type, too──▶ asked ──yes──▶ held
                     └──no──▶ none, TakenBack      └──stopped there──▶ over: TakenBack to whoever looks or types
                                                   └──the desktop died─▶ over: DisplayGone; `open` tries anew

One for all who look and type. What the desktop remembers by (`token`) may be another after each.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from rs_relay.capture.base import DisplayGone, TakenBack
from rs_relay.capture.wayland.cast import Cast
from rs_relay.capture.wayland.places import Placed, arrange
from rs_relay.capture.wayland.screen import WaylandScreen
from rs_relay.errors import LocalProblem
from rs_relay.portal.session import HANDED, Devices, Lasting, Offer, Pointer, PortalSession, Refused, Source

DYING = 0.4  # seconds from the end of a leave after which it is seen whether the desktop ended with it


class Session(Protocol):
    """Of the portal, for tests another."""

    offer: Offer
    devices: Devices
    sources: tuple[Source, ...]
    token: str
    pointer: Pointer

    @property
    def asks(self) -> bool: ...

    def start(self, *, hands: bool, token: str = "", lasting: Lasting = Lasting.NO) -> None: ...

    def pictures(self) -> int: ...

    def notify(self, method: str, signature: str, *values: int | float) -> None: ...

    def close(self) -> None: ...


class Leave:
    """`token` and `lasting` as the portal has them; `kept` is told of each new token, '' for none any more."""

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        kept: Callable[[str], None] = lambda token: None,
        portal: Callable[[Callable[[bool], None]], Session] = PortalSession,
        cast: Callable[[int, tuple[Source, ...]], Cast] = Cast,
        *,
        once: bool = False,
    ) -> None:
        """`once`: it is given back when nobody looks any more."""
        self._once = once
        self._environ, self._kept, self._portal, self._new_cast = environ, kept, portal, cast
        self._opening = threading.Lock()
        self._state = threading.Lock()
        self._session: Session | None = None
        self._asked: Session | None = None
        self._typed = False  # the session was asked for with hands
        self._cast: Cast | None = None
        self._ended: tuple[float, bool] | None = None  # when, and whether the bus went
        self._given_back = 0
        self._declined = False  # the person was asked for hands, and gave none
        self.token = ""
        self.lasting = Lasting.NO

    @property
    def asks(self) -> bool:
        """The desktop's own question may be on show."""
        asked = self._asked
        return asked is not None and asked.asks

    @property
    def beside(self) -> bool:
        session = self._session
        return session is not None and session.pointer is Pointer.BESIDE

    # --- having it ---

    def screen(self, *, hands: bool) -> WaylandScreen:
        """To look; with `hands`, the person is asked for both at once. Raises TakenBack, or LocalProblem."""
        with self._opening:
            if self._session is None or self._ended is not None:
                self._ask(hands=hands)
            return WaylandScreen(self, self._showing())

    def typing(self) -> Session:
        """To type. Raises TakenBack, or LocalProblem where this desktop lets nobody type."""
        with self._opening:
            session = self._session
            lacking = session is None or self._ended is not None or not self._typed
            if session is None or lacking or (not _types(session) and self._declined):
                session = self._ask(hands=True, needed=True)
            if not _types(session):
                self._declined = True  # said once; whoever is granted it anew has the person asked anew
                raise TakenBack(
                    "The person there told their desktop to let you look, not type.",
                    "Ask them to allow it there, too, and ask for control again.",
                )
            return session

    def _showing(self) -> Cast:
        """Raises LocalProblem when what was granted shows nothing any more: the next `screen` asks for another."""
        session, cast = self._session, self._cast
        if session is None:
            raise TakenBack("The screen of this computer is not seen any more.", "Ask for it again.")
        if cast is not None and not cast.over:
            return cast
        self._swap(session, None, typed=self._typed)
        try:
            made = self._new_cast(session.pictures(), session.sources)
        except LocalProblem:
            self._swap(None, None, typed=False)
            session.close()
            raise
        self._swap(session, made, typed=self._typed)
        return made

    def _ask(self, *, hands: bool, needed: bool = False) -> Session:
        turn = self._given_back
        mine: list[Session] = []
        session = self._portal(lambda bus_gone: self._over(mine, bus_gone))
        mine.append(session)
        self._asked = session
        try:
            if needed and not session.offer.types:
                raise LocalProblem(
                    "This desktop lets programs look, not type.", "Say what is to be done there instead."
                )
            session.start(hands=hands, token=self.token, lasting=self.lasting)
            if turn != self._given_back:
                raise Refused("The question at this computer was taken back.")
        except Refused as e:
            session.close()
            self._remember("")
            raise TakenBack(e.message, "Ask them again.") from e
        except LocalProblem:
            session.close()
            raise
        finally:
            self._asked = None
        before = self._session
        self._ended, self._declined = None, False
        self._swap(session, None, typed=hands and session.offer.types)
        if before is not None:
            before.close()
        self._remember(session.token)
        return session

    def _swap(self, session: Session | None, cast: Cast | None, *, typed: bool) -> None:
        with self._state:
            self._session, self._typed = session, typed
            before, self._cast = self._cast, cast
        if before is not None and before is not cast:
            before.close()

    def _remember(self, token: str) -> None:
        if token != self.token:
            self.token = token
            self._kept(token)

    # --- using it ---

    def places(self) -> tuple[Placed, ...]:
        """The screens, as they stand."""
        cast, session = self._cast, self._session
        if cast is not None:
            return cast.places()
        sources = session.sources if session is not None else ()
        return arrange(sources, [(s.width, s.height) for s in sources], [(1.0, 1.0)] * len(sources))

    def check(self) -> None:
        """Raises DisplayGone or TakenBack when it is over."""
        ended, cast = self._ended, self._cast
        if ended is None and (cast is None or not cast.over):
            return
        time.sleep(max(0.0, ended[0] + DYING - time.monotonic()) if ended else DYING)
        ended = self._ended
        if ended is None or ended[1] or not alive(self._environ):
            if ended is None and not alive(self._environ):
                self._ended = (time.monotonic(), False)  # a portal may outlive its desktop, and its leave is void then
            raise DisplayGone("The desktop whose screen was seen has ended.")
        raise TakenBack("The person at this computer stopped it in their desktop.", "Ask them again.")

    def cast(self, screen: WaylandScreen) -> Cast:
        self.check()
        if screen.cast is self._cast:
            return screen.cast
        with self._opening:
            return self._showing()

    def closed(self, screen: WaylandScreen) -> None:
        """One looks no more. Pictures go on to come until it is given back: a compositor whose pictures are asked for a
        second time may wait until something changes before it sends the first."""
        if screen.cast.leave(screen) and self._once:
            self.give_back()

    # --- its end ---

    def _over(self, whose: list[Session], bus_gone: bool) -> None:
        """In the bus's thread."""
        with self._state:
            if self._session not in whose:
                return
            self._ended = (time.monotonic(), bus_gone)
            cast = self._cast
        if cast is not None:
            cast.wake()

    def give_back(self, *, wait: bool = True) -> None:
        """Nobody here looks or types any more, nor is the person asked. The desktop hears of it within moments, which
        may be waited for."""
        with self._state:
            self._given_back += 1
            asked, session, cast = self._asked, self._session, self._cast
            self._session, self._cast, self._typed, self._ended = None, None, False, None
        parts = [one for one in (asked, cast, session) if one is not None]
        telling = threading.Thread(target=_close, args=(parts,), name="portal-close", daemon=True)
        telling.start()
        if wait:
            telling.join()

    def forget(self) -> None:
        """What the desktop remembers of the person's yes is not used again."""
        self._remember("")


def _close(parts: Sequence[Session | Cast]) -> None:
    for part in parts:
        part.close()


def _types(session: Session) -> bool:
    return session.devices & HANDED == HANDED


def alive(environ: Mapping[str, str]) -> bool:
    """Whether the compositor takes connections."""
    name = environ.get("WAYLAND_DISPLAY") or "wayland-0"
    path = name if os.path.isabs(name) else os.path.join(environ.get("XDG_RUNTIME_DIR", ""), name)
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
