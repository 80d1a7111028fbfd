"""What the customer has said about each permission, to each technician: a table, and the rules for asking.

    NOT_ASKED ──ask──▶ ASKING ──yes──▶ GRANTED ──withdraw──▶ WITHDRAWN
                          └──no, late, withdraw──▶ REFUSED
    REFUSED, WITHDRAWN ──ask──▶ ASKING           any ──allow──▶ GRANTED (the customer's own move)

The law: nothing is granted but by the customer's own yes, given to a question that was on show, or by the customer's
own `allow`. Silence is a no. One question at a time, over all technicians; whoever asks unwelcome questions is met
with silence, too. Each technician has a table of their own, under their number; whoever has none is granted nothing,
and there is no call that does not say whose grant is meant. What concerns the session itself is a *matter*: it is asked
like a permission, answered once, and kept nowhere. Where there are brakes (see `brakes`), no yes and no `allow` counts
before its time, or before the warning was heeded.

Pure: no clock of its own, no I/O. `now` is in seconds of any clock that only goes forward.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType

from rs_agent.brakes import POWERFUL
from rs_relay.channels.consent import Grant
from rs_relay.link.spec import Permission

ANSWER_WITHIN = 60.0  # seconds; SECURITY-DESIGN 4.1: an unanswered question is a no (the model waits 9 s only)

# SECURITY-DESIGN 4.1: three dialogs a minute, then silence. Questions that were answered with a yes are not held
# against anybody: a technician who needs four things at the start of a session is no nuisance.
UNWELCOME = 3
MINUTE = 60.0


class Event(Enum):
    ASK = auto()
    YES = auto()
    NO = auto()
    LATE = auto()
    WITHDRAW = auto()
    ALLOW = auto()


TABLE: Mapping[tuple[Grant, Event], Grant] = MappingProxyType(
    {
        (Grant.NOT_ASKED, Event.ASK): Grant.ASKING,
        (Grant.REFUSED, Event.ASK): Grant.ASKING,
        (Grant.WITHDRAWN, Event.ASK): Grant.ASKING,
        (Grant.ASKING, Event.YES): Grant.GRANTED,
        (Grant.ASKING, Event.NO): Grant.REFUSED,
        (Grant.ASKING, Event.LATE): Grant.REFUSED,
        (Grant.ASKING, Event.WITHDRAW): Grant.REFUSED,
        (Grant.GRANTED, Event.WITHDRAW): Grant.WITHDRAWN,
        (Grant.NOT_ASKED, Event.ALLOW): Grant.GRANTED,
        (Grant.ASKING, Event.ALLOW): Grant.GRANTED,
        (Grant.REFUSED, Event.ALLOW): Grant.GRANTED,
        (Grant.WITHDRAWN, Event.ALLOW): Grant.GRANTED,
    }
)


class Matter(StrEnum):
    """What is asked beside permissions."""

    INVITE = "invite"  # somebody else comes into the session
    TAKE_OVER = "take-over"  # what one technician might do passes to another


@dataclass(frozen=True)
class Question:
    """The one question on show. An answer names its number, so that a late yes never answers the next question."""

    number: int
    permission: Permission | Matter
    who: str
    until: float
    live: float = 0.0  # when a yes begins to count
    warn: bool = False  # the warning comes first: it is heeded before the question can be answered with a yes
    technician: int = 0  # whose question it is
    whom: str = ""  # of a matter: who else is concerned
    passes: tuple[Permission, ...] = ()  # of TAKE_OVER: what passes


@dataclass(frozen=True)
class _Waiting:
    technician: int
    who: str
    about: Permission | Matter
    whom: str = ""
    passes: tuple[Permission, ...] = ()
    proposal: int = 0  # a matter's number


Changes = frozenset[tuple[int, Permission]]  # whose grant of what has become another
_NOTHING: Changes = frozenset()


class Consent:
    """The grants of one session. Every method that may change something returns which grants did change, of whom."""

    def __init__(self, offered: Collection[Permission], *, warn: bool = False) -> None:
        """`offered`: what this agent has a feature for; the rest can neither be asked for nor allowed. `warn`: the
        warning is still to be read."""
        self._offered = frozenset(offered)
        self._tables: dict[int, dict[Permission, Grant]] = {}
        self._queue: deque[_Waiting] = deque()
        self._unwelcome: deque[float] = deque(maxlen=UNWELCOME)
        self._number = self._proposals = 0
        self._braked: dict[int, float] = {}
        self._warn = warn
        self._on_show: _Waiting | None = None
        self._verdicts: dict[int, bool] = {}
        self.question: Question | None = None

    def admit(
        self,
        technician: int,
        allowed: Iterable[Permission] = (),
        before: Mapping[Permission, Grant] = MappingProxyType({}),
        *,
        braked: float = 0.0,
    ) -> None:
        """A technician of that number has come. `allowed`: what the customer granted them beforehand. `before`: what
        they said before this computer was restarted. `braked`: until when nothing of POWERFUL is granted to them."""
        table = self._tables[technician] = dict.fromkeys(Permission, Grant.NOT_ASKED)
        for permission, grant in before.items():
            if permission in self._offered and grant is not Grant.ASKING:
                table[permission] = grant
        for permission in allowed:
            self._step(technician, permission, Event.ALLOW)
        self._braked[technician] = braked

    def dismiss(self, technician: int, now: float) -> Changes:
        """That technician is nobody here any more: all that was granted, asked or waited for is void."""
        table = self._tables.pop(technician, {})
        self._braked.pop(technician, None)
        gone = frozenset((technician, p) for p, grant in table.items() if grant is Grant.GRANTED)
        return gone | self._forget(lambda waiting: waiting.technician == technician, now)

    def grants(self, technician: int) -> dict[Permission, Grant]:
        """All that the customer has said to them; all NOT_ASKED for one who is not here."""
        return dict(self._tables.get(technician) or dict.fromkeys(Permission, Grant.NOT_ASKED))

    def granted(self, technician: int, permission: Permission | None) -> bool:
        """Whether a channel of `permission` may speak now; None stands for one that needs no permission."""
        table = self._tables.get(technician)
        return table is not None and (permission is None or table[permission] is Grant.GRANTED)

    def granted_to_any(self, permission: Permission) -> bool:
        return any(table[permission] is Grant.GRANTED for table in self._tables.values())

    def settled(self, technician: int, permission: Permission) -> bool:
        """Whether the customer has said something about it, and no question of it is open."""
        table = self._tables.get(technician)
        return table is None or table[permission] not in (Grant.NOT_ASKED, Grant.ASKING)

    def ask(self, technician: int, permission: Permission, who: str, now: float) -> Changes:
        """Put a question in the queue; it is refused in silence where it cannot be granted or would be a nuisance."""
        if technician not in self._tables:
            return _NOTHING
        if permission not in self._offered:
            return self._refuse_unasked(technician, permission)
        if not self._step(technician, permission, Event.ASK):
            return _NOTHING
        self._queue.append(_Waiting(technician, who, permission))
        return frozenset({(technician, permission)}) | self._next(now)

    def propose(
        self,
        technician: int,
        matter: Matter,
        who: str,
        now: float,
        *,
        whom: str = "",
        passes: Iterable[Permission] = (),
    ) -> tuple[int, Changes]:
        """Put a matter in the queue; its number, for `verdict`."""
        self._proposals += 1
        if technician not in self._tables:
            self._verdicts[self._proposals] = False
            return self._proposals, _NOTHING
        self._queue.append(_Waiting(technician, who, matter, whom, tuple(passes), self._proposals))
        return self._proposals, self._next(now)

    def verdict(self, proposal: int) -> bool | None:
        """What the customer said, told once; None while they have not."""
        return self._verdicts.pop(proposal, None)

    def call_off(self, proposal: int, now: float) -> Changes:
        """Nobody waits for that verdict any more."""
        changed = self._forget(lambda waiting: waiting.proposal == proposal, now)
        self._verdicts.pop(proposal, None)
        return changed

    def answer(self, number: int, yes: bool, now: float) -> Changes:
        """The customer's answer to question `number`; nothing if that is not the one on show."""
        if self.question is None or self.question.number != number:
            return _NOTHING
        if yes and (self.question.warn or now < self.question.live):
            return _NOTHING
        late = now >= self.question.until
        return self._close(Event.LATE if late else Event.YES if yes else Event.NO, now)

    def heed(self, number: int, now: float) -> bool:
        """The warning before question `number` was read: the question itself comes now. Whether that was so."""
        question = self.question
        if question is None or question.number != number or not question.warn or self._on_show is None:
            return False
        self._warn = False
        self._put(self._on_show, now)
        return True

    def waits(self, technician: int, permission: Permission, now: float) -> float:
        """Seconds for which `allow` of it does not count yet; infinite while the warning was not heeded."""
        if self._warn:
            return float("inf")
        return max(0.0, self._braked.get(technician, 0.0) - now) if permission in POWERFUL else 0.0

    def tick(self, now: float) -> Changes:
        """Lets a question that nobody answered become a no."""
        if self.question is None or now < self.question.until:
            return _NOTHING
        return self._close(Event.LATE, now)

    def withdraw(self, permissions: Iterable[Permission], now: float, technician: int | None = None) -> Changes:
        """The customer takes back what was granted, and drops what is being asked: of one, or with None of all."""
        whose = list(self._tables) if technician is None else [technician]
        changed = {(n, p) for p in list(permissions) for n in whose if self._step(n, p, Event.WITHDRAW)}
        return frozenset(changed) | self._forget(lambda waiting: (waiting.technician, waiting.about) in changed, now)

    def allow(self, technician: int, permission: Permission, now: float) -> Changes:
        """The customer grants it without being asked (or instead of answering)."""
        if self.waits(technician, permission, now) > 0:
            return _NOTHING
        if permission not in self._offered or not self._step(technician, permission, Event.ALLOW):
            return _NOTHING
        changed = {(technician, permission)}
        return frozenset(changed) | self._forget(lambda waiting: (waiting.technician, waiting.about) in changed, now)

    def _step(self, technician: int, permission: Permission, event: Event) -> bool:
        table = self._tables.get(technician)
        if table is None or permission not in self._offered:
            return False
        following = TABLE.get((table[permission], event))
        if following is None:
            return False
        table[permission] = following
        return True

    def _refuse_unasked(self, technician: int, permission: Permission) -> Changes:
        table = self._tables[technician]
        if table[permission] is Grant.REFUSED:
            return _NOTHING
        table[permission] = Grant.REFUSED
        return frozenset({(technician, permission)})

    def _close(self, event: Event, now: float) -> Changes:
        asked = self._on_show
        if asked is None:
            return _NOTHING
        if event is not Event.YES:
            self._unwelcome.append(now)
        self._on_show = self.question = None
        return self._decide(asked, event) | self._next(now)

    def _decide(self, asked: _Waiting, event: Event) -> Changes:
        if isinstance(asked.about, Matter):
            self._verdicts[asked.proposal] = event is Event.YES
            return _NOTHING
        if not self._step(asked.technician, asked.about, event):
            return _NOTHING
        return frozenset({(asked.technician, asked.about)})

    def _forget(self, over: Callable[[_Waiting], bool], now: float) -> Changes:
        """Takes what is `over` out of the queue and off the show, whatever became of it; a matter is a no."""
        for waiting in [w for w in (*self._queue, self._on_show) if w is not None and over(w)]:
            if isinstance(waiting.about, Matter):
                self._verdicts[waiting.proposal] = False
        self._queue = deque(waiting for waiting in self._queue if not over(waiting))
        if self._on_show is None or not over(self._on_show):
            return _NOTHING
        self._on_show = self.question = None
        return self._next(now)

    def _next(self, now: float) -> Changes:
        """Shows the next question, or refuses the queue in silence while the customer has had enough."""
        silenced = _NOTHING
        while self._queue and self.question is None:
            waiting = self._queue.popleft()
            if self._had_enough(now):
                silenced |= self._decide(waiting, Event.LATE)
                continue
            self._put(waiting, now)
        return silenced

    def _put(self, waiting: _Waiting, now: float) -> None:
        self._number += 1
        self._on_show = waiting
        powerful = not POWERFUL.isdisjoint({waiting.about, *waiting.passes})
        self.question = Question(
            self._number, waiting.about, waiting.who, now + ANSWER_WITHIN,
            self._braked.get(waiting.technician, 0.0) if powerful else 0.0, self._warn,
            waiting.technician, waiting.whom, waiting.passes,
        )  # fmt: skip

    def _had_enough(self, now: float) -> bool:
        return len(self._unwelcome) == UNWELCOME and now - self._unwelcome[0] < MINUTE
