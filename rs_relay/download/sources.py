"""The agent's code and the packages it needs, as files: {path below sys.path: bytes}.

A package is taken from this installation where it is the same system and Python, else pip fetches its wheel. What no
program reads (tests, type stubs, headers) stays behind; licences come along.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tempfile
import tokenize
import zipfile
from importlib import metadata
from pathlib import Path, PurePosixPath

from rs_relay.download import reach
from rs_relay.errors import LocalProblem

Files = dict[str, bytes]

ROOT = Path(__file__).parents[2]
OURS = ("rs_agent", "rs_relay")
NOT_OURS = ("rs_relay/server", "rs_relay/download")
# In the one file, because the code cannot be shown without them: distribution -> what of it is never loaded.
WITHIN = {
    "websockets": ("legacy", "sync", "trio", "cli.py", "__main__.py", "speedups"),
    "platformdirs": ("__main__.py",),
}
# Fetched when first imported: module -> (distribution, the same for all systems).
APART = {
    "msgspec": ("msgspec", False),
    "cryptography": ("cryptography", False),
    "_cffi_backend": ("cffi", False),
    "numpy": ("numpy", False),
    "PIL": ("pillow", False),
    "simplejpeg": ("simplejpeg", False),
    "backports": ("backports.zstd", False),
    "psutil": ("psutil", False),
    "setproctitle": ("setproctitle", False),
    "Xlib": ("python-xlib", True),
    "six": ("six", True),
    "mss": ("mss", True),
    "pyperclip": ("pyperclip", True),
    "dbus_fast": ("dbus-fast", False),
    "pynput": ("pynput", True),
    # For access codes alone: words of which one is made, and the judge of a person's own.
    "mnemonic": ("mnemonic", True),
    "zxcvbn": ("zxcvbn", True),
}
# On macOS pynput would need all of pyobjc: a download there sees and does not control.
ONLY = {
    "Xlib": "linux",
    "dbus_fast": "linux",
    "pynput": "windows",
    "backports": "-3.11 -3.12 -3.13",
}  # parts of a target's name
# What is loaded before a code is shown, or by the process of the customer's window, is in the one file; all of it is
# fetched behind the code. These load the rest of it (and what is missing here comes sooner, that is all).
BEGINS = (
    "rs_agent.main", "rs_agent.life", "rs_agent.ui.face.child", "rs_agent.ui.face.__main__", "rs_agent.ui.face.window",
    "rs_agent.desktop.x11.desktop", "rs_agent.desktop.keeping", "rs_agent.desktop.wayland.survey",
    "rs_agent.desktop.portable.desktop", "rs_agent.machine.linux", "rs_agent.machine.windows", "rs_agent.machine.macos",
    "websockets.asyncio.client", "platformdirs", "rs_relay.way.fetching",
)  # fmt: skip
_LATE = (
    "rs_agent.life",
    "rs_agent.ui.face",
    "rs_relay.glass.life",
    "platformdirs",
)  # they import in functions, and before a code is shown
# Of these, what is imported before a code is shown: fetched first, and counted on the page.
FIRST = ("msgspec", "Xlib", "six", "pynput")
_PLATFORMS = {
    "linux-x86_64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "linux-arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    "windows-x86_64": ("win_amd64",),
    "macos-arm64": ("macosx_11_0_arm64", "macosx_14_0_arm64", "macosx_11_0_universal2", "macosx_10_9_universal2"),
}
SYSTEMS = tuple(_PLATFORMS)
WORDS = ("english.txt", "french.txt")  # of `mnemonic`
_LEFT_OUT = (".pyi", ".pyx", ".pxd", ".h", ".c", ".a", ".lib", ".typed", ".pyc", ".cpp")


def own_paths() -> list[Path]:
    """Where the agent's modules and catalogues lie below ROOT, without one of the relay's."""
    found = [path.relative_to(ROOT) for package in OURS for path in (ROOT / package).rglob("*")]
    return sorted(p for p in found if p.suffix in (".py", ".mo") and not p.as_posix().startswith(NOT_OURS))


def ours() -> Files:
    """The agent's code and the packages that it cannot begin without."""
    files = {path.as_posix(): (ROOT / path).read_bytes() for path in own_paths()}
    for name in WITHIN:
        files |= {n: d for n, d in package(name, "", "").items() if not _unused(n, WITHIN[name])}
    version = metadata.version("rs-remote-support")
    about = f"Metadata-Version: 2.1\nName: rs-remote-support\nVersion: {version}\n".encode()
    return {**bare(files), f"rs_remote_support-{version}.dist-info/METADATA": about}


