"""What the customer has said about each permission: a table, and the rules for asking.

    NOT_ASKED ──ask──▶ ASKING ──yes──▶ GRANTED ──withdraw──▶ WITHDRAWN
                          └──no, late, withdraw──▶ REFUSED
    REFUSED, WITHDRAWN ──ask──▶ ASKING           any ──allow──▶ GRANTED (the customer's own move)

The law: nothing is granted but by the customer's own yes, given to a question that was on show, or by the customer's
own `allow`. Silence is a no. One question at a time; whoever asks unwelcome questions is met with silence, too. Where
there are brakes (see `brakes`), no yes and no `allow` counts before its time, or before the warning was heeded.

Pure: no clock of its own, no I/O. `now` is in seconds of any clock that only goes forward.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
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


@dataclass(frozen=True)
class Question:
    """The one question on show. An answer names its number, so that a late yes never answers the next question."""

    number: int
    permission: Permission
    who: str
    until: float
    live: float = 0.0  # when a yes begins to count
    warn: bool = False  # the warning comes first: it is heeded before the question can be answered with a yes


class Consent:
    """The grants of one session. Every method that may change something returns the permissions that did change."""

    def __init__(
        self,
        offered: Collection[Permission],
        allowed: Iterable[Permission] = (),
        before: Mapping[Permission, Grant] = MappingProxyType({}),
        *,
        braked: float = 0.0,
        warn: bool = False,
    ) -> None:
        """`offered`: what this agent has a feature for; the rest can neither be asked for nor allowed.
        `allowed`: what the customer granted beforehand. `before`: what they said before this computer was restarted.
        `braked`: until when nothing of POWERFUL is granted; `warn`: the warning is still to be read."""
        self._offered = frozenset(offered)
        self._grants = dict.fromkeys(Permission, Grant.NOT_ASKED)
        self._queue: deque[tuple[Permission, str]] = deque()
        self._unwelcome: deque[float] = deque(maxlen=UNWELCOME)
        self._number = 0
        self._braked, self._warn = braked, False
        self.question: Question | None = None
        for permission, grant in before.items():
            if permission in self._offered and grant is not Grant.ASKING:
                self._grants[permission] = grant
        for permission in allowed:
            self._step(permission, Event.ALLOW)
        self._warn = warn

    @property
    def grants(self) -> dict[Permission, Grant]:
        return dict(self._grants)

    def granted(self, permission: Permission | None) -> bool:
        """Whether a channel of `permission` may speak now; None stands for one that needs no permission."""
        return permission is None or self._grants[permission] is Grant.GRANTED

    def settled(self, permission: Permission) -> bool:
        """Whether the customer has said something about it, and no question of it is open."""
        return self._grants[permission] not in (Grant.NOT_ASKED, Grant.ASKING)

    def ask(self, permission: Permission, who: str, now: float) -> frozenset[Permission]:
        """Put a question in the queue; it is refused in silence where it cannot be granted or would be a nuisance."""
        if permission not in self._offered:
            return self._refuse_unasked(permission)
        if not self._step(permission, Event.ASK):
            return frozenset()
        self._queue.append((permission, who))
        return frozenset({permission}) | self._next(now)

    def answer(self, number: int, yes: bool, now: float) -> frozenset[Permission]:
        """The customer's answer to question `number`; nothing if that is not the one on show."""
        if self.question is None or self.question.number != number:
            return frozenset()
        if yes and (self.question.warn or now < self.question.live):
            return frozenset()
        late = now >= self.question.until
        return self._close(Event.LATE if late else Event.YES if yes else Event.NO, now)

    def heed(self, number: int, now: float) -> bool:
        """The warning before question `number` was read: the question itself comes now. Whether that was so."""
        if self.question is None or self.question.number != number or not self.question.warn:
            return False
        self._warn = False
        self._put(self.question.permission, self.question.who, now)
        return True

    def waits(self, permission: Permission, now: float) -> float:
        """Seconds for which `allow` of it does not count yet; infinite while the warning was not heeded."""
        if self._warn:
            return float("inf")
        return max(0.0, self._braked - now) if permission in POWERFUL else 0.0

    def tick(self, now: float) -> frozenset[Permission]:
        """Lets a question that nobody answered become a no."""
        if self.question is None or now < self.question.until:
            return frozenset()
        return self._close(Event.LATE, now)

    def withdraw(self, permissions: Iterable[Permission], now: float) -> frozenset[Permission]:
        """The customer takes back what was granted, and drops what is being asked."""
        changed = {p for p in permissions if self._step(p, Event.WITHDRAW)}
        return frozenset(changed) | self._forget(changed, now)

    def allow(self, permission: Permission, now: float) -> frozenset[Permission]:
        """The customer grants it without being asked (or instead of answering)."""
        if self.waits(permission, now) > 0:
            return frozenset()
        if permission not in self._offered or not self._step(permission, Event.ALLOW):
            return frozenset()
        return frozenset({permission}) | self._forget({permission}, now)

    def _step(self, permission: Permission, event: Event) -> bool:
        if permission not in self._offered:
            return False
        following = TABLE.get((self._grants[permission], event))
        if following is None:
            return False
        self._grants[permission] = following
        return True

    def _refuse_unasked(self, permission: Permission) -> frozenset[Permission]:
        if self._grants[permission] is Grant.REFUSED:
            return frozenset()
        self._grants[permission] = Grant.REFUSED
        return frozenset({permission})

    def _close(self, event: Event, now: float) -> frozenset[Permission]:
        question = self.question
        if question is None:
            return frozenset()
        permission = question.permission
        self._step(permission, event)
        if event is not Event.YES:
            self._unwelcome.append(now)
        self.question = None
        return frozenset({permission}) | self._next(now)

    def _forget(self, permissions: Collection[Permission], now: float) -> frozenset[Permission]:
        """Takes `permissions` out of the queue and off the show, whatever became of them."""
        self._queue = deque(entry for entry in self._queue if entry[0] not in permissions)
        if self.question is None or self.question.permission not in permissions:
            return frozenset()
        self.question = None
        return self._next(now)

    def _next(self, now: float) -> frozenset[Permission]:
        """Shows the next question, or refuses the queue in silence while the customer has had enough."""
        silenced: set[Permission] = set()
        while self._queue and self.question is None:
            permission, who = self._queue.popleft()
            if self._had_enough(now):
                self._step(permission, Event.LATE)
                silenced.add(permission)
                continue
            self._put(permission, who, now)
        return frozenset(silenced)

    def _put(self, permission: Permission, who: str, now: float) -> None:
        self._number += 1
        live = self._braked if permission in POWERFUL else 0.0
        self.question = Question(self._number, permission, who, now + ANSWER_WITHIN, live, self._warn)

    def _had_enough(self, now: float) -> bool:
        return len(self._unwelcome) == UNWELCOME and now - self._unwelcome[0] < MINUTE
