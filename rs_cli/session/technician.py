"""One support session at the technician's end, without any face.

Law: the session outlives its links. `Technician` keeps one link to the agent open, makes a new one when it breaks, and
runs each feature that is in use on a fresh channel of every link. It decides nothing about what is said there.

    open_session(3) ──▶ Connecting ─▶ Open ──▶ use(chat), use(files) … ──▶ Lost ─▶ Connecting ─▶ Open (they run again)

Who owns what: one task keeps the link (`_keep`), one task for each feature in use (`_serve`); both end with the
`async with`. Faces call `use` and `during`, and listen to events; commands mostly need `during` alone:

    async with open_session(number, timeout=60) as session:
        chat = Chat()
        line = await session.during(chat, chat.say("Hello"))
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from rs_cli.feature import Feature, Prompt
from rs_cli.session.connector import Connector, Link
from rs_cli.session.events import Began, Event, Moved, Opening
from rs_cli.session.events import Stopped as FeatureStopped
from rs_cli.session.status import Connecting, Ended, Lost, Open, Status, Stopped
from rs_cli.state.book import NOT_BACK, Book, Entry
from rs_relay.channels import consent
from rs_relay.errors import ConnectionLost, NoSuchSession, RsError, SessionEnded, Unreachable
from rs_relay.link.backoff import Backoff
from rs_relay.link.channel import ChannelClosed

T = TypeVar("T")

# How often the agent must say that it knows no such session before it is believed: the relay can say it in its place.
DENIALS = 3
ABSENT = "The customer's computer is not at the relay now."
BY_TECHNICIAN = "You ended the session."
FAREWELL = 3.0  # seconds the agent has to answer a goodbye
HURRY, RESUMABLE = 60.0, 600.0  # seconds, see `open_session`


class Technician:
    def __init__(self, entry: Entry, connector: Connector, book: Book, link: Link | None = None) -> None:
        """`link` is the one that pairing made, if this process has just paired."""
        self.entry = entry
        self.status: Status = Connecting(1)
        self._connector = connector
        self._book = book
        self._link = link
        self._links_made = self._attempt = self._denials = 0
        self._backoff = Backoff()
        self._defect: Exception | None = None
        self._listeners: list[Callable[[Event], None]] = []
        self._uses: dict[str, _Use] = {}
        self._changed = asyncio.Condition()
        self._keeper: asyncio.Task[None] | None = None
        self._patience: float | None = None
        self._lost_at: float | None = None

    # what faces call

    def be_patient(self, seconds: float | None) -> None:
        """How long a lost link is tried for again before the session stops here as Unreachable; None: for ever."""
        self._patience = seconds

    def listen(self, heard: Callable[[Event], None]) -> Callable[[], None]:
        """Call `heard` for each event from now on; returns how to stop that."""
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    async def reached(self) -> None:
        """Wait until the session is open. Raises what ended or stopped it before."""
        async with self._changed:
            await self._changed.wait_for(lambda: isinstance(self.status, Open | Ended | Stopped))
        self._raise_if_over()

    async def use(self, feature: Feature) -> None:
        """Open the feature's channel now and on every later link; returns when it is open for the first time.

        Raises NotAllowed when the customer has not granted it. A feature in use is not opened twice."""
        name = feature.spec.name
        use = self._uses.get(name)
        if use is None or use.over.done():
            use = self._uses[name] = _Use(feature)
            use.task = asyncio.create_task(self._serve(use), name=f"feature {name}")
        began = asyncio.ensure_future(use.began.wait())
        either: list[asyncio.Future[Any]] = [began, use.over]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            began.cancel()
        if not use.began.is_set() and use.over.done():
            raise use.over.result() or ConnectionLost(f"The {name} channel was closed.")

    async def drop(self, feature: Feature) -> None:
        """Close the feature's channel and do not open it again."""
        use = self._uses.pop(feature.spec.name, None)
        if use and use.task:
            use.task.cancel()
            await asyncio.wait([use.task])

    async def during(self, feature: Feature, work: Coroutine[Any, Any, T]) -> T:
        """Use `feature` and await `work`. What ends the feature or the session first is raised, and `work` cancelled.

        A lost link does not end it: the feature takes up its work on the next one."""
        try:
            await self.use(feature)
        except BaseException:
            work.close()
            raise
        use = self._uses[feature.spec.name]
        task = asyncio.create_task(work)
        either: list[asyncio.Future[Any]] = [task, use.over]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            # The feature may have failed `work` with a better error than the channel's own: let that come out first.
            await asyncio.wait([task], timeout=0.05)
            if task.done() and not task.cancelled():
                return task.result()
            error = use.over.result()
            self._raise_if_over()
            raise error or ConnectionLost(f"The {use.name} channel was closed.")
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, RsError):
                await asyncio.wait([task])

    async def end(self, reason: str) -> bool:
        """End the session for everybody: both computers, all links. Returns whether the agent could be told; the keys
        are wiped here anyway, and an agent that was not told gives up by itself."""
        told = await _say_goodbye(self._link, reason) if self._link else False
        if not self._over:
            await self._finish(reason or BY_TECHNICIAN)
        return told

    # the life of the link

    async def _keep(self) -> None:
        try:
            await self._keep_linked()
        except Exception as defect:
            self._defect = defect  # ours: `_raise_if_over` brings it to light
            await self._move(Stopped(None))

    async def _keep_linked(self) -> None:
        while not self._over:
            try:
                link = self._link or await self._reach()
            except RsError as e:
                await self._failed(e)
                continue
            self._link = link
            self._links_made += 1
            self._attempt = self._denials = 0
            self._lost_at = None
            self._backoff.reset()
            self._book.expect(self.entry.number, 0)
            await self._move(Open(self._links_made))
            error = await link.closed()
            self._link = None
            if not self._over:
                await self._broken(error)

    async def _reach(self) -> Link:
        self._attempt += 1
        await self._move(Connecting(self._attempt))
        return await self._connector.reach(self.entry)

    async def _failed(self, error: RsError) -> None:
        """An attempt at a link came to nothing.

        The relay's word that nobody of that name is there (an agent that is still on its way back, after the relay
        was restarted) ends nothing, however often it says so: the keys are wiped at an end and do not come back."""
        if isinstance(error, NoSuchSession):
            await self._wait(ABSENT)
            return
        if isinstance(error, SessionEnded):
            self._denials += 1
            if self._denials < DENIALS:
                await self._wait(error.message)
                return
        await self._broken(error)

    async def _broken(self, error: RsError) -> None:
        """A link that was open has ended, or no link is to be had."""
        if isinstance(error, SessionEnded):
            await self._finish(error.message)
        elif isinstance(error, Unreachable):
            await self._wait(error.message)
        else:
            await self._move(Stopped(error))

    async def _wait(self, why: str) -> None:
        left = self._book.waits(self.entry.number)
        if left < 0:
            await self._finish(NOT_BACK)
            return
        if left:
            why = (
                f"The customer's computer restarts; it has {left // 60:.0f}:{int(left % 60):02d} minutes to come back."
            )
        now = asyncio.get_running_loop().time()
        self._lost_at = now if self._lost_at is None else self._lost_at
        if self._patience is not None and not left and now - self._lost_at > self._patience and self._links_made:
            await self._move(Stopped(Unreachable(f"The customer's computer was not to be reached again. {why}")))
            return
        pause = self._backoff.next()
        await self._move(Lost(why, pause))
        await asyncio.sleep(pause)

    async def _serve(self, use: _Use) -> None:
        """Run the feature on every link until it stops for another reason than the link's end."""
        served = 0
        error: RsError | None = None
        try:
            while True:
                link, served = await self._next_link(served)
                error = await self._run(use, link)
                if isinstance(error, SessionEnded) and not self._over:
                    await self._finish(error.message)
                if not isinstance(error, ConnectionLost):
                    return
        except RsError as e:
            error = e
        except Exception as defect:
            use.over.set_exception(defect)  # ours: whoever waits in `during` brings it to light
        finally:
            if not use.over.done():
                use.over.set_result(error)
            self._tell(FeatureStopped(use.name, error))

    async def _run(self, use: _Use, link: Link) -> RsError | None:
        """Run the feature on one link; returns why it stopped there, ConnectionLost when the link was the reason."""
        try:
            self._tell(Opening(use.name))
            feature = use.feature
            channel = await link.open(feature.spec, feature.first() if isinstance(feature, Prompt) else None)
        except RsError as refusal:
            return refusal
        use.began.set()
        self._tell(Began(use.name))
        error: RsError | None = None
        try:
            await use.feature.run(channel)
        except ChannelClosed as closed:
            error = closed.error
        except RsError as e:
            error = e
        finally:  # also when it was dropped: the other end must know
            await channel.close(error)
        return error

    async def _next_link(self, served: int) -> tuple[Link, int]:
        """A link that this feature has not run on yet."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._over or (self._link is not None and self._links_made > served))
        self._raise_if_over()
        if self._link is None:
            return await self._next_link(served)
        return self._link, self._links_made

    async def _move(self, status: Status) -> None:
        async with self._changed:
            self.status = status
            self._changed.notify_all()
        self._tell(Moved(status))

    async def _finish(self, why: str) -> None:
        self.entry = self._book.end(self.entry.number, why)
        await self._move(Ended(why))

    @property
    def _over(self) -> bool:
        return isinstance(self.status, Ended | Stopped)

    def _raise_if_over(self) -> None:
        if self._defect:
            raise self._defect
        match self.status:
            case Ended(why):
                raise SessionEnded(f"Session {self.entry.number} has ended.", why)
            case Stopped(error):
                raise error or ConnectionLost("The connection was closed.")
            case _:
                return

    def _tell(self, event: Event) -> None:
        for heard in list(self._listeners):
            heard(event)

    async def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep(), name=f"session {self.entry.number}")

    async def stop(self) -> None:
        """Close this program's link; the session goes on."""
        tasks = [use.task for use in self._uses.values() if use.task]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        link = self._link
        if not isinstance(self.status, Ended | Stopped):
            await self._move(Stopped(None))
        if link is not None:
            with suppress(RsError, ChannelClosed):
                await link.close()
        if self._keeper:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])


