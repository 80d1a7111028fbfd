"""The local journal, told again in plain words: lines of `journal` in, sessions out. Pure.

A line that makes no sense (a torn one after a power cut, one of a later version) is left out and never ends the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rs_agent.language import N_, _
from rs_agent.ui import words
from rs_relay.link.spec import Permission
from rs_relay.text import printable

TEXT = 400  # cells of one thing that was done

# What a feature or the session wrote, as it reads afterwards; `{what}` is the line's text.
KINDS: Mapping[str, str] = {
    **words.FILES,
    "session-back": N_("the session went on after a restart"),
    "cut-off": N_("was cut off for breaking the rules: {what}"),
    "wrong-code": N_("typed a wrong code: {what}"),
    "warned": N_("you read the warning and went on"),
    "paused": N_("you paused"),
    "resumed": N_("you went on"),
    "file asked for": N_("asked for: {what}"),
    "command": N_("command: {what}"),
    "command not started": N_("command not started: {what}"),
    "shell opened": N_("a terminal was opened; what was written in it: {what}"),
    "shell ended": N_("the terminal was closed"),
    "service": N_("service: {what}"),
    "signal": N_("program: {what}"),
    "tunnel": N_("connection to {what}"),
    "tunnel-port": N_("connections were taken at port {what}"),
    "clipboard given": N_("the clipboard was read: {what}"),
    "recording": N_("the recording began"),
    "recording-ended": N_("the recording ended"),
    "privacy": N_("darkened or held: {what}"),
    "privacy-over": N_("given back: {what}"),
    "privacy-ended": N_("you ended the darkness"),
    "looked": N_("looked at: {what}"),
    "restart": N_("restart: {what}"),
    "unattended": N_("came in with the access code: {what}"),
    "unattended-refused": N_("was turned away: {what}"),
    "wrong-access-code": N_("typed a wrong access code: {what}"),
    "unknown-technician": N_("typed the right access code, but is not known here: {what}"),
    "access-code-limit": N_("too many wrong access codes: {what}"),
    "unattended-enrolled": N_("may come in without you from now on: {what}"),
    "agent-service": N_("rs-agent as a service: {what}"),
    "wake": N_("another computer was woken: {what}"),
}
_ANSWERS: Mapping[str, str] = {
    "granted": N_("you allowed: {what}"),
    "withdrawn": N_("you took back: {what}"),
    "refused": N_("not allowed: {what}"),
}


@dataclass
class Told:
    """One session. `seconds` and `reason` are None while it lasts, or where the agent was killed."""

    began: float
    who: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    seconds: float | None = None
    reason: str | None = None


def sessions(lines: Iterable[str]) -> list[Told]:
    """In the order in which they began. What was written outside of one (wrong codes) belongs to the next."""
    found: list[Told] = []
    now: Told | None = None
    before: list[dict[str, Any]] = []
    for entry in filter(None, map(_entry, lines)):
        kind = entry["kind"]
        if kind == "session" or (kind == "session-back" and now is None):
            now = Told(entry["at"], [], _names(entry.get("allowed")), before)
            found.append(now)
            before = []
        if now is None:
            before.append(entry)
            continue
        if kind in ("session", "link") and (who := str(entry.get("who", ""))) not in now.who:
            now.who.append(who)
        if kind == "session-ended":
            now.seconds = float(entry.get("seconds") or 0.0)
            now.reason = str(entry.get("reason", ""))
            now = None
        elif kind not in ("session", "link", "link-ended"):
            now.events.append(entry)
    return found


def as_json(told: Told) -> dict[str, Any]:
    return {
        "began": told.began, "who": told.who, "allowed": told.allowed, "seconds": told.seconds, "reason": told.reason,
        "events": told.events,
    }  # fmt: skip


def as_text(told: Told) -> list[str]:
    """Lines: when, who and how long; what was allowed beforehand; what was done; how it ended."""
    who = ", ".join(printable(name, 64) for name in told.who) or _("nobody")
    if told.seconds is None:
        lasted = _("its end was not written down")
    else:
        minutes, seconds = divmod(round(told.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        lasted = f"{hours}:{minutes:02}:{seconds:02}"
    lines = [f"{_when(told.began, '%Y-%m-%d %H:%M')}  {who}  ({lasted})"]
    if told.allowed:
        lines.append("  " + _("allowed beforehand: {what}").format(what=_asked(told.allowed)))
    lines += [f"  {_when(entry['at'], '%H:%M:%S')}  {line(entry)}" for entry in told.events]
    if told.reason is not None:
        lines.append("  " + _("the end: {what}").format(what=printable(_(told.reason), TEXT)))
    return lines


def line(entry: Mapping[str, Any]) -> str:
    """What one entry says."""
    kind = str(entry["kind"])
    if kind in _ANSWERS:
        return _(_ANSWERS[kind]).replace("{what}", _asked([str(entry.get("permission", ""))]))
    what = printable(str(entry.get("text") or entry.get("who") or ""), TEXT)
    return _(KINDS[kind]).replace("{what}", what) if kind in KINDS else printable(f"{kind} {what}".strip(), TEXT)


def _asked(names: Iterable[str]) -> str:
    known = {str(permission): permission for permission in Permission}
    return ", ".join(words.asks(known[name]) if name in known else printable(name, 40) for name in names)


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def _entry(text: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(text)
        if isinstance(entry, dict) and isinstance(entry["kind"], str):
            entry["at"] = float(entry["at"])
            datetime.fromtimestamp(entry["at"])  # what is no time is no line
            return entry
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        pass
    return None


def _when(at: float, form: str) -> str:
    return datetime.fromtimestamp(at).strftime(form)
