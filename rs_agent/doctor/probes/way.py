"""The way to the relay, and the clock: judged."""

from __future__ import annotations

from rs_agent.doctor.facts import Clock, Place, Way
from rs_agent.doctor.verdict import Finding, no, partly, yes
from rs_agent.language import _

NEAR = 120.0  # seconds that two clocks may differ: nothing of rs minds
DAY = 24 * 3600.0


def relay(way: Way) -> Finding:
    if way.problem is not None:
        return no(f"{way.relay}: {_(way.problem.message)}", _cure(way), type(way.problem))
    reached = _("{relay} answers after {ms} ms, {route}.").format(
        relay=way.relay, ms=way.milliseconds, route=_route(way)
    )
    silent = [place for place in way.places if not place.answers]
    if silent and not way.proxy:
        return partly(
            reached + " " + _("No answer from {places}.").format(places=_list(silent)),
            _("Some connections may take seconds longer; the relay's operator should know."),
        )
    return yes(reached)


def _route(way: Way) -> str:
    if way.proxy:
        return _("through the proxy {proxy}").format(proxy=way.proxy)
    heard = [place for place in way.places if place.answers]
    return _("directly, at {places}").format(places=_list(heard)) if heard else _("directly")


def _cure(way: Way) -> str:
    if way.is_default:
        return _("No relay is set. Ask whoever helps you for its address, and give it with --relay.")
    if way.proxy:
        asked = _("The way there is the proxy {proxy}: is it right, and does it let {relay} through?")
        hint = _(way.problem.hint) if way.problem is not None else ""
        return " ".join(filter(None, (asked.format(proxy=way.proxy, relay=way.relay), hint)))
    if not way.known:
        return _("No address of that name is known here: is the network up, and the name right?")
    if way.places and not any(place.answers for place in way.places):
        return _(
            "Nothing answers at {places}: it is down, or a firewall is in between. Ask for another port, or a proxy."
        ).format(places=_list(way.places))
    return _(way.problem.hint) if way.problem is not None else ""


def clock(now: Clock) -> Finding:
    if now.relays is None:
        if now.now < now.built - DAY:
            return no(_("It is set to a time before this program was made."), _set_it())
        return partly(_("It could not be compared with the relay's."))
    off = now.now - now.relays
    if abs(off) <= NEAR:
        return yes(_("It agrees with the relay's."))
    said = _("It is {long} ahead of the relay's.") if off > 0 else _("It is {long} behind the relay's.")
    reason = said.format(long=_long(abs(off)))
    return (no if abs(off) > DAY else partly)(reason, _set_it())


def _set_it() -> str:
    return _("Set the clock of this computer: certificates and working hours go by it.")


def _long(seconds: float) -> str:
    if seconds < 2 * 3600:
        return _("{n} minutes").format(n=round(seconds / 60))
    if seconds < 2 * DAY:
        return _("{n} hours").format(n=round(seconds / 3600))
    return _("{n} days").format(n=round(seconds / DAY))


def _list(places: tuple[Place, ...] | list[Place]) -> str:
    return ", ".join(_address(place) for place in places)


def _address(place: Place) -> str:
    return f"[{place.address}]:{place.port}" if ":" in place.address else f"{place.address}:{place.port}"
