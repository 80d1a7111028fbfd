"""Every module has its test: a file of the same name, or the one that is named here."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    str(path.relative_to(ROOT))
    for package in ("rs_relay", "rs_agent", "rs_cli")
    for path in (ROOT / package).rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)
TESTS = {path.name for path in (ROOT / "tests").rglob("test_*.py")}

# Said, not done: declarations whose every line is used by the tests of those who use them.
DECLARATIONS = {
    "rs_relay/link/spec.py", "rs_relay/wire/limits.py", "rs_relay/wire/closing.py", "rs_relay/transfer/outcome.py",
    "rs_agent/desktop/base.py", "rs_relay/capture/base.py", "rs_agent/ui/base.py", "rs_cli/command_line/options.py",
    "rs_cli/session/connector.py", "rs_cli/session/events.py", "rs_agent/system/base.py", "rs_agent/machine/base.py",
    "rs_agent/machine/service/base.py", "rs_agent/programs/base.py", "rs_agent/session/plan.py",
    "rs_agent/doctor/facts.py", "rs_relay/way/step.py",
}  # fmt: skip
# Tested as a part of what it is a part of.
ELSEWHERE = {
    "rs_relay/channels/screen/codecs/exact.py": "test_codecs.py",
    "rs_relay/channels/screen/codecs/jpeg.py": "test_codecs.py",
    "rs_relay/transfer/part.py": "test_disk.py",
    "rs_relay/transfer/folder_windows.py": "test_folder.py",
    "rs_relay/clipboard/selection.py": "test_clipboard_x11.py",
    "rs_relay/picture/eye.py": "test_screen_feature.py",
    "rs_relay/picture/show.py": "test_screen_feature.py",
    "rs_relay/capture/portable/screen.py": "test_portable.py",
    "rs_relay/capture/arrow.py": "test_x11_damage.py",
    "rs_relay/download/signing.py": "test_build.py",
    "rs_relay/download/sources.py": "test_packing.py",
    "rs_relay/download/frozen/freeze.py": "test_frozen_journey.py",
    "rs_relay/download/start/words.py": "test_store.py",
    "rs_relay/download/start/begin.py": "test_download_journey.py",
    "rs_relay/server/wording.py": "test_pages.py",
    "rs_cli/trace.py": "test_main.py",
    "rs_cli/commands/reboot.py": "test_reboot_journey.py",
    "rs_agent/commands/resume.py": "test_reboot_journey.py",
    "rs_agent/life.py": "test_agent_main.py",
    "rs_agent/unattended/life.py": "test_unattended_journey.py",
    "rs_cli/commands/devices.py": "test_unattended_journey.py",
    "rs_cli/commands/unattended.py": "test_unattended_journey.py",
    "rs_cli/title.py": "test_main.py",
    "rs_cli/features/still.py": "test_screen_technician.py",
    "rs_cli/command_line/examples.py": "test_manual.py",
    "rs_cli/commands/watch.py": "test_watching.py",
    "rs_cli/commands/completion.py": "test_completing.py",
    "rs_cli/viewer/saving.py": "test_window.py",
    "rs_cli/player/slider.py": "test_player_window.py",
    "rs_cli/tui/panels/screen.py": "test_picture_screen.py",
    "rs_cli/tui/widgets/picture.py": "test_picture_screen.py",
    "rs_cli/player/opening.py": "test_player_window.py",
    "rs_cli/doing/running.py": "test_exec_journey.py",
    "rs_cli/doing/looking.py": "test_shell_journey.py",
    "rs_cli/terminal/rawterm.py": "test_shell_journey.py",
    **{
        f"rs_agent/ui/face/{part}.py": "test_face_window.py"
        for part in ("after", "banner", "during", "entering", "question", "style", "waiting")
    },
    "rs_agent/ui/face/pipe.py": "test_face_child.py",
    **{f"rs_relay/glass/{part}.py": "test_window.py" for part in ("glass", "inbox", "look", "line")},
    **{f"rs_cli/viewing/{part}.py": "test_companions.py" for part in ("companion", "pause", "making", "clipboard")},
    **{
        f"rs_cli/commands/{verb}.py": "test_diagnostics_verbs.py" for verb in ("info", "ps", "kill", "services", "logs")
    },
    **{
        f"rs_cli/commands/{verb}.py": "test_folder_verbs.py"
        for verb in ("ls", "stat", "mkdir", "mv", "rm", "find", "du", "df")
    },
    "rs_cli/doing/there.py": "test_folder_verbs.py",
    "rs_cli/tui/widgets/things.py": "test_browser.py",
    **{f"rs_cli/commands/{verb}.py": "test_verbs.py" for verb in ("sessions", "login", "connect", "logout")},
    **{
        f"rs_cli/tui/{part}.py": "test_dashboard_and_workspace.py"
        for part in (
            "panels/panel", "panels/transfers", "panels/permissions", "screens/confirm", "screens/new_session",
            "screens/prompt", "screens/help", "widgets/status_line",
        )
    },
}  # fmt: skip


def _named_after(module: str) -> bool:
    path = Path(module)
    stems = {path.stem, f"{path.parent.name}_{path.stem}", f"{path.stem}_{path.parent.name}"}
    return any(
        name.removeprefix("test_").removesuffix(".py") in stems
        or name.startswith(f"test_{path.stem}_")
        or name.endswith(f"_{path.stem}.py")
        for name in TESTS
    )


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_test(module: str) -> None:
    assert module in DECLARATIONS or ELSEWHERE.get(module) in TESTS or _named_after(module), f"{module} has no test"


def test_the_exceptions_are_modules() -> None:
    assert DECLARATIONS | set(ELSEWHERE) <= set(MODULES)
