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
  n        make a code for a customer to type
  j        join with the code that a customer reads out
  d        your devices, and connecting to one
  Enter    open the chosen session's workspace
  e        end it at both computers
  q        leave rs; the sessions go on

Workspace
  v        the customer's screen, in a window
  s        save a picture of it
  w        see it in small, here
  i        what the computer is, and its programs
  l        a shell on the customer's computer; ~d comes back
  o        the customer's folders: get, send, rename, remove
  c        write to the customer; Esc leaves the line
  p, 1-9   ask for a permission
  b        share the clipboard, or stop sharing
  y        get what is on the customer's: a picture, files
  m        show your own screen to the customer, or stop
  f, g     send a file, get a file
  t        the queue of files: space pauses, x cancels, r retries,
           l limits, - + * move one up, down, first; Enter tells all
  [ ]      the session before, the session after
  e        end the session at both computers
  q        back to the dashboard; the session goes on

The customer decides: nothing is seen, moved or sent before
they allow it, and they can take it back at any time.

A session outlives a lost connection and a closed dashboard.
Any other rs command works on it from another terminal.
"""


class Help(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("escape,f1,q,enter", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide"):
            yield Static(TEXT, markup=False)