class _Use:
    """A feature in use: `began` after its first channel opened, `over` with what ended it."""

    def __init__(self, feature: Feature) -> None:
        self.feature = feature
        self.name = feature.spec.name
        self.began = asyncio.Event()
        self.over: asyncio.Future[RsError | None] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None


async def _say_goodbye(link: Link, reason: str) -> bool:
    """Whether the agent heard it: it answers with a goodbye of its own, or ends the link at once."""
    try:
        async with asyncio.timeout(FAREWELL):
            channel = await link.open(consent.SPEC)
            await channel.send(consent.Goodbye(reason))
            async for said in channel:
                if isinstance(said, consent.Goodbye):
                    return True
            return True
    except (ChannelClosed, SessionEnded):
        return True
    except (RsError, TimeoutError):
        return False


@asynccontextmanager
async def open_session(
    number: int | None,
    *,
    timeout: float | None = 60.0,
    heard: Callable[[Event], None] | None = None,
    book: Book | None = None,
    connector: Connector | None = None,
) -> AsyncIterator[Technician]:
    """The session of that number (None: the only open one), reached. `timeout` bounds the reaching; None waits.

    A link that breaks later is tried for again for ten minutes, as long as an agent keeps a session; whoever gave a
    `timeout` below a minute is in a hurry, and is told after that.

    Raises NoSuchSession, SessionEnded, Unreachable, SignInNeeded."""
    book = book or Book()
    entry = book.pick(number)
    if connector is None:
        from rs_cli.session.dialled import connector_for  # the network's imports, paid only when it is needed

        connector = connector_for(entry.relay)
    session = Technician(entry, connector, book)
    if heard:
        session.listen(heard)
    try:
        await session.start()
        await _reach(session, timeout)
        session.be_patient(timeout if timeout is None or timeout < HURRY else max(timeout, RESUMABLE))
        yield session
    finally:
        await session.stop()


async def _reach(session: Technician, timeout: float | None) -> None:
    try:
        async with asyncio.timeout(timeout):
            await session.reached()
    except TimeoutError:
        why = session.status.why if isinstance(session.status, Lost) else "There was no answer."
        raise Unreachable(f"Session {session.entry.number} could not be reached in {timeout:.0f} s.", why) from None


async def end_session(
    number: int, reason: str, timeout: float, *, book: Book | None = None, connector: Connector | None = None
) -> bool:
    """End a session at both computers; returns whether the customer's could be told. Its keys are wiped here anyway.

    Raises NoSuchSession, SessionEnded when it had ended before."""
    book = book or Book()
    book.pick(number)
    try:
        async with open_session(number, timeout=timeout, book=book, connector=connector) as session:
            return await session.end(reason)
    except SessionEnded:
        return True  # the customer was quicker
    except RsError:
        book.end(number, reason or BY_TECHNICIAN)
        return False
