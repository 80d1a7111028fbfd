"""From what is wanted to what holds, with means made of memory."""

from __future__ import annotations

import pytest

from rs_agent.desktop.keeping import Change
from rs_agent.desktop.x11.keeper.keeper import Before, Keeper
from rs_agent.desktop.x11.keeper.lines import Told
from rs_agent.desktop.x11.keeper.record import Saved
from rs_relay.errors import LocalProblem


class Paper:
    def __init__(self, *saved: Saved) -> None:
        self.saved = list(saved)

    def read(self) -> list[Saved]:
        return self.saved

    def write(self, saved: list[Saved]) -> None:
        self.saved = saved


class Lamp:
    """A thing that is on, and off while it is hidden."""

    def __init__(self, paper: Paper, name: str, *, of_server: bool = True, retried: bool = False) -> None:
        self.of_server, self.retried = of_server, retried
        self.paper, self.name = paper, name
        self.on, self.why, self.tries = True, "", 0

    def before(self) -> Before:
        self.tries += 1
        if self.why:
            raise LocalProblem(self.why)
        return {"on": self.on}

    def make(self, before: Before) -> Before:
        assert Saved(self.name, before, "run" if self.of_server else "") in self.paper.saved  # before it is made
        self.on = False
        return before

    def upkeep(self, before: Before) -> Before:
        self.on = False
        return before

    def undo(self, before: Before) -> None:
        assert any(saved.means == self.name for saved in self.paper.saved)  # until it is undone
        self.on = bool(before["on"])


class Case:
    def __init__(self, *saved: Saved, run: str = "run") -> None:
        self.paper = Paper(*saved)
        self.root, self.tool = Lamp(self.paper, "root"), Lamp(self.paper, "tool", of_server=False)
        self.gamma, self.devices = Lamp(self.paper, "gamma"), Lamp(self.paper, "devices", retried=True)
        means = {
            Change.WALLPAPER: {"root": self.root, "tool": self.tool},
            Change.BLANK: {"gamma": self.gamma},
            Change.BLOCK: {"devices": self.devices},
        }
        self.keeper = Keeper(means, self.paper, run)

    def want(self, *changes: Change) -> Told:
        self.keeper.want(frozenset(changes))
        return self.keeper.told()


def test_a_change_is_made_looked_after_and_put_back() -> None:
    case = Case()
    assert case.want(Change.WALLPAPER) == Told((Change.WALLPAPER,))
    assert (case.root.on, case.tool.on) == (False, False)
    case.root.on = True
    case.want(Change.WALLPAPER)
    assert not case.root.on
    assert case.want() == Told()
    assert (case.root.on, case.tool.on, case.paper.saved) == (True, True, [])


def test_one_of_two_means_is_enough_and_none_says_why() -> None:
    case = Case()
    case.root.why = "no wallpaper"
    assert case.want(Change.WALLPAPER).in_force == (Change.WALLPAPER,)
    case.want()
    case.tool.why = "no tool"
    assert case.want(Change.WALLPAPER) == Told((), {Change.WALLPAPER: "no tool"})
    tries = case.root.tries
    case.want(Change.WALLPAPER)
    assert case.root.tries == tries  # it would be asked twice a second
    case.root.why = ""
    case.want()
    assert case.want(Change.WALLPAPER).in_force == (Change.WALLPAPER,)  # asked anew, tried anew


def test_what_no_means_can_do_says_so() -> None:
    assert Change.EFFECTS in Case().want(Change.EFFECTS).cannot


def test_what_is_worth_it_is_tried_again() -> None:
    case = Case()
    case.devices.why = "a key is held down"
    assert case.want(Change.BLOCK) == Told((), {Change.BLOCK: "a key is held down"})
    case.devices.why = ""
    assert case.want(Change.BLOCK) == Told((Change.BLOCK,))


def test_what_the_person_ended_stays_ended_until_nobody_wants_it() -> None:
    case = Case()
    case.want(Change.BLANK, Change.BLOCK, Change.WALLPAPER)
    case.keeper.end()
    assert (case.gamma.on, case.devices.on, case.root.on) == (True, True, False)
    assert case.want(Change.BLANK, Change.BLOCK, Change.WALLPAPER) == Told((Change.WALLPAPER,), ended=True)
    assert not case.keeper.private
    assert case.want() == Told()
    assert case.want(Change.BLANK) == Told((Change.BLANK,))
    assert case.keeper.private


@pytest.mark.parametrize(("run", "root"), [("run", False), ("a later one", True)])
def test_what_an_earlier_one_left_is_put_back_and_nothing_of_another_server(run: str, root: bool) -> None:
    left = [Saved("root", {"on": False}, "run"), Saved("tool", {"on": False}), Saved("gone", {})]
    case = Case(*left, run=run)
    case.keeper.mend()
    assert (case.root.on, case.tool.on, case.paper.saved) == (root, False, [])


def test_a_paper_that_was_written_on_stops_nothing() -> None:
    case = Case(Saved("root", {}, "run"), Saved("tool", {"on": False}))
    case.keeper.mend()
    assert (case.root.on, case.tool.on) == (True, False)
