"""The customer's side in memory: a face that remembers what it showed, a desktop that remembers what was done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rs_agent.consent import Question
from rs_agent.desktop.base import (
    CLIPBOARD_LIMIT,
    Area,
    Change,
    ClipboardTooLarge,
    Drawn,
    Kept,
    Monitor,
    Pixels,
    PointerPlace,
    PointerShape,
)
from rs_agent.feature import Countdown, Moving
from rs_agent.ui import words
from rs_agent.ui.base import Actions, InForce, Summary
from rs_relay.channels.draw import Tool
from rs_relay.clipboard.contents import Contents, Format, Raw
from rs_relay.drawing.board import Stroke
from rs_relay.errors import LocalProblem
from rs_relay.link.codes import Code, parse
from rs_relay.link.spec import Permission

PATIENCE = 30.0  # seconds: what takes longer than this never comes


async def until(what: Callable[[], object], patience: float = PATIENCE) -> None:
    """Until `what()` is true; whatever runs meanwhile runs on this loop or on threads."""
    async with asyncio.timeout(patience):
        while not what():  # noqa: ASYNC110 (there is no event for what happens on threads)
            await asyncio.sleep(0.002)


class FakeFace:
    """A Face. With `yes`, it answers each question by itself: the permissions in it with a yes, others with a no."""

    def __init__(self, yes: Iterable[Permission] | None = None) -> None:
        self.yes = None if yes is None else frozenset(yes)
        self.actions: Actions | None = None
        self.questions: list[Question] = []
        self.on_show: Question | None = None
        self.shown: list[InForce] = []
        self.notices: list[str] = []
        self.chats: list[tuple[str, str]] = []
        self.codes: list[str] = []
        self.problems: list[str] = []
        self.summaries: list[Summary] = []
        self.windows: list[FakeWindow] = []
        self.keys: list[str] = []
        self.typed: list[str] = []
        self.restarts: list[Countdown | None] = []
        self.access_codes: list[tuple[str, str]] = []
        self.moves: list[Moving] = []
        self.moves_over: list[int] = []
        self.windows_open = True  # whether one can be opened

    @property
    def now(self) -> InForce:
        return self.shown[-1] if self.shown else InForce()

    def open(self, actions: Actions) -> None:
        self.actions = actions

    def code(self, spoken: str, minutes: int) -> None:
        self.codes.append(spoken)

    def in_force(self, now: InForce) -> None:
        self.shown.append(now)

    def ask(self, question: Question, folder: str) -> None:
        self.questions.append(question)
        self.on_show = question
        if self.yes is not None and self.actions is not None:
            yes = question.permission in self.yes
            asyncio.get_running_loop().call_soon(self.actions.answer, question.number, yes)

    def asked(self, question: Question) -> None:
        if self.on_show == question:
            self.on_show = None

    def notice(self, text: str, typed: str = "") -> None:
        self.notices.append(text)
        self.typed.append(typed)

    def counting(self, restart: Countdown) -> None:
        self.restarts.append(restart)
        self.notices.append(words.countdown(restart))

    def counted(self) -> None:
        self.restarts.append(None)

    def access_code(self, code: str, who: str) -> None:
        self.access_codes.append((code, who))

    def moving(self, move: Moving) -> None:
        self.moves.append(move)

    def moved(self, number: int) -> None:
        self.moves_over.append(number)

    def chat(self, name: str, text: str) -> None:
        self.chats.append((name, text))

    async def picture(self, who: str) -> FakeWindow:
        if not self.windows_open:
            raise LocalProblem("There is no display.")
        self.windows.append(FakeWindow(who))
        return self.windows[-1]

    def hot_key(self, name: str) -> None:
        self.keys.append(name)

    def ask_code(self) -> Code:
        return parse("123-456-789")

    def problem(self, message: str, hint: str) -> None:
        self.problems.append(message)

    def summary(self, summary: Summary) -> None:
        self.summaries.append(summary)

    def close(self) -> None: ...


class FakeWindow:
    """A window that keeps what it was shown, and says what the test puts into `says`: None is closed by the customer,
    an exception is raised. `open` is false once the agent has closed it."""

    codecs = ("jpeg",)

    def __init__(self, who: str) -> None:
        self.who = who
        self.shown: list[Any] = []
        self.says: asyncio.Queue[Any] = asyncio.Queue()
        self.open = True

    async def show(self, message: Any) -> None:
        self.shown.append(message)

    async def said(self) -> Any:
        said = await self.says.get()
        if isinstance(said, Exception):
            raise said
        return said

    async def close(self) -> None:
        self.open = False


@dataclass
class FakeHands:
    """Records what it was told, with the thread that told it. `gate`, while not set, makes every act wait."""

    acts: list[tuple[object, ...]] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    threads: set[str] = field(default_factory=set)
    gate: threading.Event = field(default_factory=threading.Event)
    broken: bool = False
    closed: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    def _act(self, *act: object) -> None:
        self.threads.add(threading.current_thread().name)
        self.gate.wait(PATIENCE)
        if self.broken:
            raise LocalProblem("The display is gone.")
        self.acts.append(act)

    def move(self, x: int, y: int) -> None:
        self._act("move", x, y)

    def button(self, name: str, down: bool) -> None:
        self._act("button", name, down)
        (self.held.add if down else self.held.discard)(name)

    def wheel(self, dx: int, dy: int) -> None:
        self._act("wheel", dx, dy)

    def key(self, name: str, down: bool) -> None:
        self._act("key", name, down)
        (self.held.add if down else self.held.discard)(name)

    def text(self, text: str) -> None:
        self._act("text", text)

    def release_all(self) -> None:
        self.acts.append(("release",))
        self.held.clear()

    def close(self) -> None:
        self.closed = True


class FakeClipboard:
    def __init__(self, text: str = "") -> None:
        self.text = text
        self.contents: dict[Format, bytes] = {}
        self.watchers: list[Callable[[], None]] = []
        self.broken = False
        self.closed = False

    def get(self, limit: int = CLIPBOARD_LIMIT) -> str:
        if self.broken:
            raise LocalProblem("There is no clipboard.")
        if len(self.text.encode()) > limit:
            raise ClipboardTooLarge(len(self.text.encode()))
        return self.text

    def set(self, text: str) -> None:
        if self.broken:
            raise LocalProblem("There is no clipboard.")
        self.text = text

    def formats(self) -> frozenset[Format]:
        if self.broken:
            raise LocalProblem("There is no clipboard.")
        return frozenset(self.contents)

    def read(self, wanted: Format, limit: int) -> Raw | None:
        data = self.contents.get(wanted)
        if data is not None and len(data) > limit:
            raise ClipboardTooLarge(len(data))
        return None if data is None else Raw(wanted, data)

    def put(self, contents: Contents) -> None:
        if self.broken:
            raise LocalProblem("There is no clipboard.")
        self.contents = dict(contents)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        if self.broken:
            raise LocalProblem("There is no clipboard.")
        self.watchers.append(changed)
        return lambda: self.watchers.remove(changed)

    def copy(self, text: str) -> None:
        """The customer copies `text`; told from another thread, as by a real clipboard."""
        self.text = text
        self.tell()

    def tell(self) -> None:
        for changed in list(self.watchers):
            teller = threading.Thread(target=changed)
            teller.start()
            teller.join()

    def close(self) -> None:
        self.closed = True


class FakeScreen:
    def __init__(self) -> None:
        self.grabs = 0

    def monitors(self) -> tuple[Monitor, ...]:
        return (self.bounds(),)

    def bounds(self) -> Monitor:
        return Monitor("all", 0, 0, 64, 64)

    def watch(self, changed: Callable[[], None]) -> bool:
        return False

    def damaged(self) -> tuple[Area, ...] | None:
        return None

    def shape(self) -> PointerShape | None:
        return None

    def focus(self) -> Area | None:
        return None

    def grab(self, area: Monitor, parts: Sequence[Area] | None = None) -> Pixels:
        self.grabs += 1
        return np.full((area.height, area.width, 4), 200, dtype=np.uint8)

    def pointer(self) -> PointerPlace:
        return PointerPlace(self.grabs, 7)

    def close(self) -> None: ...


class FakeOverlay:
    """Keeps what is over the desktop; `take` waits for the test to draw with `hand`."""

    def __init__(self) -> None:
        self.strokes: dict[int, Stroke] = {}
        self.shown: list[dict[int, Stroke]] = []  # all that ever was, in order
        self.tool: Tool | None = None
        self.hand: Callable[[Drawn], None] = lambda drawn: None
        self.closed = False

    def show(self, strokes: Mapping[int, Stroke]) -> None:
        self.strokes = dict(strokes)
        self.shown.append(self.strokes)

    def take(self, tool: Tool, drawn: Callable[[Drawn], None]) -> None:
        self.tool, self.hand = tool, drawn

    def close(self) -> None:
        self.strokes = {}
        self.closed = True


class FakeKeeper:
    """Changes whatever is wanted but `cannot`; `end` is the person at the computer, who uses the way out."""

    def __init__(self, told: Callable[[Kept], None]) -> None:
        self.cannot: dict[Change, str] = {}
        self.wanted: frozenset[Change] = frozenset()
        self.closed = False
        self._tell = told

    def want(self, changes: frozenset[Change]) -> None:
        self.wanted = changes
        self._tell(Kept(changes - set(self.cannot), {c: why for c, why in self.cannot.items() if c in changes}))

    def end(self) -> None:
        self._tell(Kept(ended=True))

    def close(self) -> None:
        self.closed = True


class FakeDesktop:
    name = "fake"

    def __init__(self) -> None:
        self.the_hands = FakeHands()
        self.the_clipboard = FakeClipboard()
        self.overlays: list[FakeOverlay] | None = []  # None: this desktop has none
        self.keepers: dict[str, FakeKeeper] | None = {}  # by purpose; None: this desktop has none
        self.closed = False
        self.is_seen = False

    def screen(self) -> FakeScreen:
        return FakeScreen()

    def hands(self) -> FakeHands:
        return self.the_hands

    def clipboard(self) -> FakeClipboard:
        return self.the_clipboard

    def overlay(self) -> FakeOverlay:
        if self.overlays is None:
            raise LocalProblem("This desktop cannot be drawn over.")
        self.overlays.append(FakeOverlay())
        return self.overlays[-1]

    asks = False

    def allowed(self, permissions: frozenset[Permission]) -> None:
        """Nobody but rs asks here."""

    def stop_key(self, pressed: Callable[[], None]) -> str:
        return ""

    def seen(self, on: bool) -> None:
        self.is_seen = on

    def keep_in(self, folder: Path, *, lasting: bool = False) -> None:
        """A keeper of memory leaves nothing behind."""

    def keeper(self, purpose: str, told: Callable[[Kept], None]) -> FakeKeeper:
        if self.keepers is None:
            raise LocalProblem("rs cannot do that on this system yet.")
        self.keepers[purpose] = FakeKeeper(told)
        return self.keepers[purpose]

    def close(self) -> None:
        self.closed = True
