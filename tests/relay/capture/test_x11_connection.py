from __future__ import annotations

import pytest
from Xlib import error

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
