"""Control: the technician's hands on the customer's computer.

The law: events act in the order in which they were said, one at a time, each only while the channel may still speak;
when a run ends, for whatever reason, every key and button that it held is let go before the run is over. So whoever
waits for the end of a run (a customer who takes control back) knows that nothing acts after it.

X calls block, so one thread makes them all: the loop never waits for a display, and order is the queue's order.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from rs_agent.bucket import Bucket
from rs_agent.desktop.base import Hands
from rs_agent.feature import Context
from rs_relay.capture.base import DisplayGone, TakenBack
from rs_relay.channels.control.keys import is_key
from rs_relay.channels.control.messages import (
    MAX_TEXT,
    SPEC,
    Button,
    Failed,
    Key,
    Move,
    ReleaseAll,
    Type,
    Up,
    Wheel,
)
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke
from rs_relay.link.channel import Channel
from rs_relay.link.spec import Permission

PIECE = 16  # characters typed in one go (some 10 ms): between two pieces the grant is looked at again
MAX_NOTCHES = 100  # of the wheel in one message
BURST, PER_SECOND = 2000, 1000.0  # events at once, then a second: a mouse of 1000 Hz, and no more
LET_GO = 0.5  # seconds that the end of a run waits for a display that does not answer


class Control:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._context = context
        self._thread = ThreadPoolExecutor(1, "hands")
        self._hands: Hands | None = None

    async def run(self, channel: Channel[Failed, Up]) -> None:
        loop = asyncio.get_running_loop()
        live = threading.Event()  # cleared at the end: a call that is still queued then does nothing
        live.set()
        pace = Bucket(BURST, PER_SECOND, loop.time)
        failed = False
        try:
            async for message in channel:
                if wait := pace.take():
                    await asyncio.sleep(wait)
                if not isinstance(message, Move):
                    self._context.courtesy.awaited()
                for act in _acts(message):
                    try:
                        await loop.run_in_executor(self._thread, self._do, act, live)
                    except (LocalProblem, NotAllowed) as e:
                        if not failed:  # once: a display that is gone, or a pause, fails every event that follows
                            await channel.send(Failed(e.code, e.message))
                            if isinstance(
                                e, TakenBack
                            ):  # by the person, in their desktop: as if they had said it to rs
                                self._context.withdraw(Permission.CONTROL)
                        failed = True
                        break
                    failed = False
                    self._context.pulse.beat()
        finally:
            live.clear()
            await self._let_go(loop)

    def let_go(self) -> None:
        """Lets go of every key and button, from any thread; for the agent's emergency exit."""
        self._thread.submit(self._release).result(LET_GO)

    def close(self) -> None:
        """Off the event loop: waits for the hands."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    async def _let_go(self, loop: asyncio.AbstractEventLoop) -> None:
        done = loop.run_in_executor(self._thread, self._release)
        # Shielded and bounded: this runs while the task is being cancelled, and must neither be cut nor hang.
        await asyncio.wait([done], timeout=LET_GO)

    def _do(self, act: Callable[[Hands], None], live: threading.Event) -> None:
        if not live.is_set():
            return
        if self._hands is None:
            self._hands = self._context.desktop.hands()
        try:
            act(self._hands)
        except (DisplayGone, TakenBack):  # another may come in its place: the next event looks for it
            self._close()
            raise

    def _release(self) -> None:
        if self._hands is not None:
            self._hands.release_all()

    def _close(self) -> None:
        if self._hands is not None:
            self._hands.release_all()
            self._hands.close()
            self._hands = None


def _acts(message: Up) -> list[Callable[[Hands], None]]:
    """What to do with the hands; raises PeerBroke for what no honest program sends."""
    match message:
        case Move(x=x, y=y):
            # The hands clamp to the desktop; here only what would not fit into an X request is kept out.
            return [partial(_move, x=_within(x, 1 << 15), y=_within(y, 1 << 15))]
        case Button(name=name, down=down):
            return [partial(_button, name=str(name), down=down)]
        case Wheel(dx=dx, dy=dy):
            return [partial(_wheel, dx=_within(dx, MAX_NOTCHES), dy=_within(dy, MAX_NOTCHES))]
        case Key(name=name, down=down):
            if not is_key(name):
                raise PeerBroke("The other end pressed a key that does not exist.")
            return [partial(_key, name=name, down=down)]
        case Type(text=text):
            if len(text) > MAX_TEXT:
                raise PeerBroke("The other end typed more at once than the protocol allows.")
            return [partial(_type, text=text[at : at + PIECE]) for at in range(0, len(text), PIECE)]
        case ReleaseAll():
            return [_release]


def _within(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


def _move(hands: Hands, x: int, y: int) -> None:
    hands.move(x, y)


def _button(hands: Hands, name: str, down: bool) -> None:
    hands.button(name, down)


def _wheel(hands: Hands, dx: int, dy: int) -> None:
    hands.wheel(dx, dy)


def _key(hands: Hands, name: str, down: bool) -> None:
    hands.key(name, down)


def _type(hands: Hands, text: str) -> None:
    hands.text(text)


def _release(hands: Hands) -> None:
    hands.release_all()
