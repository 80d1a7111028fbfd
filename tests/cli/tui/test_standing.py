"""A screen stands from its mounting until it is left, or until the app ends."""

from __future__ import annotations

from textual.app import App
from textual.screen import Screen

from rs_cli.tui.screens.standing import stands


async def test_from_the_mounting_to_the_end() -> None:
    app: App[None] = App()
    first, second = Screen[None](), Screen[None]()
    async with app.run_test():
        await app.push_screen(first)
        await app.push_screen(second)
        assert stands(first)  # also below another
        assert stands(second)
        await second.dismiss()
        assert not stands(second)
        assert stands(first)
        app._running = False  # as at the beginning of its end
        assert not stands(first)
