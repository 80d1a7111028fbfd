"""The frozen program leaves nothing of itself to the customer's programs, and no folder that nobody runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rs_agent.programs import surroundings
from rs_relay.download.frozen import entry

OLD = 10 * entry.DAY


def test_what_its_first_stage_set_is_gone() -> None:
    environ = {"_PYI_ARCHIVE_FILE": "x", "LD_LIBRARY_PATH": "/in/here", "LD_LIBRARY_PATH_ORIG": "/theirs", "A": "b"}
    entry.tidy_environment(environ)
    assert environ == {"LD_LIBRARY_PATH": "/theirs", "A": "b"}
    environ = {"LD_LIBRARY_PATH": "/in/here", "TCL_LIBRARY": "/in/here"}
    entry.tidy_environment(environ, forget=("TCL_LIBRARY", "TK_LIBRARY"))
    assert environ == {}


def test_the_systems_certificates_are_trusted_and_not_handed_on(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("")
    environ: dict[str, str] = {}
    entry.trust(environ, [str(tmp_path / "nothing"), str(bundle)])
    assert environ["SSL_CERT_FILE"] == str(bundle)
    assert "SSL_CERT_FILE" not in surroundings.environment(environ, {}, tmp_path)
    theirs = {"SSL_CERT_FILE": "/their/own"}
    entry.trust(theirs, [str(bundle)])
    assert theirs == {"SSL_CERT_FILE": "/their/own"}
    assert surroundings.environment(theirs, {}, tmp_path)["SSL_CERT_FILE"] == "/their/own"


def test_a_relay_that_is_named_inside_is_where_it_goes(tmp_path: Path) -> None:
    place = tmp_path / "relay.txt"
    environ: dict[str, str] = {}
    entry.meet(place, environ)
    assert environ == {}
    place.write_text("wss://help.example.org\n")
    entry.meet(place, environ)
    assert environ == {"RS_RELAY": "wss://help.example.org"}


@pytest.mark.skipif(os.name != "posix", reason="unpack.sh is for systems with sh")
def test_old_folders_go_but_those_that_run(tmp_path: Path) -> None:
    names = ("program-mine", "program-old", "program-new", "program-runs", "part-old", "part-new", "0" * 32)
    for name in names:
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, OLD - (0 if name.endswith("new") else 2 * entry.DAY)))
    (tmp_path / "program-link").symlink_to(tmp_path / ("0" * 32))
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys; from pathlib import Path; from rs_relay.download.frozen import entry\n"
         "entry.hold(Path(sys.argv[1])); print(flush=True); sys.stdin.read()", str(tmp_path / "program-runs")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[4],
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        entry.forget_others(tmp_path / "program-mine", now=OLD)
        holder.communicate()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"program-mine", "program-new", "program-runs", "part-new", "0" * 32, "program-link"}


def test_it_runs_a_process_of_ours_as_python_would() -> None:
    done = subprocess.run(
        [sys.executable, entry.__file__, "-P", "-m", "rs_agent", "--version"], capture_output=True, text=True,
        cwd=Path(__file__).parents[4], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
    )  # fmt: skip
    assert done.stdout.startswith("rs-agent "), done.stderr
