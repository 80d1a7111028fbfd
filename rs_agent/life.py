"""What `rs-agent` does when no other verb is named, and `rs-agent join`: one life, or several with --keep."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rs_agent import config, desktop, machine
from rs_agent.brakes import Brakes
from rs_agent.config import Config
from rs_agent.desktop.base import Desktop
from rs_agent.ending import Ending
from rs_agent.feature import Returned
from rs_agent.features import FEATURES, OFFERED
from rs_agent.host import Host
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_, _
from rs_agent.session import ticket as tickets
from rs_agent.session.plan import Plan
from rs_agent.session.returning import Returning
from rs_agent.session.ticket import Refused, Ticket
from rs_agent.ui.base import Face
from rs_agent.ui.console import Console
from rs_relay.errors import LocalProblem, RsError, UsageError
from rs_relay.link.codes import Code, parse
from rs_relay.link.dial import Relay
from rs_relay.text import printable
from rs_relay.way.memory import Memory

LOG = "agent.log"
# A thread that hashes or encodes keeps the interpreter for 5 ms by default, while a key press waits for it.
SWITCH = 0.0005  # seconds
NEW_CODE = N_("Start rs-agent again, and read the new code to whoever helps you.")
STOPPING = 0.3  # seconds for what is still being dialled when the customer says stop


class Customer:
    """What the customer does, handed on: `stop` to the end of the process, the rest to the life that is on."""

    def __init__(self, host: Host, ending: Ending) -> None:
        self.stop, self.leave = ending.pull, ending.leave
        self.stop_restart = host.stop_restart
        self.answer, self.heed = host.answer, host.heed
        self.withdraw, self.allow, self.remove = host.withdraw, host.allow, host.remove
        self.pause, self.say = host.pause, host.say
        self.draw, self.erase, self.forbid_drawing = host.draw, host.erase, host.forbid_drawing


def run(arguments: Sequence[str], verbs: Sequence[tuple[str, str]] = ()) -> int:
    """Until the last session has ended, or the customer's stop. Raises RsError. On the main thread.

    `verbs`: what else there is, for --help: (name, one line)."""
    options = _parser(verbs).parse_args(arguments)
    typed = _typed_code(options.what)
    settings = config.read(vars(options))
    if settings.allow - OFFERED:
        raise UsageError(_("This agent cannot grant that."), _("It can grant: {names}.").format(names=_offered()))
    ending = Ending()
    harden()
    sys.setswitchinterval(SWITCH)
    with logged(settings.state if options.verbose else None), shown(settings, bool(options.what)) as face:
        with contextlib.suppress(LocalProblem):  # what is spent and out of date is no reason not to start
            tickets.tidy(settings.state, time.time())
        if not options.what and tickets.there(settings.state) and (back := come_back(settings)) is not None:
            return live_on(settings, face, *back)
        relay = Relay.parse(settings.relay, settings.proxy, Memory(settings.state))
        journal = Journal(settings.state) if settings.journal else NoJournal()
        with contextlib.closing(journal), contextlib.closing(desktop.pick(settings.desktop)) as here:
            here.keep_in(settings.state)
            if typed is None and options.what:
                typed = face.ask_code()
            ending.hear_signals()
            asyncio.run(_lives(relay, settings, here, face, journal, ending, typed))
    return 0


@contextlib.contextmanager
def shown(settings: Config, joins: bool = False) -> Iterator[Face]:
    """The window where there can be one, else the console. What ends the agent can be read there. `joins`: the code is
    the technician's."""
    face = _window(settings, joins) or Console()
    with contextlib.closing(face):
        try:
            yield face
        except RsError as e:
            face.failed(_(e.message), _(e.hint))
            raise


def _window(settings: Config, joins: bool) -> Face | None:
    if settings.console:
        return None
    from rs_agent.ui.face import child  # not with --console, which is for where there is little room
    from rs_agent.ui.shifting import Shifting

    relay = settings.relay.partition("://")[2] or settings.relay
    opens = partial(child.opened, relay, settings.folder, joins=joins)
    window = opens()
    if window is None:
        return None
    return Shifting(window, opens, Console(), read=os.isatty(0) and os.isatty(1))


