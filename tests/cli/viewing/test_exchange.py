"""Pictures and files between the two clipboards: by the menu, by Ctrl-V, with a question before much goes."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rs_agent.feature import Context
from rs_agent.features.clips import Clips as AgentClips
from rs_agent.features.files import Files as AgentFiles
from rs_cli.viewer import pipe
from rs_cli.viewing import COMPANIONS, exchange
from rs_cli.viewing import clipboard as module
from rs_cli.viewing.exchange import ours, theirs
from rs_relay.channels import clips
from rs_relay.channels.clips import Item, Offered
from rs_relay.channels.control.messages import Key
from rs_relay.clipboard.contents import Format, uri_list
from rs_relay.errors import NoSuchSession, TooLarge
from tests.support.customer import FakeClipboard, FakeDesktop, FakeFace
from tests.support.viewing import Case, ScreenAgent, during


class Agent(ScreenAgent):
    """With the real features for clipboard and files, on a desktop and a home of the test's."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.desktop, self.home = FakeDesktop(), home
        self.there = self.desktop.the_clipboard
        context = Context(
            self.desktop, FakeFace(), home / "Downloads/rs", "Anna", home, granted=lambda permission: True
        )  # fmt: skip
        self.features: dict[str, Any] = {"clips": AgentClips(context), "files": AgentFiles(context)}

    async def serve(self, name: str, channel: Any, link: Any) -> None:
        if name in self.features:
            await asyncio.gather(self.features[name].run(channel), return_exceptions=True)
        else:
            await super().serve(name, channel, link)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    made = Case(tmp_path / "book")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "mine").mkdir()
    made.agent = Agent(tmp_path / "theirs")
    made.here = FakeClipboard()  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "local_clipboard", lambda: made.here)  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "has_clipboard", lambda: True)
    monkeypatch.setattr(module, "system_clipboard", lambda: made.here)  # type: ignore[attr-defined]
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "mine")
    return made


def picture(side: int = 40) -> bytes:
    out = BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(out, "PNG")
    return out.getvalue()


async def remark(case: Case, begins: str) -> str:
    async with case.viewer.more:
        await case.viewer.more.wait_for(
            lambda: case.viewer.status is not None and case.viewer.status.text.startswith(begins)
        )
    assert case.viewer.status
    return case.viewer.status.text


async def test_their_picture_is_fetched(case: Any) -> None:
    case.agent.there.contents = {Format.IMAGE: picture()}

    async def story() -> None:
        await case.viewer.entry("clipboard fetch", enabled=True)
        case.viewer.say(pipe.Chosen("clipboard fetch"))
        await remark(case, "The picture is on your clipboard.")

    await during(case, story, COMPANIONS)
    assert Image.open(BytesIO(case.here.contents[Format.IMAGE])).size == (40, 40)


async def test_their_files_are_fetched_after_a_question(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASK_OVER", 10)
    (case.agent.home / "a.txt").write_text("much more than that")
    case.agent.there.contents = {Format.FILES: uri_list([str(case.agent.home / "a.txt")])}
    landed = Path.home() / "Downloads" / "rs" / "a.txt"

    async def story() -> None:
        await case.viewer.entry("clipboard fetch", enabled=True)
        case.viewer.say(pipe.Chosen("clipboard fetch"))
        await remark(case, "That is large: a file, ")
        await case.viewer.entry("clipboard fetch", enabled=True)
        assert not landed.exists()
        case.viewer.say(pipe.Chosen("clipboard fetch"))
        await remark(case, "Fetched into ")

    await during(case, story, COMPANIONS)
    assert landed.read_text() == "much more than that"
    assert case.here.contents == {Format.FILES: uri_list([str(landed)])}


async def test_control_v_sends_what_was_copied_here_and_then_presses_it(case: Any) -> None:
    mine = Path.home() / "mine.txt"
    mine.write_text("mine")

    async def story() -> None:
        await case.viewer.entry("clipboard", on=False)
        case.viewer.say(pipe.Chosen("clipboard", True))
        await case.viewer.entry("clipboard", on=True)
        while not case.here.watchers:  # noqa: ASYNC110 (threads)
            await asyncio.sleep(0.01)
        case.here.contents = {Format.FILES: uri_list([str(mine)])}
        case.here.tell()
        await asyncio.sleep(0.05)
        keys = [Key("control_left", True), Key("v", True), Key("v", False), Key("control_left", False)]
        case.viewer.say(*(pipe.Hands(key) for key in keys))
        await remark(case, "On the customer's clipboard: a file")
        await case.agent.until(lambda: Key("v", False) in case.agent.heard)
        heard = [said for said in case.agent.heard if isinstance(said, Key) and said.name == "v"]
        assert heard == keys[1:3]  # once, when it was there
        assert case.agent.there.contents[Format.FILES].endswith(b"/Downloads/rs/mine.txt\r\n")
        case.viewer.say(*(pipe.Hands(key) for key in keys))  # it is there: the keys just go through
        await case.agent.until(lambda: case.agent.heard.count(Key("v", True)) == 2)

    await during(case, story, COMPANIONS)
    assert (case.agent.home / "Downloads/rs/mine.txt").read_text() == "mine"


async def test_marks_stay_with_a_text_that_they_copied(case: Any) -> None:
    async def story() -> None:
        await case.viewer.entry("clipboard", on=False)
        case.viewer.say(pipe.Chosen("clipboard", True))
        while not case.agent.there.watchers:  # noqa: ASYNC110 (threads)
            await asyncio.sleep(0.01)
        case.agent.there.contents = {Format.TEXT: b"bold", Format.HTML: b"<b>bold</b>"}
        case.agent.there.tell()
        while case.here.contents != case.agent.there.contents:  # noqa: ASYNC110 (threads)
            await asyncio.sleep(0.01)

    await during(case, story, COMPANIONS)


async def test_marks_go_with_a_text_that_was_copied_here(case: Any) -> None:
    async def story() -> None:
        await case.viewer.entry("clipboard", on=False)
        case.viewer.say(pipe.Chosen("clipboard", True))
        while not case.here.watchers:  # noqa: ASYNC110 (threads)
            await asyncio.sleep(0.01)
        case.here.text = "bold"
        case.here.contents = {Format.TEXT: b"bold", Format.HTML: b"<b>bold</b>"}
        case.here.tell()
        while case.agent.there.contents != case.here.contents:  # noqa: ASYNC110 (threads)
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.0)  # longer than between two looks at the bare text
        assert case.agent.clipboard != "bold"

    await during(case, story, COMPANIONS)


def test_what_is_chosen_of_several() -> None:
    def offered(*kinds: clips.Format, **more: int) -> Offered:
        return Offered(1, True, tuple(Item(kind, 5) for kind in kinds), **more)

    assert theirs(offered(clips.Format.TEXT, clips.Format.FILES, files=2)).kind is Format.FILES
    assert theirs(offered(clips.Format.TEXT, clips.Format.IMAGE)).kind is Format.TEXT  # a cell of a table
    assert theirs(offered(clips.Format.IMAGE)).kind is Format.IMAGE
    with pytest.raises(NoSuchSession):
        theirs(offered())
    with pytest.raises(TooLarge):
        theirs(Offered(1, True, (Item(clips.Format.IMAGE, 5, fits=False),)))
    here = FakeClipboard()
    with pytest.raises(NoSuchSession):
        ours(here)
    here.contents = {Format.IMAGE: b"12345"}
    assert (ours(here).kind, ours(here).size) == (Format.IMAGE, 5)


def test_without_a_display_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert exchange.local_clipboard() is None
