"""Chat at the customer's end: the session's lines live here, and every link sees the same conversation.

Each line gets the next number. A technician's link says what it has seen (`Since`) and is sent what came later, then
each new line as it comes. A `Say` that is repeated after a lost link has the same key, and is the same line.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from rs_agent.bucket import Bucket
from rs_agent.feature import Context
from rs_relay.channels.chat import MAX_TEXT, SPEC, Current, Down, Line, Say, Since, Up, Who
from rs_relay.errors import PeerBroke, TooLarge
from rs_relay.link.channel import Channel, ChannelClosed

KEEP = 1000  # lines: days of talk; the oldest go first, so a hostile end cannot fill the memory (8 MiB at most)
KEYS = 1000  # of the last lines of technicians, against repetition
MAX_KEY = 64  # characters
BURST, PER_SECOND = 20, 5.0  # lines at once, then a second: faster than anybody types, slower than a flood


class Chat:
    spec = SPEC

    def __init__(self, context: Context, clock: Callable[[], float] = time.time) -> None:
        self._context = context
        self._clock = clock
        self._lines: deque[Line] = deque(maxlen=KEEP)
        self._last = context.lines
        self._keys: OrderedDict[str, None] = OrderedDict()
        self._more = asyncio.Event()

    @property
    def last(self) -> int:
        """The number of the last line."""
        return self._last

    def say(self, text: str) -> None:
        """A line typed by the customer, or several. Raises TooLarge."""
        if len(text) > MAX_TEXT:
            raise TooLarge(f"A chat line has at most {MAX_TEXT} characters; send a file instead.")
        self._add(Who.CUSTOMER, "", text)

    def tell(self, text: str) -> None:
        """A line of the agent itself, for the technician: what the customer allowed or took back."""
        self._add(Who.SYSTEM, "", text)

    async def run(self, channel: Channel[Down, Up]) -> None:
        sender: asyncio.Task[None] | None = None
        pace = Bucket(BURST, PER_SECOND, asyncio.get_running_loop().time)
        try:
            async for message in channel:
                match message:
                    case Since(last=last) if sender is None:
                        sender = asyncio.create_task(self._follow(channel, last), name="chat")
                    case Since():
                        raise PeerBroke("The other end said twice what it had seen of the chat.")
                    case Say():
                        await asyncio.sleep(pace.take())
                        self._hear(message)
        finally:
            if sender is not None:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)

    async def _follow(self, channel: Channel[Down, Up], seen: int) -> None:
        """Sends what came after line `seen`, for ever."""
        told = False
        try:
            while True:
                more = self._more
                for line in [line for line in self._lines if line.number > seen]:
                    await channel.send(line)
                    seen = line.number
                if not told:
                    await channel.send(Current(seen))
                    told = True
                if more is self._more:
                    await more.wait()
        except ChannelClosed:
            pass  # run's own loop hears it too, and ends

    def _hear(self, said: Say) -> None:
        if len(said.text) > MAX_TEXT or len(said.key) > MAX_KEY:
            raise PeerBroke("The other end sent a chat line that is too long.")
        if said.key and said.key in self._keys:
            return
        if said.key:
            self._keys[said.key] = None
            if len(self._keys) > KEYS:
                self._keys.popitem(last=False)
        name = self._context.technician
        self._add(Who.TECHNICIAN, name, said.text, said.key)
        self._context.face.chat(name, said.text)

    def _add(self, who: Who, name: str, text: str, key: str = "") -> None:
        self._last += 1
        self._lines.append(Line(self._last, who, name, text, self._clock(), key))
        self._more, before = asyncio.Event(), self._more
        before.set()