def come_back(settings: Config) -> tuple[Ticket, Returned] | None:
    """The session that a restart of this computer (or the death of the program) interrupted; None for none. Nothing of
    it is left on the disk. Raises LocalProblem."""
    try:
        return asyncio.run(Returning(settings.state, machine.computer()).back())
    except Refused as why:
        raise LocalProblem(
            _("The session cannot be gone on with: {why}").format(why=_(str(why))), _(NEW_CODE)
        ) from None


def live_on(
    settings: Config,
    face: Face,
    ticket: Ticket,
    returned: Returned,
    *,
    ending: Ending | None = None,
    unseen: bool = False,
) -> int:
    """Goes on with that session, and no other. `ending`: of this process, if it has one. `unseen`: what the ticket
    grants is meant for where nobody looks. Raises RsError. On the main thread."""
    if not unseen and isinstance(face, Console) and not os.isatty(1):
        # What the customer allowed holds where they can see that it does.
        ticket = tickets.without_grants(ticket)
    settings = replace(
        settings, relay=ticket.relay, name=ticket.name, folder=Path(ticket.folder), allow=frozenset(), keep=False,
        desktop=ticket.desktop, journal=ticket.journal,
    )  # fmt: skip
    relay = Relay.parse(settings.relay, settings.proxy, Memory(settings.state))
    ending = ending or Ending()
    harden()
    sys.setswitchinterval(SWITCH)
    journal = Journal(settings.state) if settings.journal else NoJournal()
    with contextlib.closing(journal), contextlib.closing(desktop.pick(settings.desktop)) as here:
        here.keep_in(settings.state)
        ending.hear_signals()
        text = _("This computer was restarted for {who}. The session goes on, with all that you had allowed.")
        face.notice(text.format(who=printable(ticket.who[0], 64)))
        asyncio.run(_lives(relay, settings, here, face, journal, ending, None, (ticket, returned)))
    return 0


async def _lives(
    relay: Relay,
    settings: Config,
    here: Desktop,
    face: Face,
    journal: Journal | NoJournal,
    ending: Ending,
    typed: Code | None,
    back: tuple[Ticket, Returned] | None = None,
) -> None:
    """One life after another while --keep says so; each has its own name, keys and code."""
    brakes = Brakes(settings.state) if settings.brakes else None
    enrolment = replace(FEATURES["unattended"], given=(settings.name, settings.state, relay.url))
    service = replace(FEATURES["agent-service"], given=(settings.state,))
    plan = Plan(
        settings.name, settings.folder, settings.allow,
        features={**FEATURES, "unattended": enrolment, "agent-service": service},
        offered=OFFERED - settings.forbid, brakes=brakes,
    )  # fmt: skip
    hearing = asyncio.create_task(_hear_key(here, face, ending), name="key")
    pulled = asyncio.create_task(ending.wait(), name="stop")
    while not ending.pulled:
        returning = Returning(settings.state, machine.computer(), service=lambda: _service(settings.state, here.name))
        host = Host(relay, plan, here, face, journal, returning)
        ending.let_go, ending.forget = host.let_go, returning.stay
        ending.goes_down = returning.goes
        face.open(Customer(host, ending))
        life = asyncio.create_task(host.come_back(*back) if back else host.run(typed), name="life")
        await asyncio.wait({life, pulled}, return_when=asyncio.FIRST_COMPLETED)
        if not life.done():
            await host.stop(_("You ended it."))
            await asyncio.wait({life}, timeout=STOPPING)
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            break
        life.result()  # raises what ended it
        if not settings.keep or typed is not None:
            break
    ending.pull()  # the loop waits for its threads when it closes; the watchdog does not
    pulled.cancel()
    hearing.cancel()


def _service(state: Path, desktop: str) -> Path | None:
    from rs_agent.unattended import serving  # with the ciphers of a device, which a session with a code has no need of

    return serving.takes_tickets(state, desktop)


