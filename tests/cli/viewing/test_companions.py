"""What the window's menu offers about the session, and what choosing it does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from rs_cli.viewer import pipe
from rs_cli.viewing import COMPANIONS, view
from rs_cli.viewing.companion import Around
from rs_relay.channels.screen.messages import Colours, Pause, Resume, Start, Tune
from rs_relay.errors import LocalProblem
from tests.support.viewing import Case, during


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


async def test_pause_is_told_and_ticked(case: Case) -> None:
    async def story() -> None:
        await case.viewer.entry("pause", on=False)
        case.viewer.say(pipe.Chosen("pause", True))
        await case.agent.until(lambda: Pause() in case.agent.heard)
        await case.viewer.entry("pause", on=True)
        case.viewer.say(pipe.Chosen("pause", False))
        await case.agent.until(lambda: Resume() in case.agent.heard)
        await case.viewer.entry("pause", on=False)

    await during(case, story, COMPANIONS)


async def test_the_making_of_the_picture(case: Case) -> None:
    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        await case.viewer.entry("colours 256", on=True)  # as it began
        case.viewer.say(pipe.Chosen("colours 16"))
        await case.viewer.entry("colours 16", on=True)
        await case.viewer.entry("colours 256", on=False)
        case.viewer.say(pipe.Chosen("lossless", True))
        await case.viewer.entry("lossless", on=True)
        case.viewer.say(pipe.Chosen("rate 10"))
        await case.agent.until(lambda: Tune(Colours.GREYS, lossless=True, rate=10) in case.agent.heard)

    await during(case, story, COMPANIONS, tune=Tune(Colours.C256))
    assert Start(-1, ("jpeg",), Tune(Colours.C256)) in case.agent.heard


async def test_the_clipboard_is_shared_and_left(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    class Here:
        def get(self) -> str:
            return "here"

        def set(self, text: str) -> None:
            raise AssertionError(text)

    monkeypatch.setattr("rs_cli.viewing.clipboard.system_clipboard", Here)

    async def story() -> None:
        await case.viewer.entry("clipboard", on=False)
        case.viewer.say(pipe.Chosen("clipboard", True))
        await case.viewer.entry("clipboard", on=True)
        case.viewer.say(pipe.Chosen("clipboard", False))
        await case.viewer.entry("clipboard", on=False)

    await during(case, story, COMPANIONS)


async def test_what_cannot_be_done_is_said_and_ids_of_nobody_do_nothing(case: Case) -> None:
    class Cannot:
        def __init__(self, around: Around) -> None:
            self.chosen_ones: list[str] = []

        def entries(self) -> Iterable[pipe.Entry]:
            return [pipe.Entry("x", "Do"), pipe.Entry("grey", "Not now", enabled=False)]

        async def chosen(self, what: str, on: bool) -> None:
            self.chosen_ones.append(what)
            raise LocalProblem("That cannot be done here.")

    made: list[Cannot] = []

    def make(around: Around) -> Cannot:
        made.append(Cannot(around))
        return made[-1]

    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("nobody"), pipe.Chosen("grey"), pipe.Chosen("x"))
        await case.viewer.line("That cannot be done here.")

    await during(case, story, (make,))
    assert made[0].chosen_ones == ["x"]
