"""The screen bench's report: sums, verdicts, the table and its place on the page."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.bench.screen import report, run, targets
from tests.bench.screen.figures import Figures, Latency, Mix, Run, SceneFigures, hopeless, summary
from tests.bench.screen.systems import SYSTEMS, Peer

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def scene(down: int, *, shown: int = 100, source: int = 100, server: float = 0.4, wrong: float = 0.0) -> SceneFigures:
    return SceneFigures(4.0, down, 400, source, shown, server, 0.2, 12.0, wrong)


def example(**ours: SceneFigures) -> Run:
    peers = {"scroll": scene(1_000_000, wrong=0.1), "video": scene(900_000, server=0.8)}
    poor = {"scroll": scene(500_000, shown=5, wrong=0.2), "video": scene(800_000, shown=50)}
    quick, slow = {"idle": Latency(20, 0, 10.0, 11.0, 12.0)}, {"idle": Latency(20, 0, 30.0, 31.0, 32.0)}
    mix = Mix(120.0, 2_000_000, 6.0, 3.0)
    return Run(
        date="2026-01-02",
        machine="a machine",
        versions={"rs": "rs 1", "x0vnc": "vnc 2"},
        systems={
            "rs": {"lan": Figures(first=900, latency={"idle": Latency(20, 0, 9.0, 9.5, 9.9)}, scenes=ours, mix=mix)},
            "x0vnc": {"lan": Figures(first=100, latency=quick, scenes=peers)},
            "x11vnc": {"lan": Figures(first=300, latency=slow, scenes=poor)},
        },
    )


def verdict(found: Run, what: str) -> targets.Verdict:
    return next(v for v in targets.verdicts(found) if v.what == what)


def test_a_summary_tells_the_lost_ones() -> None:
    assert summary([5.0, None, 1.0, 3.0]) == Latency(3, 1, 3.0, 5.0, 5.0)
    assert summary([None, None]) == Latency(0, 2)


def test_three_lost_ones_in_a_row_are_enough() -> None:
    assert not hopeless([None, None])
    assert not hopeless([None, None, 1.0])
    assert hopeless([1.0, None, None, None])


def test_a_frame_seen_in_two_strokes_is_one() -> None:
    twice = scene(1000, shown=150, source=100)
    assert (twice.fps, twice.per_frame) == (25.0, 10.0)
    assert scene(1000, shown=0).per_frame is None


def test_an_hour_of_work_is_reckoned_up() -> None:
    assert Mix(120.0, 0, 6.0, 3.0).hour(6.0) == 180.0


def test_the_latency_is_held_against_the_best_peer() -> None:
    found = verdict(example(), "latency, nothing else moves, lan")
    assert found.met
    assert "x0vnc" in found.wanted


@pytest.mark.parametrize(("down", "met"), [(100_000, True), (100_100, False)])
def test_a_tenth_of_the_best_peers_bytes_a_frame(down: int, met: bool) -> None:
    assert verdict(example(scroll=scene(down)), "bytes, scroll").met is met


def test_a_peer_that_delivers_little_is_not_the_best_for_its_few_bytes() -> None:
    assert "x0vnc" in verdict(example(scroll=scene(1)), "bytes, scroll").wanted


@pytest.mark.parametrize(("shown", "met"), [(96, True), (90, False)])
def test_scrolling_at_the_sources_rate(shown: int, met: bool) -> None:
    assert verdict(example(scroll=scene(1, shown=shown)), "frames, scroll").met is met


def test_wrong_pixels_are_not_lossless() -> None:
    what = "pixels that are wrong afterwards, scroll"
    assert verdict(example(scroll=scene(1)), what).met
    assert verdict(example(scroll=scene(1, wrong=0.00001)), what).met is False


def test_without_peers_nothing_is_met_or_missed() -> None:
    alone = msgspec.structs.replace(example(scroll=scene(1)), systems={"rs": example(scroll=scene(1)).systems["rs"]})
    assert verdict(alone, "bytes, scroll").met is None


def test_a_modem_must_be_readable_in_time() -> None:
    slow = Figures(first=3000, readable=9000, echo={"alone": Latency(5, 0, 600), "file": Latency(5, 0, 1300)})
    found = Run(date="", machine="", systems={"rs": {"28k8": slow, "56k": slow}})
    assert verdict(found, "readable picture, 28k8").met
    assert verdict(found, "readable picture, 56k").met is False
    assert verdict(found, "typing echo, 28k8").met
    assert verdict(found, "typing echo while a file is sent, 28k8").met is False


def test_an_echo_that_never_came_is_not_met() -> None:
    lost = Figures(first=3000, echo={"alone": Latency(0, 5)})
    found = Run(date="", machine="", systems={"rs": {"28k8": lost}})
    assert verdict(found, "readable picture, 28k8").met is False
    assert verdict(found, "typing echo, 28k8").met is False


def test_the_table_says_machine_versions_and_verdicts() -> None:
    told = report.markdown(example(scroll=scene(1)))
    for part in (
        "a machine",
        "rs 1",
        "vnc 2",
        "| met |",
        "### Line lan",
        "| scroll | x0vnc |",
        "| rs | 180 s | 90 s |",
    ):
        assert part in told


def test_a_system_that_failed_says_so_in_its_row() -> None:
    failed = run.add(example(), "xpra", "lan", Figures(error="NoPicture: a | b"))
    assert "| xpra | NoPicture: a / b |" in report.markdown(failed)


def test_the_table_is_put_between_its_marks_again_and_again() -> None:
    page = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    once = report.put(page, "new\n")
    assert once == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
    assert report.put(once, "new") == once


@pytest.mark.parametrize("page", ["", report.BEGIN, f"{report.END}{report.BEGIN}", f"{report.BEGIN}{report.END}" * 2])
def test_a_page_without_its_place_is_not_touched(page: str) -> None:
    with pytest.raises(report.NoPlace):
        report.put(page, "table")


def test_the_page_has_its_place() -> None:
    assert report.put(PAGE.read_text(), "table")


def test_a_run_is_read_as_it_was_written() -> None:
    found = example(scroll=scene(1))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Run) == found


def test_what_is_not_installed_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    said = run.missing([p for p in SYSTEMS if isinstance(p, Peer)], ["idle", "scroll", "video"])
    assert "x11vnc is not measured: x11vnc and xtigervncviewer not installed." in said
    assert "chromium is not installed: no figures for scroll." in said
    assert all(sentence.endswith(".") for sentence in said)


def test_what_is_installed_is_not_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert run.missing(SYSTEMS, ["idle", "scroll", "video"]) == []
