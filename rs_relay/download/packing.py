"""Files into one file. The same files give the same bytes: sorted, without times, owners or chance. Pure."""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping

SHEBANG = b"#!/usr/bin/env python3\n"
SMALLEST, FASTEST = 9 | lzma.PRESET_EXTREME, 0
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


def archive(files: Mapping[str, bytes], preset: int = SMALLEST) -> bytes:
    """A .tar.xz; modules of one kind lie together, which is where xz finds what repeats."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files, key=lambda name: (name.rpartition(".")[2], name)):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(files[name]), 0o600
            tar.addfile(info, io.BytesIO(files[name]))
    return lzma.compress(out.getvalue(), preset=preset)


def program(files: Mapping[str, bytes]) -> bytes:
    """A zip that Python runs by its __main__.py."""
    out = io.BytesIO()
    out.write(SHEBANG)
    with zipfile.ZipFile(out, "w") as whole:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _LONG_AGO)
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".xz") else zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, 0o644 << 16
            whole.writestr(info, files[name], compresslevel=9)
    return out.getvalue()
