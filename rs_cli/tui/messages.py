"""What screens ask of the application: they know each other through these alone."""

from __future__ import annotations

from textual.message import Message


class OpenSession(Message, bubble=True):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class EndSession(Message, bubble=True):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Beside(Message, bubble=True):
    """Show the session `step` places after that one."""

    def __init__(self, number: int, step: int) -> None:
        super().__init__()
        self.number, self.step = number, step
