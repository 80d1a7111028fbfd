"""A release: what `rs-relay agents build` leaves in the relay's folder `agents`, and whether it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from importlib import metadata
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_relay.download import packing, signing, sources
from rs_relay.download.frozen.contents import needs_glibc
from rs_relay.download.frozen.freeze import Frozen
from rs_relay.download.start import ed25519
from rs_relay.download.start.release import CONTEXT
from rs_relay.errors import Damaged, UsageError

FOLDER, PROGRAM, MANIFEST, SIGNATURE, CODE = "agents", "rs-agent.pyz", "manifest.json", "manifest.sig", "code.tar.xz"
START = Path(__file__).with_name("start")


def build(
    folder: Path,
    key: Ed25519PrivateKey,
    relay: str,
    targets: Sequence[tuple[str, str]],
    serial: int,
    preset: int = packing.SMALLEST,
    told: Callable[[str], None] = lambda line: None,
    frozen: Sequence[Frozen] = (),
) -> str:
    """Writes a release into `folder`; the SHA-256 of its program. `targets`: (system, Python), `relay`: ws(s)://…,
    `preset`: how hard xz tries, `frozen`: what needs no Python.

    Raises UsageError for a serial that is not above the last one's, LocalProblem for a package that is not to be had.
    """
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if serial <= last_serial(folder):
        raise UsageError("There is a newer release already.", "Customers' computers refuse to go back to an older one.")
    ours = sources.ours()
    code, whole = packing.archive(sources.early(ours), preset), packing.archive(ours, preset)
    rest = f"code-{_hash(whole)[:12]}.tar.xz"
    told(f"{len(whole) / 1000:9.1f} KB  {rest}")
    files: sources.Files = {CODE: code, rest: whole}
    packages, modules, glibc = _packages(targets, preset, told)
    files |= packages
    manifest = json.dumps(
        {
            "format": 1,
            "serial": serial,
            "version": metadata.version("rs-remote-support"),
            "relay": relay,
            "code": CODE,
            "rest": rest,
            "files": {name: {"sha256": _hash(data), "size": len(data)} for name, data in sorted(files.items())},
            "targets": modules,
            "first": sources.FIRST,
            "glibc": glibc,
            "programs": {one.system: _said(one) for one in frozen},
        },
        indent=1,
    ).encode()
    signature = signing.sign(key, manifest)
    start = {f"rs_start/{p.name}": p.read_bytes() for p in START.glob("*.py") if p.name != "__main__.py"}
    main = {"__main__.py": (START / "__main__.py").read_bytes()}
    program = packing.program({**sources.bare({**start, **main}), MANIFEST: manifest, SIGNATURE: signature, CODE: code})
    told(f"{len(program) / 1000:9.1f} KB  {PROGRAM}")
    for one in frozen:
        told(f"{len(one.data) / 1000:9.1f} KB  {one.name}")
        files[one.name] = one.data
    for name, data in {**files, PROGRAM: program, SIGNATURE: signature, MANIFEST: manifest}.items():
        if name != CODE:  # it is in the program
            _write(folder / name, data)
    return _hash(program)


def _packages(
    targets: Sequence[tuple[str, str]], preset: int, told: Callable[[str], None]
) -> tuple[sources.Files, dict[str, dict[str, str]], dict[str, str]]:
    """What is not in the one file: (file -> bytes, target -> module -> file, target -> the oldest glibc for it)."""
    files: sources.Files = {}
    modules: dict[str, dict[str, str]] = {}
    made: dict[tuple[str, str, str], str] = {}
    floors: dict[str, tuple[int, int]] = {}
    for system, python in targets:
        target = f"{system}-{python}"
        modules[target] = {}
        for module, (name, everywhere) in sources.APART.items():
            if not sources.wanted(module, target):
                continue
            which = (name, "", "") if everywhere else (name, system, python)
            if which not in made:
                package = sources.package(*which)
                data = packing.archive(package, preset)
                made[which] = f"{name}-{'any' if everywhere else target}-{_hash(data)[:12]}.tar.xz"
                files[made[which]], floors[made[which]] = data, needs_glibc(package.values())
                told(f"{len(data) / 1000:9.1f} KB  {made[which]}")
            modules[target][module] = made[which]
    newest = {target: max(floors[file] for file in named.values()) for target, named in modules.items()}
    return files, modules, {target: f"{major}.{minor}" for target, (major, minor) in newest.items() if major}


def _said(one: Frozen) -> dict[str, object]:
    """`glibc`: the oldest that it runs with, '' where that is no question."""
    glibc = f"{one.glibc[0]}.{one.glibc[1]}" if one.glibc[0] else ""
    return {"name": one.name, "sha256": _hash(one.data), "size": len(one.data), "glibc": glibc}


def last_serial(folder: Path) -> int:
    try:
        return int(json.loads((folder / MANIFEST).read_bytes())["serial"])
    except (OSError, ValueError, KeyError):
        return 0


def verify(folder: Path) -> tuple[bytes, int]:
    """(the key that signed it, how many files) of the release in `folder`. Raises UsageError, Damaged."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
        signed = bytes.fromhex((folder / SIGNATURE).read_text())
        program = zipfile.ZipFile(BytesIO((folder / PROGRAM).read_bytes()))
        inside = {name: program.read(name) for name in (MANIFEST, SIGNATURE, CODE)}
    except FileNotFoundError as e:
        raise UsageError("There is no agent to be downloaded here.", "`rs-relay agents build` makes one.") from e
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as e:
        raise Damaged("The release is damaged.", "`rs-relay agents build` makes another.") from e
    if not ed25519.verifies(signed[:32], CONTEXT + manifest, signed[32:]):
        raise Damaged("The manifest is not what was signed.", str(folder / MANIFEST))
    if inside[MANIFEST] != manifest:
        raise Damaged(f"{PROGRAM} is of another release than the manifest.", str(folder / PROGRAM))
    files = json.loads(manifest)["files"]
    for name, said in files.items():
        path = folder / name
        data = inside[CODE] if name == CODE else path.read_bytes() if path.is_file() else b""
        if _hash(data) != said["sha256"]:
            raise Damaged(f"{name} is not what was signed.", str(path))
    programs = json.loads(manifest).get("programs", {}).values()
    for said in programs:
        path = folder / said["name"]
        if not path.is_file() or _hash(path.read_bytes()) != said["sha256"]:
            raise Damaged(f"{said['name']} is not what was signed.", str(path))
    return signed[:32], len(files) + len(programs) + 1


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Whoever is fetching it gets the old one or the new one."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)
