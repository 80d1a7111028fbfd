"""What is loaded, read from the text: as Python would load it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from rs_relay.download import reach, sources

FILES = {
    "a/__init__.py": b"import os\nfrom .low import thing\n",
    "a/low.py": b"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a.types\nelse:\n    import a.other\n",
    "a/other.py": b"try:\n    from . import odd\nexcept ImportError:\n    import a.fallback\n",
    "a/odd.py": b"def f():\n    import a.lazy\nclass C:\n    import a.inner\n",
    "a/b/__init__.py": b"",
    "a/b/c.py": b"from ..odd import f\nfrom ...nowhere import g\n",
    **{f"a/{name}.py": b"" for name in ("types", "fallback", "lazy", "inner")},
}


def test_what_is_named_at_the_top() -> None:
    everything = {f"a/{name}.py" for name in ("__init__", "low", "other", "odd", "fallback", "inner")}
    assert reach.reached(["a"], FILES) == everything
    assert reach.reached(["a"], FILES, deep=["a.odd"]) == everything | {"a/lazy.py"}
    assert reach.reached(["a.b.c"], FILES) == everything | {"a/b/__init__.py", "a/b/c.py"}
    assert reach.reached(["nothing"], FILES) == set()


def test_python_loads_no_more_than_that() -> None:
    root = "rs_agent.ui.face.window"
    code = f"import sys, json; import {root}; print(json.dumps([m for m in sys.modules if m.startswith('rs_')]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=sources.ROOT)
    files = {path.as_posix(): (sources.ROOT / path).read_bytes() for path in sources.own_paths()}
    found = reach.reached([root], files)
    for module in json.loads(done.stdout):
        path = module.replace(".", "/")
        assert {f"{path}.py", f"{path}/__init__.py"} & found, module
    assert Path(root.replace(".", "/") + ".py").as_posix() in found
