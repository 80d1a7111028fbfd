"""The customer's face in a terminal (or a pipe): the code, the questions, what holds now, chat, and `stop`.

    stop, /stop, Ctrl-C      ends everything at once
    /withdraw view           takes a permission back at once (`all`: every one)
    /allow control           grants one
    /remove NAME             takes a technician out of the session (/withdraw and /allow take a NAME, too)
    /draw pen, /erase        the next drag draws on the desktop; all drawings go (`/draw off` forbids them)
    /cancel                  stops the files that are coming or going now
    /stop-reboot             calls off a restart that is being counted down
    /pause, /resume          the technician sees nothing new and can do nothing
    /status, /help
    y or n                   answers the question on show; an empty line is a no
    any other line           goes to the technician as chat

A yes counts only once the question has been on show for a moment: nobody can be made to say yes by a question that
springs up under their fingers.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from rs_agent.consent import ANSWER_WITHIN, Question
from rs_agent.feature import Countdown, Moving, PictureWindow
from rs_agent.language import _
from rs_agent.ui import words
from rs_agent.ui.base import Actions, InForce, Standing, Summary
from rs_agent.ui.digits import large, width
from rs_agent.ui.terminal import Reader, Writer, read_line
from rs_relay.channels.draw import Tool
from rs_relay.link.codes import Code, parse
from rs_relay.link.spec import Permission
from rs_relay.text import printable

NAME = 64  # cells of a name
CHAT = 8 * 1024  # cells of one chat line
# Seconds before it is said that somebody left: each command of a technician's comes and goes, and a line for each would
# bury the ones that matter. Whatever else changes is shown at once.
LEAVING = 2.0
READ_FIRST = 1.5  # seconds before a yes counts; SECURITY-DESIGN 4.1


class Console:
    """A Face. Reads file descriptor `source`, writes `target`."""

    def __init__(self, source: int = 0, target: int = 1, read_first: float = READ_FIRST) -> None:
        self._source, self._target = source, target
        self._read_first = read_first
        self._terminal = os.isatty(source)
        self._plain = not os.isatty(target) or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
        self._out = Writer(target)
        self._in: Reader | None = None
        self._actions: Actions | None = None
        self._now = self._shown = InForce()
        self._leaving: asyncio.TimerHandle | None = None
        self._question: Question | None = None
        self._live = False  # whether a yes to the question counts already
        self._timer: asyncio.TimerHandle | None = None
        self._counting = False
        self._moves: dict[int, Moving] = {}

    # --- what the agent shows ---

    def open(self, actions: Actions) -> None:
        self._actions = actions
        if self._in is None:
            loop = asyncio.get_running_loop()
            self._in = Reader(self._source, partial(self._heard, loop), self._ended)

    def _heard(self, loop: asyncio.AbstractEventLoop, line: str) -> None:
        """In the reading thread, so that stop is heard while the event loop hangs."""
        if line.strip().lower() in ("stop", "/stop"):
            self._do(_stop)
            return
        with contextlib.suppress(RuntimeError):  # the loop has just closed: nobody is there to hear it
            loop.call_soon_threadsafe(self._line, line)

    def _ended(self) -> None:
        """In the reading thread: Ctrl-D, or the window was closed. A pipe that ends only has no more to say."""
        if self._terminal:
            self._do(_leave)

    def code(self, spoken: str, minutes: int) -> None:
        self._blank()
        self._show("  " + _("Your support code:"))
        self._blank()
        if self._fits_large(spoken):
            self._out.show("".join(f"    {self._bold(line)}\n" for line in large(spoken)) + "\n")
        self._show("      " + self._bold(spoken))
        self._blank()
        self._show("  " + _("Read it to the person who helps you, if it is you who called them."))
        self._show("  " + _("It is valid for {minutes} minutes and for one person.").format(minutes=minutes))
        self._show("  " + _("Type stop and Enter, or press Ctrl-C, to end everything at once. /help shows more."))
        self._blank()

    def in_force(self, now: InForce) -> None:
        now = replace(now, seen=False)  # each picture that is taken would be a line
        self._now = now
        gone = set(self._shown.connected) - set(now.connected)
        if now == self._shown or now == InForce():  # nothing holds: nothing to say
            self._shown = now
            self._cancel_leaving()
        elif gone and replace(now, connected=self._shown.connected) == self._shown:
            if self._leaving is None:
                self._leaving = asyncio.get_running_loop().call_later(LEAVING, self._banner)
        else:
            self._banner()

    def ask(self, question: Question, folder: str) -> None:
        self._question, self._live = question, False
        self._cancel_timer()
        loop = asyncio.get_running_loop()
        wait = max(self._read_first, question.live - loop.time())
        self._timer = loop.call_later(self._read_first if question.warn else wait, self._prompt)
        if question.warn:
            self._warn(question)
            return
        who, (asks, means) = printable(question.who, NAME), words.question(question, printable(folder))
        self._blank()
        self._show("  " + self._bold(_("The relay says: {who} asks to {asks}.").format(who=who, asks=asks)))
        self._show("  " + means)
        self._show("  " + _("Only say yes if you called them. No bank and no software company calls you for this."))
        if wait > self._read_first + 1:
            self._show("  " + _("You can answer in {seconds} seconds: think about it.").format(seconds=math.ceil(wait)))

    def _warn(self, question: Question) -> None:
        self._blank()
        self._show("  " + self._bold(_("Please read this before you go on")))
        self._show("  " + _("{who} wants to be let in.").format(who=printable(question.who, NAME)))
        for text in words.WARNING:
            self._show("    - " + _(text))

    def asked(self, question: Question) -> None:
        if self._question is not None and self._question.number == question.number:
            self._question = None
            self._cancel_timer()

    def notice(self, text: str, typed: str = "") -> None:
        self._show("  " + " ".join(filter(None, (printable(text), typed))))

    def counting(self, restart: Countdown) -> None:
        seconds = round(restart.seconds)
        first, self._counting = not self._counting, True
        if first:
            self._show("  " + self._bold(words.countdown(restart)))
        text = _("This computer restarts in {seconds} seconds.").format(seconds=seconds)
        self.notice(text, _("/stop-reboot stops that."))
        if first and restart.reason:
            self._show("  " + words.restart_reason(restart))

    def counted(self) -> None:
        self._counting = False

    def access_code(self, code: str, who: str) -> None:
        text = _("The access code of this computer, shown this once: {code}. Give it to {who} and to nobody else.")
        self._show("  " + text.format(code=self._bold(code), who=printable(who, NAME)))

    def moving(self, move: Moving) -> None:
        self._moves[move.number] = move

    def moved(self, number: int) -> None:
        self._moves.pop(number, None)

    def chat(self, name: str, text: str) -> None:
        shown = printable(text, CHAT, lines=True).replace("\n", "\n    | ")
        self._show(f"  {self._bold(printable(name, NAME))}: {shown}")

    async def picture(self, who: str) -> PictureWindow:
        from rs_agent.ui.picture.child import open_window  # numpy: only where somebody looks at a picture

        return await open_window(who)

    def ask_code(self) -> Code:
        sys.stderr.write(_("The code that the technician reads to you: "))
        sys.stderr.flush()
        return parse(read_line(self._source))

    def hot_key(self, name: str) -> None:
        self._show("  " + _("{key} ends everything at once, from any window.").format(key=name))

    def problem(self, message: str, hint: str) -> None:
        self._show("  ! " + printable(_(message)) + (" " + printable(_(hint)) if hint else ""))

    def summary(self, summary: Summary) -> None:
        who = ", ".join(printable(name, NAME) for name in summary.who) or _("nobody")
        self._blank()
        self._show("  " + self._bold(_("The session is over.")) + " " + printable(_(summary.reason)))
        self._show("  " + _("Who: {who}. How long: {time}.").format(who=who, time=_duration(summary.seconds)))
        allowed = ", ".join(words.asks(p) for p in summary.granted) or _("nothing")
        self._show("  " + _("What you allowed: {allowed}.").format(allowed=allowed))
        for kind, what in summary.files:
            self._show("    " + printable(words.file_line(kind, what)))
        self._show("  " + _("Nobody is connected to this computer any more."))

    def failed(self, message: str, hint: str) -> None:
        """Standard error is this terminal."""

    def close(self) -> None:
        self._cancel_timer()
        self._cancel_leaving()
        if self._in is not None:
            self._in.close()
        self._out.close()

    # --- what the customer types ---

    def _line(self, line: str) -> None:
        text = line.strip()
        if self._question is not None and self._answered(self._question, text.lower()):
            return
        if text.startswith("/"):
            self._command(text)
        elif text and self._now.session:
            self._do(lambda actions: actions.say(text))
        elif text:
            self._show("  " + _("Nobody is connected yet. /help shows what you can type."))

    def _answered(self, question: Question, text: str) -> bool:
        if text in _("y yes").split() or text in ("y", "yes"):
            if self._live and question.warn:
                self._do(lambda actions: actions.heed(question.number))
            elif self._live:
                self._do(lambda actions: actions.answer(question.number, True))
            else:
                self._show("  " + _("Please read the question first; you will be asked for your answer."))
            return True
        if not text or text in _("n no").split() or text in ("n", "no"):
            self._do(lambda actions: actions.answer(question.number, False))
            return True
        return False

    def _command(self, text: str) -> None:
        name, _space, rest = text[1:].partition(" ")
        commands: Mapping[str, Callable[[str], None]] = {
            "withdraw": self._withdraw,
            "allow": self._allow,
            "remove": lambda who: self._do(lambda actions: actions.remove(who)),
            "pause": lambda _rest: self._do(lambda actions: actions.pause(True)),
            "resume": lambda _rest: self._do(lambda actions: actions.pause(False)),
            "draw": self._draw,
            "erase": lambda _rest: self._do(lambda actions: actions.erase()),
            "cancel": lambda _rest: self._cancel(),
            "stop-reboot": lambda _rest: self._do(lambda actions: actions.stop_restart()),
            "status": lambda _rest: self._banner(),
            "help": lambda _rest: self._help(),
        }
        act = commands.get(name.lower())
        if act is None:
            self._help()
        else:
            act(rest.strip().lower())

    def _withdraw(self, rest: str) -> None:
        what, _space, who = rest.partition(" ")
        chosen = list(Permission) if what in ("", "all") else _permissions(what)
        if chosen:
            self._do(lambda actions: actions.withdraw(chosen, who.strip()))
        else:
            self._help()

    def _allow(self, rest: str) -> None:
        what, _space, who = rest.partition(" ")
        chosen = _permissions(what)
        if not chosen:
            self._help()
        for permission in chosen:
            self._do(partial(_grant, permission, who.strip()))

    def _draw(self, rest: str) -> None:
        tools = [tool for tool in Tool if tool == (rest or Tool.PEN)]
        if not self._now.session:
            self._show("  " + _("Nobody is connected yet. /help shows what you can type."))
        elif rest in ("on", "off"):
            self._do(lambda actions: actions.forbid_drawing(rest == "off"))
        elif tools:
            self._do(lambda actions: actions.draw(tools[0]))
        else:
            self._help()

    def _cancel(self) -> None:
        if not self._moves:
            self._show("  " + _("Nothing is coming or going now."))
        for move in list(self._moves.values()):
            move.cancel()

    def _help(self) -> None:
        names = ", ".join(p for p in Permission if p in words.WORDS)
        for line in (
            _("stop             ends everything at once (so does Ctrl-C)"),
            _("/withdraw NAME   takes a permission back; /withdraw all takes back every one"),
            _("/allow NAME      grants a permission: {names}").format(names=names),
            _("/remove WHO      takes a technician out; where there are several, /allow NAME WHO says who is meant"),
            _("/pause           hides your screen and leaves mouse, keyboard and clipboard alone, until /resume"),
            _("/draw TOOL       your next drag draws on the desktop, and is seen by both: {tools}").format(
                tools=", ".join(Tool)
            ),
            _("/erase           removes all drawings; /draw off forbids them, /draw on allows them again"),
            _("/cancel          stops the files that are coming or going now"),
            _("/stop-reboot     stops a restart of this computer while it is counted down"),
            _("/status          what is allowed now"),
            _("any other text goes to the technician as a chat line"),
        ):
            self._show("  " + line)

    # --- drawing ---

    def _banner(self) -> None:
        self._cancel_leaving()
        now = self._shown = self._now
        allowed = ", ".join(words.asks(p) for p in Permission if p in now.granted) or _("nothing")
        if not now.session:
            text = _("NOW: nobody has joined yet; allowed: {allowed}.").format(allowed=allowed)
        elif not now.connected:
            allowed = ", ".join(filter(None, (words.holding(now.used, now.used), allowed)))  # a shell goes on alone
            text = _("NOW: nobody is connected, the session stays open; allowed: {allowed}.").format(allowed=allowed)
        else:
            who = ", ".join(printable(name, NAME) for name in now.connected)
            holds = words.holding(now.granted, now.used) or _("nothing is allowed")
            if now.paused:
                holds = _("PAUSED: your screen is hidden, your mouse and keyboard are left alone")
                holds = ", ".join(filter(None, (holds, words.holding(now.used, now.used))))
            text = _("NOW: {who} is connected; {holds}.").format(who=who, holds=holds)
        if now.session and now.each:
            text = _("NOW: {each}.").format(each="; ".join(_standing(one) for one in now.each))
            if now.paused:
                text += " " + _("PAUSED: your screen is hidden, your mouse and keyboard are left alone")
        self._show("  " + self._reverse(f" {text} "))

    def _prompt(self) -> None:
        if self._question is None:
            return
        self._live = True
        if self._question.warn:
            self._show("  " + _("Did you call them? Go on? [y/N]"))
            return
        seconds = int(ANSWER_WITHIN)
        self._show("  " + _("Allow? [y/N]  (no answer within {seconds} seconds is a no)").format(seconds=seconds))

    def _do(self, act: Callable[[Actions], None]) -> None:
        if self._actions is not None:
            act(self._actions)

    def _cancel_leaving(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fits_large(self, spoken: str) -> bool:
        if self._plain or "utf" not in (sys.stdout.encoding or "").lower():
            return False
        return shutil.get_terminal_size().columns >= width(spoken) + 4

    def _show(self, text: str) -> None:
        self._out.show(text + "\n")

    def _blank(self) -> None:
        self._out.show("\n")

    def _bold(self, text: str) -> str:
        return text if self._plain else f"\x1b[1m{text}\x1b[0m"

    def _reverse(self, text: str) -> str:
        return text.strip() if self._plain else f"\x1b[7m{text}\x1b[0m"


def _stop(actions: Actions) -> None:
    actions.stop()


def _leave(actions: Actions) -> None:
    actions.leave()


def _grant(permission: Permission, who: str, actions: Actions) -> None:
    actions.allow(permission, who)


def _standing(one: Standing) -> str:
    """One of several technicians, and what is theirs alone."""
    who = printable(one.name, NAME)
    named = who if one.connected else _("{who} (not connected)").format(who=who)
    return f"{named}: " + (words.holding(one.granted, one.used) or _("nothing is allowed"))


def _permissions(text: str) -> list[Permission]:
    return [p for p in Permission if p == text and p in words.WORDS]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