async def _hear_key(here: Desktop, face: Face, ending: Ending) -> None:
    with contextlib.suppress(RsError):
        if key := await asyncio.to_thread(here.stop_key, ending.pull):
            face.hot_key(key)


def _parser(verbs: Sequence[tuple[str, str]]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rs-agent",
        usage="rs-agent [OPTIONS] [join [CODE]]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_("Let somebody you trust help you on this computer. Nothing is allowed before you say yes."),
        epilog=_epilog(verbs),
    )
    parser.add_argument("what", nargs="*", metavar="join [CODE]", help=_("join a code that the technician made"))
    parser.add_argument("--relay", metavar="URL", help=_("where both sides meet (also RS_RELAY, or agent.toml)"))
    parser.add_argument("--proxy", metavar="URL", help=_("through which proxy, if the system's settings do not say it"))
    parser.add_argument("--name", help=_("what the technician sees this computer called"))
    parser.add_argument("--folder", metavar="DIR", help=_("where received files are put"))
    parser.add_argument("--allow", metavar="LIST", help=_("grant beforehand, of: {names}").format(names=_offered()))
    parser.add_argument("--desktop", choices=("auto", *desktop.NAMES), help=_("which desktop is shown"))
    parser.add_argument(
        "--journal", action=argparse.BooleanOptionalAction, help=_("keep a record of sessions on this computer")
    )
    parser.add_argument("--console", action="store_true", help=_("stay in the terminal, also where there is a desktop"))
    parser.add_argument("--keep", action="store_true", help=_("wait for the next session after one has ended"))
    parser.add_argument("--verbose", action="store_true", help=_("write a log file (no secrets in it)"))
    parser.add_argument("--version", action=_Version, nargs=0, help=_("which version this is"))
    return parser


def _epilog(verbs: Sequence[tuple[str, str]]) -> str:
    lines = [_("`rs-agent join` asks for a code that the technician reads to you.")]
    if verbs:
        lines += ["", _("Other commands, each with a --help of its own:")]
    return "\n".join([*lines, *(f"  rs-agent {name:12} {summary}" for name, summary in verbs)])


def _offered() -> str:
    return ",".join(sorted(OFFERED))


class _Version(argparse.Action):
    """Looked up only when asked for: importlib.metadata is slow to load."""

    def __call__(self, parser: argparse.ArgumentParser, *_rest: object, **_named: object) -> None:
        from importlib.metadata import version

        print(f"rs-agent {version('rs-remote-support')}")
        parser.exit()


def _typed_code(what: list[str]) -> Code | None:
    """The code of `join CODE`. The process's title is overwritten at once, and the join spends the code."""
    if not what:
        return None
    _hide_arguments()
    if what[0] != "join" or len(what) > 2:
        raise UsageError(_("rs-agent knows no such command."), _("`rs-agent --help` shows what it can do."))
    return parse(what[1]) if len(what) == 2 else None


def _hide_arguments() -> None:
    sys.argv[1:] = ["join"]
    with contextlib.suppress(ImportError):  # not everywhere to be had; the prompt is the documented way
        from setproctitle import setproctitle

        setproctitle("rs-agent join")


def harden() -> None:
    """No memory of this process is written to disk by a crash, or read by another program of the same user."""
    if os.name != "posix":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        pr_set_dumpable = 4
        ctypes.CDLL(None).prctl(pr_set_dumpable, 0, 0, 0, 0)


@contextlib.contextmanager
def logged(folder: Path | None) -> Iterator[None]:
    """To a file of the customer's own, or nowhere. Never to the terminal, where the customer's face is."""
    root = logging.getLogger()
    handler: logging.Handler = logging.NullHandler()
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = logging.FileHandler(folder / LOG, encoding="utf-8", delay=True)
        os.close(os.open(folder / LOG, os.O_CREAT | os.O_WRONLY, 0o600))
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.setLevel(logging.INFO)
    root.addHandler(handler)
    yield
