"""What a probe finds: whether it works, the reason, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rs_agent.language import N_, _
from rs_relay.errors import LocalProblem, RsError


class Sign(StrEnum):
    """Words and no pictures: they are read out over the telephone, and by screen readers."""

    YES = N_("yes")
    PARTLY = N_("partly")
    NO = N_("no")


@dataclass(frozen=True)
class Finding:
    """`reason` and `advice` are in the customer's language; `error` is the code of what stands in the way."""

    sign: Sign
    reason: str
    advice: str = ""
    error: type[RsError] = LocalProblem


@dataclass(frozen=True)
class Probe:
    """`name` is stable, for --json; `of` names the look whose fact `judge` is given. Without what is `needed` there is
    no session."""

    name: str
    title: str
    of: str
    judge: Callable[[Any], Finding]
    needed: bool = False
    otherwise: str = ""  # said where that look saw nothing, which another probe tells


@dataclass(frozen=True)
class Result:
    probe: Probe
    finding: Finding


def yes(reason: str) -> Finding:
    return Finding(Sign.YES, reason)


def partly(reason: str, advice: str = "") -> Finding:
    return Finding(Sign.PARTLY, reason, advice)


def no(reason: str, advice: str = "", error: type[RsError] = LocalProblem) -> Finding:
    return Finding(Sign.NO, reason, advice, error)


def refused(error: RsError) -> Finding:
    """That error of rs's own, in the customer's language where it has it."""
    return no(_(error.message), _(error.hint), type(error))


def examine(facts: Mapping[str, object], probes: Sequence[Probe]) -> list[Result]:
    """Each probe's finding, in their order."""
    return [Result(probe, _found(facts.get(probe.of), probe)) for probe in probes]


def stops(results: Sequence[Result]) -> Finding | None:
    """The first thing without which there is no session; None where one is possible."""
    return next((r.finding for r in results if r.probe.needed and r.finding.sign is Sign.NO), None)


def _found(fact: object, probe: Probe) -> Finding:
    if probe.otherwise and (fact is None or isinstance(fact, RsError)):
        return no(_(probe.otherwise))
    if fact is None:
        return no(_("It did not answer in time."), _("Try again; if it stays so, tell whoever helps you."))
    if isinstance(fact, RsError):
        return refused(fact)
    return probe.judge(fact)
