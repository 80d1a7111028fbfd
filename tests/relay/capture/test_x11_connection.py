from __future__ import annotations

import pytest
from Xlib import error
from Xlib.ext import damage

from rs_relay.capture.x11.connection import connect, need, speaking
from rs_relay.errors import LocalProblem
from tests.support.xdesktop import XDesktop


@pytest.mark.parametrize("name", [":9999", "nonsense", "host.invalid:0"])
def test_a_display_that_is_not_there(name: str) -> None:
    with pytest.raises(LocalProblem):
        connect(name)


def test_an_x_error_ends_nothing_and_is_not_printed(x: XDesktop, capfd: pytest.CaptureFixture[str]) -> None:
    opened = connect(x.display)
    opened.create_resource_object("window", 0xDEAD).destroy()
    opened.sync()
    assert opened.screen().root.get_geometry().width == 1000
    assert capfd.readouterr() == ("", "")
    opened.close()


def test_an_extension_that_is_missing(x: XDesktop) -> None:
    opened = connect(x.display)
    need(opened, "XTEST", "to type")
    with pytest.raises(LocalProblem) as refused:
        need(opened, "NO-SUCH-EXTENSION", "to fly")
    assert "NO-SUCH-EXTENSION" in refused.value.message
    opened.close()


def test_the_end_of_the_connection_is_a_local_problem(x: XDesktop) -> None:
    opened = connect(x.display)
    x.stop()
    with pytest.raises(LocalProblem), speaking():
        opened.sync()
    with pytest.raises(ZeroDivisionError), speaking():
        _ = 1 // 0
    assert issubclass(error.ConnectionClosedError, Exception)


def test_servers_with_other_extensions_do_not_share_numbers() -> None:
    """The display that comes back need not be the server that went; and two may be there at once."""
    with XDesktop((320, 240), without=("MIT-SHM",)) as less, XDesktop((320, 240)) as more:
        for x in (more, less, more):
            connect(x.display).close()
        opened = [connect(x.display) for x in (less, more)]
        numbers = [each.query_extension("DAMAGE").first_event for each in opened]
        assert numbers[0] != numbers[1]
        for each in opened:
            root = each.screen().root
            each.damage_query_version()
            root.damage_create(damage.DamageReportNonEmpty)
            root.clear_area(0, 0, 10, 10)
            root.fill_rectangle(root.create_gc(foreground=0xFFFFFF), 0, 0, 10, 10)
            each.sync()
        for each in opened:
            assert type(each.next_event()).__name__ == "DamageNotify"
            each.close()
