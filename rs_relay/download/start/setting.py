"""The one setting that is needed before the agent can read its settings: through which proxy it is fetched."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path


def proxy(arguments: Sequence[str], environ: Mapping[str, str] = os.environ, system: Path | None = None) -> str:
    """As the agent itself would have it (`rs_agent.config`): `--proxy`, the user's `agent.toml`, the system's; '' where
    none says anything. `system`: the folder of the system's own. What is wrong in a file, the agent tells later."""
    import platformdirs  # it came along in the one file

    for argument, following in pairwise([*arguments, ""]):
        name, has_value, value = argument.partition("=")
        if name == "--proxy":
            return value if has_value else following
    own = environ.get("RS_CONFIG_DIR") or platformdirs.user_config_dir("rs", appauthor=False)
    for folder in (Path(own), system or Path(platformdirs.site_config_dir("rs", appauthor=False))):
        try:
            said = tomllib.loads((folder / "agent.toml").read_text("utf-8")).get("proxy")
        except (OSError, ValueError):
            continue
        if said and isinstance(said, str):
            return said
    return ""
