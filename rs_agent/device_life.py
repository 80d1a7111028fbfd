"""What `rs-agent unattended run` does: one wait after another, until `stop` or a signal."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from rs_agent import desktop, identity, life
from rs_agent.config import Config
from rs_agent.desktop.base import Desktop
from rs_agent.device import Device
from rs_agent.ending import Ending
from rs_agent.features import OFFERED
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_, _
from rs_agent.session import Plan
from rs_agent.ui.console import Console
from rs_agent.unattended import Unattended
from rs_relay.errors import ConnectionLost, LocalProblem, RsError, Unreachable
from rs_relay.link.backoff import Backoff
from rs_relay.link.dial import Relay


def run(settings: Config, kept: Unattended) -> int:
    """Until it is ended. Raises RsError. On the main thread."""
    record = kept.require()
    ending = Ending()
    life.harden()
    sys.setswitchinterval(life.SWITCH)
    journal = Journal(settings.state) if settings.journal else NoJournal()
    with contextlib.closing(journal), contextlib.closing(_desktop(settings.desktop)) as here:
        here.keep_in(settings.state)
        ending.hear_signals()
        with contextlib.closing(Console()) as face:
            asyncio.run(_lives(Relay.parse(record.relay), settings, here, face, journal, kept, ending))
    return 0


def _desktop(wanted: str) -> Desktop:
    """Where there is no screen (nobody has logged in yet, or never will), shell, files and the rest still work."""
    try:
        return desktop.pick(wanted)
    except LocalProblem:
        if wanted != "auto":
            raise
        return desktop.pick("headless")


async def _lives(
    relay: Relay,
    settings: Config,
    here: Desktop,
    face: Console,
    journal: Journal | NoJournal,
    kept: Unattended,
    ending: Ending,
) -> None:
    plan = Plan(settings.name, settings.folder, offered=OFFERED - settings.forbid)
    pulled = asyncio.create_task(ending.wait(), name="stop")
    backoff = Backoff()
    while not ending.pulled:
        key = identity.load(settings.state)
        if key is None:
            raise LocalProblem(N_("The key of this device is gone."), N_("`rs-agent unattended enable` makes another."))
        device = Device(relay, plan, here, face, journal, kept, key)
        ending.let_go = device.let_go
        face.open(life.Customer(device, ending))
        waiting = asyncio.create_task(device.run(), name="device")
        await asyncio.wait({waiting, pulled}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            await device.stop(_("It was ended at the device."))
            await asyncio.wait({waiting}, timeout=life.STOPPING)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            break
        try:
            waiting.result()
            backoff.reset()
        except (Unreachable, ConnectionLost) as e:  # a computer starts before its network does
            await _pause(face, e, backoff, pulled)
    ending.pull()
    pulled.cancel()


async def _pause(face: Console, error: RsError, backoff: Backoff, pulled: asyncio.Task[None]) -> None:
    face.problem(_(error.message), _("Trying again."))
    await asyncio.wait({pulled}, timeout=1 + backoff.next())