def early(files: Files) -> Files:
    """Of `ours()` what is needed until a code is shown."""
    needed = reach.reached(BEGINS, files, _LATE)
    return {name: data for name, data in files.items() if name in needed or not name.endswith(".py")}


def wanted(module: str, target: str) -> bool:
    """Whether a computer called `target` ('linux-x86_64-3.11') can need `module`."""
    return module not in ONLY or any(part in target for part in ONLY[module].split())


def package(name: str, system: str, python: str) -> Files:
    """The files of the distribution `name`. `system` '': it is the same everywhere. Raises LocalProblem."""
    return _trimmed(name, _installed(name, system, python) or _fetched(name, system, python))


def bare(files: Files) -> Files:
    """Without comments and docstrings: a third of the bytes. Every line keeps its number, for a traceback."""
    return {name: _bare(data) if name.endswith(".py") else data for name, data in files.items()}


def _bare(data: bytes) -> bytes:
    lines = data.decode().splitlines()
    for token in tokenize.generate_tokens(io.StringIO(data.decode()).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    for node in ast.walk(ast.parse(data)):
        match node:
            case ast.Module(body=[first, *_]) | ast.ClassDef(body=[first, *_]):
                _blank(lines, first)
            case ast.FunctionDef(body=[first, *_]) | ast.AsyncFunctionDef(body=[first, *_]):
                _blank(lines, first)
    return ("\n".join(lines) + "\n").encode()


def _blank(lines: list[str], node: ast.stmt) -> None:
    """A docstring becomes '' on its first line, and nothing on the others."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
        return
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset :].decode()
    lines[first : last + 1] = [f"{before}''{after}", *[""] * (last - first)]


def _installed(name: str, system: str, python: str) -> Files | None:
    from rs_relay.download.start.release import target

    if system and target() != f"{system}-{python}":
        return None
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    files = {f.as_posix(): Path(str(f.locate())) for f in found.files or () if ".." not in f.parts}
    return {n: path.read_bytes() for n, path in files.items() if path.is_file()}


def _fetched(name: str, system: str, python: str) -> Files:
    """By pip, in the version that is installed here if one is."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--disable-pip-version-check",
            "--no-deps",
            "-d",
            folder,
        ]
        if system:
            command += ["--only-binary", ":all:", "--python-version", python]
            command += [word for tag in _PLATFORMS[system] for word in ("--platform", tag)]
        done = subprocess.run([*command, _pinned(name)], capture_output=True, text=True)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            what = f"{name} for {system or 'any system'} {python}".strip()
            raise LocalProblem(f"pip could not fetch {what}.", done.stderr.strip()[-300:])
        with zipfile.ZipFile(wheels[0]) as archive:
            return {n: archive.read(n) for n in archive.namelist() if not n.endswith("/")}


def _pinned(name: str) -> str:
    try:
        return f"{name}=={metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


def _trimmed(name: str, files: Files) -> Files:
    kept = {n: data for n, data in files.items() if _is_kept(n)}
    if name == "mnemonic":  # its words, in the languages that are spoken here
        kept = {n: data for n, data in kept.items() if not n.endswith(".txt") or PurePosixPath(n).name in WORDS}
    if name == "cffi":  # cryptography wants its backend only
        kept = {n: data for n, data in kept.items() if not n.startswith("cffi/")}
    if name in ("numpy", "pillow"):
        return kept  # their docstrings are added to and looked at while they are imported
    return bare(kept)


def _is_kept(name: str) -> bool:
    path = PurePosixPath(name)
    if path.parts[0].endswith(".dist-info"):
        return any(word in path.name.upper() for word in ("LICEN", "COPYING", "NOTICE"))
    return path.suffix not in _LEFT_OUT and not {"tests", "test", "__pycache__"} & set(path.parts)


def _unused(name: str, parts: tuple[str, ...]) -> bool:
    path = PurePosixPath(name)
    return len(path.parts) > 1 and path.parts[1].startswith(parts)
