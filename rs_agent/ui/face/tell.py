"""What the window says, in words: pure, so that every sentence can be tested without a display."""

from __future__ import annotations

import math

from rs_agent.language import _
from rs_agent.ui import words
from rs_agent.ui.face.pipe import Done, Holds, Standing
from rs_relay.link.spec import Permission
from rs_relay.text import printable

NAME = 48  # cells of a name in a line
NOBODY = Holds((), frozenset(), False, False, frozenset(), False)


def names(connected: tuple[str, ...]) -> str:
    return ", ".join(printable(name, NAME) for name in connected)


def now(holds: Holds) -> str:
    """The one line that always tells what is happening."""
    if not holds.session:
        return _("Nobody is connected to this computer.")
    if not holds.connected:
        busy = words.holding(holds.used, holds.used)
        text = _("Nobody is connected; the session stays open.")
        return f"{text} {busy}" if busy else text
    who = names(holds.connected)
    if holds.each and not holds.paused:
        return "; ".join(standing(one) for one in holds.each if one.connected)
    if holds.paused:
        return _("PAUSED. {who} cannot see your screen or use this computer.").format(who=who)
    if holds.used:
        return _("{who}: {holds}").format(who=who, holds=words.holding(holds.used, holds.used))
    if holds.seen and Permission.CONTROL in holds.granted:
        return _("{who} sees your screen and can use your mouse and keyboard.").format(who=who)
    if holds.seen:
        return _("{who} sees your screen.").format(who=who)
    if not holds.granted:
        return _("{who} is connected and can do nothing yet.").format(who=who)
    return _("{who} is connected.").format(who=who)


def standing(one: Standing) -> str:
    """One of several technicians, and what is theirs alone."""
    holds = words.holding(one.granted, one.used) or _("nothing is allowed")
    return _("{who}: {holds}").format(who=printable(one.name, NAME), holds=holds)


def grouped(spoken: str) -> str:
    """A code with its groups far apart."""
    return spoken.replace("-", "  ")


def clock(seconds: float) -> str:
    """m:ss, or h:mm:ss."""
    minutes, rest = divmod(max(0, math.floor(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def lasting(seconds: float) -> str:
    """In whole minutes, which need no watching: "5 min", "1 h 05 min"."""
    hours, minutes = divmod(math.floor(max(0.0, seconds)) // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def summary(done: Done) -> list[str]:
    """Lines, the last of which says that nobody is there any more."""
    who = names(done.who) or _("nobody")
    allowed = ", ".join(words.asks(p) for p in done.granted) or _("nothing")
    return [
        printable(_(done.reason)),
        _("Who: {who}. How long: {time}.").format(who=who, time=clock(done.seconds)),
        _("What you allowed: {allowed}.").format(allowed=allowed),
        *(printable(words.file_line(kind, what)) for kind, what in done.files),
        _("Nobody is connected to this computer any more."),
    ]


def key(label: str) -> tuple[str, int]:
    """A label and which of its letters, after `&`, is its access key; -1 for none."""
    before, mark, after = label.partition("&")
    return before + after, len(before) if mark and after else -1
