"""The same files give the same bytes, and sources lose nothing that runs."""

from __future__ import annotations

import ast
import io
import tarfile
import zipfile

from rs_relay.download import packing, sources


def test_an_archive_depends_on_its_files_alone() -> None:
    one, two = {"a.py": b"1", "b/c.so": b"2"}, {"b/c.so": b"2", "a.py": b"1"}
    assert packing.archive(one, 0) == packing.archive(two, 0) != packing.archive({**one, "a.py": b"3"}, 0)
    assert packing.program(one) == packing.program(two)
    with tarfile.open(fileobj=io.BytesIO(packing.archive(one, 0))) as tar:
        assert {m.name for m in tar} == set(one)
    assert zipfile.ZipFile(io.BytesIO(packing.program(one))).read("b/c.so") == b"2"


def test_comments_and_docstrings_go_and_lines_stay() -> None:
    source = '"""Doc\nstring."""\n# é\n\ndef f():  # why\n    "é"\n\n\nclass A:\n    """B."""\n    x = "# no"\n'
    bare = sources.bare({"a.py": source.encode()})["a.py"].decode()
    assert "Doc" not in bare
    assert "why" not in bare
    assert bare.splitlines()[10] == '    x = "# no"'
    assert [n.lineno for n in ast.parse(bare).body if isinstance(n, ast.FunctionDef)] == [5]


def test_every_module_of_ours_still_compiles_and_none_of_the_relays_is_there() -> None:
    files = sources.ours()
    for name, data in files.items():
        if name.endswith(".py"):
            compile(data, name, "exec")
    assert {"rs_agent/main.py", "rs_relay/link/dial.py", "websockets/asyncio/client.py"} <= set(files)
    assert not [name for name in files if name.startswith(("rs_relay/server", "rs_relay/download", "rs_cli"))]


def test_licences_come_along_and_tests_do_not() -> None:
    files = sources.package("msgspec", "", "")
    assert any("LICENSE" in name for name in files)
    assert not any(name.endswith(".pyi") for name in files)
