"""Where screens stand: in the desktop's measure, in pixels, and back."""

from __future__ import annotations

from rs_relay.capture.base import Monitor
from rs_relay.capture.wayland.places import arrange, scale, under
from rs_relay.portal.session import Source

LEFT, RIGHT = Source(1, 0, 0, 1280, 720, True), Source(2, 1280, 100, 1920, 1080, True)


def test_as_they_stand() -> None:
    left, right = arrange((LEFT, RIGHT), ((1280, 720), (1920, 1080)), ((1.0, 1.0), (1.0, 1.0)))
    assert left.monitor == Monitor("screen 1", 0, 0, 1280, 720, True)
    assert right.monitor == Monitor("screen 2", 1280, 100, 1920, 1080, False)
    assert right.within(1290, 105) == (10.0, 5.0)
    assert right.within(0, 0) == (0.0, 0.0)
    assert left.within(5000, 5000) == (1279.0, 719.0)
    assert left.holds(1279, 0)
    assert not left.holds(1280, 0)


def test_a_screen_of_two_pixels_a_unit() -> None:
    per_unit = scale(LEFT, (2560, 1440))
    assert per_unit == (2.0, 2.0)
    (only,) = arrange((LEFT,), ((2560, 1440),), (per_unit,))
    assert (only.monitor.width, only.monitor.height) == (2560, 1440)
    assert only.within(1280, 720) == (640.0, 360.0)


def test_screens_of_different_scales_never_overlap() -> None:
    left, right = arrange((LEFT, RIGHT), ((2560, 1440), (1920, 1080)), ((2.0, 2.0), (1.0, 1.0)))
    assert right.monitor.x >= left.monitor.x + left.monitor.width


def test_the_corner_is_the_origin_wherever_the_desktop_counts_from() -> None:
    above = Source(3, -1920, -50, 1920, 1080, True)
    places = arrange((LEFT, above), ((1280, 720), (1920, 1080)), ((1.0, 1.0), (1.0, 1.0)))
    assert [(p.monitor.x, p.monitor.y) for p in places] == [(1920, 50), (0, 0)]


def test_side_by_side_where_the_desktop_does_not_say() -> None:
    sources = (Source(1, 0, 0, 0, 0, False), Source(2, 0, 0, 0, 0, False))
    places = arrange(sources, ((100, 50), (80, 40)), (scale(sources[0], (100, 50)), scale(sources[1], (80, 40))))
    assert [(p.monitor.x, p.monitor.y, p.monitor.width) for p in places] == [(0, 0, 100), (100, 0, 80)]


def test_what_is_under_the_pointer() -> None:
    places = arrange((LEFT, RIGHT), ((1280, 720), (1920, 1080)), ((1.0, 1.0), (1.0, 1.0)))
    assert under(places, 5, 5) is places[0]
    assert under(places, 1280, 100) is places[1]
    assert under(places, 1290, 0) is places[0]  # beside both, 11 pixels from the one and 100 from the other
    assert under((), 0, 0) is None
