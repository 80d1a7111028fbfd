from __future__ import annotations

import json

from rs_relay.server.health import Counts, report

COUNTS = Counts(hosts=1, controls=2, links=3, sockets=4, codes=5)


def test_strangers_learn_that_it_is_alive_and_nothing_else() -> None:
    assert json.loads(report(stopping=False, uptime=5.0, counts=COUNTS, near=False)) == {"status": "ok", "protocol": 1}


def test_this_computer_learns_how_many() -> None:
    answer = json.loads(report(stopping=True, uptime=5.04, counts=COUNTS, near=True))
    assert answer["status"] == "stopping"
    assert answer["uptime"] == 5.0
    assert answer["counts"] == {"hosts": 1, "controls": 2, "links": 3, "sockets": 4, "codes": 5}
