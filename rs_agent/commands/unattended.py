"""`rs-agent unattended …`: let technicians in who know the access code, when nobody is here; and what they may do then.

The access code is set here and nowhere else: made here, or asked for twice, or read from standard input. It is never an
argument, and it is kept as a verifier only: who forgets it sets a new one with `reset-code`.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from rs_agent import config, desktop, life
from rs_agent.features import OFFERED
from rs_agent.language import N_, _
from rs_agent.machine import elevation
from rs_agent.unattended import access_code, hours, identity, serving
from rs_agent.unattended.enrolment import GRANTED, Record, Settings, Unattended
from rs_agent.unattended.network import macs
from rs_agent.unattended.tries import GuessLimit
from rs_relay.errors import LocalProblem, NoSuchSession, UsageError
from rs_relay.link.address import Address
from rs_relay.link.dial import Relay
from rs_relay.link.spec import Permission
from rs_relay.link.unattended import fingerprint
from rs_relay.link.verifier import plain
from rs_relay.text import printable

SETTABLE = OFFERED - {Permission.UNATTENDED}  # who comes in by the code lets nobody else in


def run(arguments: Sequence[str]) -> int:
    """Raises RsError."""
    options = _parser().parse_args(arguments)
    for name, folder in (("RS_STATE_DIR", options.state), ("RS_CONFIG_DIR", options.config)):
        if folder:
            os.environ[name] = folder
    settings = config.read({"relay": options.relay, "name": options.name, "desktop": options.desktop})
    if "RS_STATE_DIR" not in os.environ and elevation.is_administrator():
        settings = replace(settings, state=serving.state_of_the_computers(settings.state))
    with life.logged(settings.state if options.verbose else None):
        act: Callable[[argparse.Namespace, config.Config, Unattended], int] = options.act
        return act(options, settings, Unattended(settings.state))


def _enable(options: argparse.Namespace, settings: config.Config, kept: Unattended) -> int:
    known = kept.read()
    wanted = _wanted(options, known.settings if known else Settings(permissions=tuple(sorted(GRANTED))), settings)
    code, made = _code(options)
    relay = Relay.parse(known.relay if known and not options.relay else settings.relay).url
    record = kept.enable(code, relay, wanted)
    if made:
        _say(_("The access code, shown this once: {code}").format(code=made))
    _say(_("Unattended access is on. Technicians add this computer with its address:"))
    _say("  " + _address(record, kept))
    _say(_("`rs-agent unattended run` waits for them; as a service it does so from the start of the computer."))
    return 0


def _disable(options: argparse.Namespace, settings: config.Config, kept: Unattended) -> int:
    was_on = kept.disable()
    _say(_("Unattended access is off; nothing of it is left here.") if was_on else _("It was off already."))
    return 0


def _reset_code(options: argparse.Namespace, settings: config.Config, kept: Unattended) -> int:
    kept.require()
    code, made = _code(options)
    kept.reset_code(code)
    if made:
        _say(_("The access code, shown this once: {code}").format(code=made))
    _say(_("The access code is another one from now on."))
    return 0


def _status(options: argparse.Namespace, settings: config.Config, kept: Unattended) -> int:
    record = kept.require()
    chosen = record.settings
    _say(_("Unattended access is on, by the relay {relay}.").format(relay=record.relay))
    _say("  " + _address(record, kept))
    rows = {
        _("fingerprint"): fingerprint(_key(kept)),
        _("may"): ", ".join(chosen.permissions) or "-",
        _("hours"): chosen.hours or _("always"),
        _("asks first"): _("where somebody is logged in") if chosen.ask_first else _("no"),
        _("at the end"): _("the screen is locked") if chosen.lock_on_end else "-",
        _("lets in"): _("enrolled technicians only") if chosen.known_only else _("whoever knows the code"),
    }
    if cards := macs():
        rows[_("network cards")] = " ".join(cards)
    tries = GuessLimit(settings.state)
    if tries.failures:
        rows[_("wrong codes in a row")] = str(tries.failures)
    for name, value in rows.items():
        _say(f"  {name:22} {value}")
    for technician in record.technicians:
        day = time.strftime("%Y-%m-%d", time.localtime(technician.added))
        _say(f"  {printable(technician.name, 64):22} {fingerprint(bytes.fromhex(technician.key))} {day}")
    return 0


def _settings(options: argparse.Namespace, settings: config.Config, kept: Unattended) -> int:
    kept.change(_wanted(options, kept.require().settings, settings))
    return _status(options, settings, kept)


def _forget(options: argparse.Namespace, settings: config.Config, kept: Unattended) -> int:
    record = kept.require()
    keys = [t.key for t in record.technicians if fingerprint(bytes.fromhex(t.key)) == options.technician]
    if not kept.forget([options.technician, *keys]):
        raise NoSuchSession(
            N_("No technician of that name is enrolled here."), N_("`rs-agent unattended status` names them.")
        )
    _say(_("That technician does not come in any more."))
    return 0


def _run(options: argparse.Namespace, settings: config.Config, kept: Unattended) -> int:
    from rs_agent.unattended.life import run as wait

    return wait(settings, kept, options.service)


def _wanted(options: argparse.Namespace, now: Settings, settings: config.Config) -> Settings:
    """`now` with what the options change. Raises UsageError."""
    wanted = now
    if options.allow is not None:
        names = [part.strip().lower() for part in options.allow.split(",") if part.strip()]
        permissions = config.permissions(names)
        if permissions - (SETTABLE - settings.forbid):
            raise UsageError(_("This agent cannot grant that."), ", ".join(sorted(SETTABLE - settings.forbid)))
        wanted = msgspec.structs.replace(wanted, permissions=tuple(sorted(permissions)))
    if options.hours is not None:
        text = "" if options.hours.strip().lower() == "always" else options.hours
        hours.parse(text)
        wanted = msgspec.structs.replace(wanted, hours=text)
    for name in ("ask_first", "lock_on_end", "known_only"):
        value = getattr(options, name)
        if value is not None:
            wanted = msgspec.structs.replace(wanted, **{name: value})
    return wanted


def _code(options: argparse.Namespace) -> tuple[str, str]:
    """(the access code, how it reads if it was made here). Raises UsageError."""
    if options.make_code:
        return _made(options.make_code)
    if options.access_code_stdin:
        return access_code.check(sys.stdin.readline()), ""
    if not sys.stdin.isatty():
        raise UsageError(
            _("The access code is typed at this computer."), _("Or add --make-code, or --access-code-stdin.")
        )
    typed = _typed(_("The new access code (Enter alone: one is made): "))
    if not typed.strip():
        return _made("words")
    code = access_code.check(typed)
    if plain(_typed(_("The same again: "))) != code:
        raise UsageError(_("The two are not the same; nothing was changed."))
    return code, ""


def _typed(prompt: str) -> str:
    """What a person types unseen. Ctrl-D is Ctrl-C here: nothing was changed."""
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise KeyboardInterrupt from None


def _made(kind: str) -> tuple[str, str]:
    made = access_code.make(digits=kind == "digits")
    return plain(made), made


def _address(record: Record, kept: Unattended) -> str:
    return str(Address(record.host, record.proof, _key(kept)))


def _key(kept: Unattended) -> bytes:
    key = identity.load(kept.state)
    if key is None:
        raise LocalProblem(N_("The key of this device is gone."), N_("`rs-agent unattended enable` makes another."))
    return key.public_key().public_bytes_raw()


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rs-agent unattended",
        description=_("Let technicians in who know this computer's access code, also when nobody is here."),
    )
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(name: str, act: object, summary: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=summary, description=summary)
        made.set_defaults(act=act, relay=None, name=None, desktop=None, state=None, config=None)
        made.add_argument("--verbose", action="store_true", help=_("write a log file (no secrets in it)"))
        return made

    enable = verb("enable", _enable, _("turn it on, or set it up anew"))
    enable.add_argument("--relay", metavar="URL", help=_("where both sides meet (also RS_RELAY, or agent.toml)"))
    reset = verb("reset-code", _reset_code, _("set another access code"))
    for asks in (enable, reset):
        source = asks.add_mutually_exclusive_group()
        source.add_argument(
            "--make-code", nargs="?", choices=("words", "digits"), const="words", metavar="words|digits",
            help=_("make the access code here and show it once: four words, or ten digits"),
        )  # fmt: skip
        source.add_argument("--access-code-stdin", action="store_true", help=_("read the access code from a pipe"))
    change = verb("settings", _settings, _("show or change what technicians may do, and when"))
    for sets in (enable, change):
        sets.add_argument("--allow", metavar="LIST", help=_("what a session may do: {names}").format(names=_offered()))
        sets.add_argument("--hours", metavar="HOURS", help=_("when: always, or mon-fri 08:00-18:00"))
        for name, text in (
            ("ask-first", _("ask who is logged in here before anything is granted")),
            ("lock-on-end", _("lock the screen when a session ends")),
            ("known-only", _("let in enrolled technicians only")),
        ):
            sets.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, help=text)
    verb("disable", _disable, _("turn it off and forget everything of it"))
    verb("status", _status, _("show how it is set up, and who is enrolled"))
    forget = verb("forget", _forget, _("let an enrolled technician in no more"))
    forget.add_argument("technician", metavar="NAME", help=_("as `status` names them, or their fingerprint"))
    waits = verb("run", _run, _("wait for technicians, until it is ended"))
    waits.add_argument("--desktop", choices=("auto", *desktop.NAMES), help=_("which desktop is shown"))
    waits.add_argument("--service", action="store_true", help=argparse.SUPPRESS)  # the system starts it
    waits.add_argument("--state", metavar="DIR", help=_("where the agent keeps what it must remember"))
    waits.add_argument("--config", metavar="DIR", help=_("where agent.toml is"))
    waits.add_argument("--name", help=_("what the technician sees this computer called"))
    return parser


def _offered() -> str:
    return ",".join(sorted(SETTABLE))
