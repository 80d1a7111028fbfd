"""F1: the keys, and the three things worth knowing."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

TEXT = """\
Dashboard
  n         make a code for a customer        j        join with a customer's code
  Enter     open the session's workspace      e        end it at both computers
  ↑ ↓       choose                            r        ask the relays again
  q         leave rs; the sessions stay with the customers

Workspace
  v         the customer's screen in a window s        save a picture of it
  c         write (Esc leaves the line)       1 to 7   ask for a permission
  f         send a file                       g        get a file
  b         share the clipboard, or stop      p        go through the permissions
  [ ]       the session before, after         e        end the session
  q, Esc    back to the dashboard; the session goes on

The customer decides: nothing is seen, moved or sent before they allow it, and they can take it back.
A session survives a lost connection and a closed dashboard; it ends when one of the two sides ends it.
Every other rs command works on the same session at the same time, from another terminal.
"""


class Help(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("escape,f1,q,enter", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide"):
            yield Static(TEXT, markup=False)
