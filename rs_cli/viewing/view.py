"""One viewer's window on one session: hands over between the features and the viewer's process, and says in the
window's status line how things stand. It decides one thing: what was withdrawn and is granted again goes on.

    Screen ─▶ viewer                frames as they come; the channel waits while the viewer is behind
    viewer ─▶ Screen, Control       what was painted, what the hands do
    events, Consent ─▶ viewer       one line of status, sent whenever it reads differently
    companions ◀─▶ viewer           what else the menu offers (pause, modes, drawing …), see `companion`

Who owns what: `_hear` alone reads from the viewer; `_see` and below it `_act` use the features; `_tell` sends status
and the menu's entries; what is chosen in the menu runs in a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rs_cli.features.consent import Consent
from rs_cli.features.control import Control
from rs_cli.features.screen import Screen
from rs_cli.session.events import Began, Event, Stopped
from rs_cli.session.status import Open
from rs_cli.session.technician import Technician
from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around, Busy, Companion, Make, Taker
from rs_relay.channels.consent import Grant, State
from rs_relay.channels.screen.messages import ALL_MONITORS, Choose, Painted, Refresh, Tune
from rs_relay.errors import LocalProblem, NotAllowed, RsError, SessionEnded, from_wire
from rs_relay.link.spec import Permission
from rs_relay.text import printable

REMARK = 5.0  # seconds that a passing remark stays in the status line

WAITING = "Waiting for the picture…"
ASKING_VIEW = "Waiting for the customer to allow that you see the screen…"
ASKING_CONTROL = "Waiting for the customer to allow keyboard and mouse…"
LOST = "Connection lost, reconnecting…"
NOT_SHARED = "The customer has stopped sharing the screen."
VIEW_ONLY = "View only: the customer has not allowed keyboard and mouse."
CHOSEN = "View only."
CONTROLLING = "Connected. Keyboard and mouse act on the customer's computer."
NO_EFFECT = "That had no effect: the customer has not allowed keyboard and mouse."

_NEEDS = {"screen": Permission.VIEW, "control": Permission.CONTROL}


class Viewer(Protocol):
    """The running window, see `rs_cli.viewer.child`."""

    codecs: tuple[str, ...]

    async def send(self, message: pipe.ToViewer) -> None: ...

    async def receive(self) -> pipe.FromViewer | None: ...


@dataclass(frozen=True)
class Wish:
    """How the technician wants the window to begin."""

    monitor: int = ALL_MONITORS
    exact: bool = False  # 1:1 instead of scaled to fit
    view_only: bool = False
    tune: Tune = Tune()  # noqa: RUF009 - frozen


class View:
    def __init__(self, session: Technician, viewer: Viewer, wish: Wish, companions: Sequence[Make] = ()) -> None:
        self._session, self._viewer, self._wish = session, viewer, wish
        self._screen = Screen(viewer.send, monitor=wish.monitor, codecs=viewer.codecs, tune=wish.tune)
        self._control = Control(self._input_ignored, self._input_failed)
        self._consent = Consent(self._consented)
        self._grants: dict[Permission, Grant] = {}
        # What ended for want of a grant; True once the state has shown it so, for the channel ends a little earlier.
        self._denied: dict[Permission, bool] = {}
        self._seen = False  # a picture has been painted
        self._shared = True  # it has not been withdrawn since
        self._remark = ""
        self._standing: dict[str, str] = {}  # what companions say for longer, by whose it is
        self._changed = asyncio.Event()  # set, and replaced, when something above may read differently
        self._hearers: dict[type[Any], Callable[[Any], None]] = {}
        around = Around(
            session, self._screen, viewer.send, self._say, self._stand, self._touch, lambda p: self._grants.get(p),
            self._hearers.__setitem__, self._control.do, lambda work: self._chore(self._try(work)),
        )  # fmt: skip
        self._companions = [make(around) for make in companions]
        self._chores: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the technician closes the window. Raises what ended the session, NotAllowed if the customer did not
        let the screen be seen, LocalProblem when the window broke."""
        stop_listening = self._session.listen(self._happened)
        number, customer = str(self._session.entry.number), printable(self._session.entry.customer, 60)
        await self._viewer.send(pipe.Title(" · ".join(filter(None, (number, customer))) + " — rs", self._wish.exact))
        tasks = [asyncio.create_task(work(), name="view") for work in (self._hear, self._see, self._tell)]
        for companion in self._companions:
            if isinstance(companion, Busy):
                self._chore(companion.run())
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            stop_listening()
            for task in tasks:
                task.cancel()
            chores = list(self._chores)
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*tasks, *chores, return_exceptions=True)

    # what is used of the session

    async def _see(self) -> None:
        """The screen, and below it control, as long as the session lasts. What the customer allows is told meanwhile:
        the picture need not wait a way there and back for it."""
        self._chore(self._try(self._session.use(self._consent)))
        while True:
            try:
                await self._session.during(self._screen, self._act())
            except NotAllowed:
                if not self._seen:
                    raise
                self._shared = False
                self._touch()
                await self._granted_again(Permission.VIEW)
                self._shared = True

    async def _act(self) -> None:
        while not self._wish.view_only:
            try:
                await self._session.during(self._control, asyncio.Event().wait())
            except SessionEnded:
                raise
            except RsError as error:  # not granted, withdrawn, or a computer without hands: seeing goes on
                if not isinstance(error, NotAllowed):
                    self._say(printable(error.message))
                self._touch()
                await self._granted_again(Permission.CONTROL)
        await asyncio.Event().wait()

    async def _granted_again(self, permission: Permission) -> None:
        """Until the customer grants what was refused or withdrawn. Nobody asks them for it again."""
        while permission in self._denied:
            await self._changed.wait()

    # what the window says

    async def _hear(self) -> None:
        while True:
            match await self._viewer.receive():
                case pipe.Hands(said):
                    if not any(isinstance(each, Taker) and each.takes(said) for each in self._companions):
                        self._control.do(said)
                case Painted() as painted:
                    await self._painted(painted)
                case Choose(monitor):
                    await self._screen.choose(monitor)
                case Refresh():
                    await self._screen.refresh()
                case pipe.Chosen(what, on):
                    self._choose(what, on)
                case pipe.Closed():
                    return
                case pipe.Cannot(code, message, hint):
                    raise from_wire(code, message, hint)
                case pipe.Ready():
                    pass
                case pipe.Drawn() | pipe.Pen() as said:
                    self._hearers.get(type(said), _nobody)(said)
                case None:
                    raise LocalProblem(
                        "The window for the screen closed unexpectedly.",
                        f"The session goes on; `rs view {self._session.entry.number}` opens it again.",
                    )

    def _choose(self, what: str, on: bool) -> None:
        for companion in self._companions:
            if any(entry.id == what and entry.enabled for entry in companion.entries()):
                self._chore(self._carry_out(companion, what, on))

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        chore = asyncio.create_task(work, name="companion")
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    async def _carry_out(self, companion: Companion, what: str, on: bool) -> None:
        await self._try(companion.chosen(what, on))
        self._touch()

    async def _try(self, work: Awaitable[None]) -> None:
        try:
            await work
        except RsError as error:
            self._say(printable(error.message))

    async def _painted(self, painted: Painted) -> None:
        await self._screen.painted(painted)
        if not self._seen:
            self._seen = True
            self._touch()

    # what the window is told

    async def _tell(self) -> None:
        told = offered = None
        while True:
            changed = self._changed
            status = self._status()
            if status != told:
                await self._viewer.send(status)
                told = status
            entries = tuple(entry for companion in self._companions for entry in companion.entries())
            if entries != offered:
                await self._viewer.send(pipe.Entries(entries))
                offered = entries
            await changed.wait()

    def _status(self) -> pipe.Status:
        connected = isinstance(self._session.status, Open)
        granted = ", ".join(str(p) for p in Permission if self._grants.get(p) is Grant.GRANTED)
        text = self._remark if self._remark and connected else self._line()
        return pipe.Status(connected and self._shared, self._control.active, text, granted)

    def _line(self) -> str:
        if not isinstance(self._session.status, Open):
            return LOST
        if not self._shared:
            return " ".join((NOT_SHARED, *self._standing.values()))
        if not self._seen:
            return ASKING_VIEW if self._grants.get(Permission.VIEW) is Grant.ASKING else WAITING
        if self._standing:
            return " ".join(self._standing.values())
        if self._control.active:
            return CONTROLLING
        if self._wish.view_only:
            return CHOSEN
        return ASKING_CONTROL if self._grants.get(Permission.CONTROL) is Grant.ASKING else VIEW_ONLY

    def _input_ignored(self) -> None:
        if isinstance(self._session.status, Open):  # else the line says already what is wrong
            self._say(NO_EFFECT)

    def _input_failed(self, error: RsError) -> None:
        self._say(printable(error.message))

    def _say(self, remark: str) -> None:
        """In the status line for a moment."""
        self._remark = remark
        self._touch()
        asyncio.get_running_loop().call_later(REMARK, self._forget, remark)

    def _stand(self, whose: str, words: str) -> None:
        """In the status line as long as the picture is there and nothing else is to be said."""
        self._standing.pop(whose, None)
        if words:
            self._standing[whose] = words
        self._touch()

    def _forget(self, remark: str) -> None:
        if self._remark is remark:
            self._remark = ""
            self._touch()

    # what happens

    def _happened(self, event: Event) -> None:
        if isinstance(event, Stopped) and event.feature in _NEEDS:
            permission = _NEEDS[event.feature]
            self._denied[permission] = self._grants.get(permission) is not Grant.GRANTED
        elif isinstance(event, Began):
            self._remark = ""  # it was about what has been put right
        self._touch()

    def _consented(self, state: State) -> None:
        self._grants = dict(state.grants)
        for permission in list(self._denied):
            if self._grants.get(permission) is not Grant.GRANTED:
                self._denied[permission] = True
            elif self._denied[permission]:
                del self._denied[permission]
        self._touch()

    def _touch(self) -> None:
        self._changed, before = asyncio.Event(), self._changed
        before.set()


def _nobody(said: object) -> None:
    """For what no companion wants to hear."""
