"""What `rs-agent unattended run` does: one wait after another, until `stop` or a signal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable

from rs_agent import desktop, life, locking, machine
from rs_agent.config import Config
from rs_agent.desktop.base import Desktop
from rs_agent.ending import Ending
from rs_agent.feature import Returned
from rs_agent.features import OFFERED
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_, _
from rs_agent.session import ticket as tickets
from rs_agent.session.plan import Plan
from rs_agent.session.returning import Returning
from rs_agent.session.ticket import Ticket
from rs_agent.ui.base import Face
from rs_agent.ui.console import Console
from rs_agent.unattended import identity
from rs_agent.unattended.device import Device
from rs_agent.unattended.enrolment import Record, Unattended
from rs_relay.errors import ConnectionLost, LocalProblem, RsError, Unreachable
from rs_relay.link.backoff import Backoff
from rs_relay.link.dial import Relay
from rs_relay.way.memory import Memory

AGAIN = 75  # EX_TEMPFAIL: the exit status of a service that is to be started again


def run(settings: Config, kept: Unattended, service: bool = False) -> int:
    """Until it is ended; its exit status. `service`: the system starts it, also after a restart, and again when it ends
    with a failure. Raises RsError. On the main thread."""
    record = kept.require()
    ending = Ending()
    life.harden()
    sys.setswitchinterval(life.SWITCH)
    journal = Journal(settings.state) if settings.journal else NoJournal()
    with contextlib.closing(journal), contextlib.closing(_face(settings, record, service)) as face:
        back = _interrupted(settings, record, face) if service else None
        if back is not None and back[0].host != record.host:
            # A session of this user's own program, not of the device; it is gone on with, and then the device waits.
            ending.status = AGAIN
            life.live_on(settings, face, *back, ending=ending, unseen=True)
            return AGAIN
        with contextlib.closing(Screens(settings, service)) as screens:
            ending.hear_signals()
            relay = Relay.parse(record.relay, settings.proxy, Memory(settings.state))
            wait = _Wait(relay, settings, screens, face, journal, kept, ending, service)
            asyncio.run(wait.run(back))
    return ending.status


def _face(settings: Config, record: Record, service: bool) -> Face:
    """A console, which may be a log; and a window for each session, where somebody is at this computer."""
    from rs_agent.ui.face import child
    from rs_agent.ui.shifting import Shifting

    def opens() -> Face | None:
        if settings.console or (service and not locking.occupied()):
            return None
        return child.opened(record.relay.partition("://")[2] or record.relay, settings.folder)

    return Shifting(None, opens, Console(), read=True, unseen=True, waits=True)


def _interrupted(settings: Config, record: Record, face: Face) -> tuple[Ticket, Returned] | None:
    """The session that a restart interrupted. Nobody may see it: no more holds in it than was set at the device."""
    try:
        back = life.come_back(settings)
    except LocalProblem as e:
        face.problem(_(e.message), "")
        return None
    if back is None:
        return None
    ticket, returned = back
    return tickets.within(ticket, record.settings.permissions), returned


class Screens:
    """The desktop that there is now: a service is there before it and after it, and sees it come and go."""

    def __init__(self, settings: Config, service: bool) -> None:
        self._settings, self._service = settings, service
        self._now: Desktop | None = None
        self._told: dict[str, str] = {}  # of the environment, by us
        self.pressed: Callable[[], None] = lambda: None  # the key that stops everything, from any thread

    def look(self) -> Desktop:
        """The one to begin a session with; what was there before is let go."""
        self.close()
        self._now = here = self._pick()
        here.keep_in(self._settings.state, lasting=True)
        with contextlib.suppress(LocalProblem):
            here.stop_key(lambda: self.pressed())
        return here

    def close(self) -> None:
        if self._now is not None:
            self._now.close()
            self._now = None

    def _pick(self) -> Desktop:
        """Where there is no screen (nobody has logged in yet, or never will), shell, files and the rest still work."""
        wanted = self._settings.desktop
        if wanted != "auto":
            return desktop.pick(wanted)
        for name in self._told:
            os.environ.pop(name, None)
        self._told = {}
        looks = self._service and sys.platform == "linux" and "DISPLAY" not in os.environ
        for variables in _displays() if looks else [{}]:
            os.environ.update(variables)  # X's own programs and libraries look there, and nowhere else
            self._told = variables
            with contextlib.suppress(LocalProblem):
                return desktop.pick("auto")
        return desktop.pick("headless")


def _displays() -> list[dict[str, str]]:
    from rs_agent.desktop.x11 import servers  # not on other systems

    return [{"DISPLAY": each.display, "XAUTHORITY": each.authority} for each in servers.here()]


class _Wait:
    """One wait after another."""

    def __init__(
        self,
        relay: Relay,
        settings: Config,
        screens: Screens,
        face: Face,
        journal: Journal | NoJournal,
        kept: Unattended,
        ending: Ending,
        service: bool,
    ) -> None:
        self._relay, self._settings, self._screens, self._face = relay, settings, screens, face
        self._journal, self._kept, self._ending, self._service = journal, kept, ending, service
        self._backoff = Backoff()
        screens.pressed = self._stop

    def _stop(self) -> None:
        """Whatever hangs, the session is over at once; a service waits again some seconds later."""
        if self._service:
            self._ending.status = AGAIN
        self._ending.pull()

    async def run(self, back: tuple[Ticket, Returned] | None) -> None:
        """Until it is ended; first with the session of `back`."""
        plan = Plan(self._settings.name, self._settings.folder, offered=OFFERED - self._settings.forbid)
        pulled = asyncio.create_task(self._ending.wait(), name="stop")
        while not self._ending.pulled:
            device = self._device(plan)
            waiting = asyncio.create_task(device.return_to(*back) if back else device.run(), name="device")
            back = None
            await asyncio.wait({waiting, pulled}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                await device.stop(_("It was ended at the device."))
                await asyncio.wait({waiting}, timeout=life.STOPPING)
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
                break
            try:
                waiting.result()
                self._backoff.reset()
            except (Unreachable, ConnectionLost) as e:  # a computer starts before its network does
                await _pause(self._face, e, self._backoff, pulled)
        self._ending.pull()
        pulled.cancel()

    def _device(self, plan: Plan) -> Device:
        state = self._settings.state
        key = identity.load(state)
        if key is None:
            raise LocalProblem(N_("The key of this device is gone."), N_("`rs-agent unattended enable` makes another."))
        returning = Returning(state, machine.computer(), service=lambda: state) if self._service else None
        device = Device(
            self._relay, plan, self._screens.look(), self._face, self._journal, self._kept, key, returning=returning,
            look=self._screens.look,
        )  # fmt: skip
        self._ending.let_go = device.let_go
        if returning is not None:
            self._ending.forget, self._ending.goes_down = returning.stay, returning.goes
        customer = life.Customer(device, self._ending)
        if self._service:  # who ends a session at this computer does not end the service
            customer.stop = customer.leave = self._stop
        self._face.open(customer)
        return device


async def _pause(face: Face, error: RsError, backoff: Backoff, pulled: asyncio.Task[None]) -> None:
    face.problem(_(error.message), _("Trying again."))
    await asyncio.wait({pulled}, timeout=1 + backoff.next())
