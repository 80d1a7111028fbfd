"""While somebody is there: what is allowed, each with its way back; what happens; chat; pause and drawing."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable

from rs_agent.language import _
from rs_agent.ui import words
from rs_agent.ui.face import pipe, style, tell
from rs_agent.ui.face.style import GAP, Fonts
from rs_relay.channels.draw import Tool
from rs_relay.link.spec import Permission

MOST = 4  # rows of what is allowed that are seen at once
LINES = 1000  # of what happened and was said; the oldest go


class During:
    def __init__(self, parent: tk.Misc, fonts: Fonts, say: Callable[..., None]) -> None:
        self.frame = tk.Frame(parent, background=style.PAPER)
        self._fonts, self._say = fonts, say
        self._granted: list[Permission] = []
        self._paused = False
        self._rows: dict[Permission, tk.Frame] = {}
        self._people: dict[int, tuple[tk.Frame, tk.Label]] = {}
        self._title = style.words(self.frame, fonts.strong)
        self._title.pack(fill="x")
        self._roll, self._allowed = self._build_allowed()
        tools = self._build_tools()
        chat = self._build_chat()
        # Where there is little room it is what can be rolled that gives way.
        for part in (chat, tools):
            part.pack(side="bottom", fill="x", pady=(GAP // 2, 0), before=self._title)
        self._log = self._build_log()

    def _build_allowed(self) -> tuple[tk.Canvas, tk.Frame]:
        """Room for MOST rows; more of them are rolled to, by the wheel or with the keyboard."""
        box = tk.Frame(self.frame, background=style.PAPER)
        box.pack(fill="x")
        roll = tk.Canvas(box, background=style.PAPER, highlightthickness=0, height=1, yscrollincrement=8)
        bar = tk.Scrollbar(box, command=roll.yview, takefocus=False)  # the buttons roll it
        roll.configure(yscrollcommand=bar.set)
        roll.pack(side="left", fill="x", expand=True)
        rows = tk.Frame(roll, background=style.PAPER)
        inside = roll.create_window(0, 0, window=rows, anchor="nw")

        def fit(event: object) -> None:
            whole, shown = rows.winfo_reqheight(), list(self._rows.values())[:MOST]
            height = sum(row.winfo_reqheight() for row in shown) if len(self._rows) > MOST else whole
            roll.configure(height=max(height, 1), scrollregion=(0, 0, 0, whole))
            there = roll.winfo_height()
            if height < whole or 1 < there < whole - 2:
                bar.pack(side="right", fill="y")
            else:
                bar.pack_forget()

        rows.bind("<Configure>", fit)

        def widen(event: tk.Event[tk.Misc]) -> None:
            roll.itemconfigure(inside, width=event.width)
            fit(event)

        roll.bind("<Configure>", widen)
        for turn, way in (("<Button-4>", -6), ("<Button-5>", 6)):
            roll.bind_class("rows", turn, lambda event, way=way: roll.yview_scroll(way, "units"))  # type: ignore[misc]
        return roll, rows

    def _follow(self, row: tk.Frame) -> None:
        """The row whose button has the keyboard can be seen."""
        whole = max(self._allowed.winfo_height(), 1)
        top, bottom = row.winfo_y() / whole, (row.winfo_y() + row.winfo_height()) / whole
        first, last = self._roll.yview()
        if top < first or bottom > last:
            self._roll.yview_moveto(top if top < first else bottom - (last - first))

    def _build_tools(self) -> tk.Frame:
        bar = tk.Frame(self.frame, background=style.PAPER)
        self.pause = style.button(bar, _("&Pause"), self._pause, self._fonts.text, fills=True)
        self.draw = style.button(bar, _("&Draw ▾"), self._pop, self._fonts.text, fills=True)
        self.folder = style.button(
            bar, _("&Open the folder"), lambda: self._say(pipe.OpenFolder()), self._fonts.text, fills=True
        )
        for column, made in enumerate((self.pause, self.draw, self.folder)):
            bar.columnconfigure(column, weight=1, uniform="tools")
            made.grid(row=0, column=column, sticky="nsew", padx=(0 if column == 0 else 6, 0))
        self._menu = tk.Menu(self.frame, tearoff=False, font=self._fonts.text)
        names = {
            Tool.PEN: _("Pen"), Tool.ARROW: _("Arrow"), Tool.RECTANGLE: _("Rectangle"),
            Tool.HIGHLIGHTER: _("Highlighter"), Tool.LASER: _("Pointer"),
        }  # fmt: skip
        for tool, name in names.items():
            self._menu.add_command(label=name, command=lambda tool=tool: self._say(pipe.Draw(tool)))  # type: ignore[misc]
        self._menu.add_separator()
        self._menu.add_command(label=_("Remove all drawings"), command=lambda: self._say(pipe.Erase()))
        self._menu.add_command(label=_("Let nobody draw"), command=lambda: self._say(pipe.Forbid(True)))
        self._menu.add_command(label=_("Let them draw again"), command=lambda: self._say(pipe.Forbid(False)))
        return bar

    def _build_chat(self) -> tk.Frame:
        row = tk.Frame(self.frame, background=style.PAPER)
        style.words(row, self._fonts.small, _("Write to them:"), foreground=style.SOFT).pack(fill="x")
        send = style.button(row, _("S&end"), self._send, self._fonts.text)
        send.pack(side="right", padx=(6, 0))
        self.entry = tk.Entry(
            row, font=self._fonts.text, background=style.PAPER, foreground=style.INK, relief="solid", borderwidth=1,
            insertbackground=style.INK, highlightthickness=3, highlightcolor=style.RING,
            highlightbackground=style.PAPER,
        )  # fmt: skip
        self.entry.pack(side="left", fill="both", expand=True)
        self.entry.bind("<Return>", lambda event: self._send())
        return row

    def _build_log(self) -> tk.Text:
        box = tk.Frame(self.frame, background=style.PAPER)
        box.pack(fill="both", expand=True)
        bar = style.scrollbar(box)
        bar.pack(side="right", fill="y")
        log = tk.Text(
            box, height=3, width=20, wrap="word", font=self._fonts.small, background="#f4f5f8", foreground=style.INK,
            relief="flat", padx=8, pady=6, state="disabled", takefocus=False, yscrollcommand=bar.set, spacing3=3,
            highlightthickness=0,
        )  # fmt: skip
        log.pack(side="left", fill="both", expand=True)
        bar.configure(command=log.yview)
        log.tag_configure("who", font=self._fonts.strong)
        log.tag_configure("time", foreground=style.SOFT)
        log.tag_configure("problem", foreground=style.STOP)
        return log

    # what the agent tells

    def hold(self, holds: pipe.Holds) -> None:
        granted = [p for p in Permission if p in holds.granted]
        if granted != self._granted or not self._title.cget("text"):
            self._granted = granted
            self._title.configure(text=_("You have allowed:") if granted else _("You have allowed nothing yet."))
            for permission in list(self._rows):
                if permission not in granted:
                    self._rows.pop(permission).destroy()
            for permission in granted:
                if permission not in self._rows:
                    self._rows[permission] = self._row(permission)
                self._rows[permission].pack_forget()
                self._rows[permission].pack(fill="x")
        self._stand(holds.each)
        if holds.paused != self._paused:
            self._paused = holds.paused
            self.pause.configure(text=_("Go on") if self._paused else _("&Pause").replace("&", ""))

    def _stand(self, each: tuple[pipe.Standing, ...]) -> None:
        """Where there are several technicians: each, what is theirs, and a way to send them away."""
        for number in set(self._people) - {one.number for one in each}:
            self._people.pop(number)[0].destroy()
        for one in each:
            if one.number not in self._people:
                self._people[one.number] = self._person(one.number)
            row, text = self._people[one.number]
            text.configure(text=tell.standing(one))
            row.pack_forget()
            row.pack(fill="x")

    def _person(self, number: int) -> tuple[tk.Frame, tk.Label]:
        row = tk.Frame(self._allowed, background=style.PAPER)
        away = style.button(row, _("Send away"), lambda: self._say(pipe.Remove(number)), self._fonts.small)
        away.pack(side="right")
        text = style.words(row, self._fonts.text, "")
        text.pack(side="left", fill="x", expand=True)
        away.bind("<FocusIn>", lambda event: self._follow(row))
        for part in (row, away, text):
            part.bindtags((*part.bindtags(), "rows"))
        return row, text

    def _row(self, permission: Permission) -> tk.Frame:
        row = tk.Frame(self._allowed, background=style.PAPER)
        back = style.button(row, _("Take back"), lambda: self._say(pipe.Withdraw((permission,))), self._fonts.small)
        back.pack(side="right")
        text = style.words(row, self._fonts.text, "✓ " + words.asks(permission))
        text.pack(side="left", fill="x", expand=True)
        back.bind("<FocusIn>", lambda event: self._follow(row))
        for part in (row, back, text):
            part.bindtags((*part.bindtags(), "rows"))
        return row

    def line(self, text: str, who: str = "", tag: str = "") -> None:
        """One thing that happened, or was said by `who`; ready for show."""
        self._log.configure(state="normal")
        self._log.insert("end", time.strftime("%H:%M  "), "time")
        if who:
            self._log.insert("end", f"{who}: ", "who")
        self._log.insert("end", text + "\n", tag)
        more = int(self._log.index("end-1c").split(".")[0]) - LINES
        if more > 0:
            self._log.delete("1.0", f"{more + 1}.0")
        self._log.configure(state="disabled")
        self._log.see("end")

    # what the customer does

    def _pause(self) -> None:
        self._say(pipe.Pause(not self._paused))

    def _pop(self) -> None:
        self._menu.tk_popup(self.draw.winfo_rootx(), self.draw.winfo_rooty() + self.draw.winfo_height())

    def _send(self) -> None:
        text = self.entry.get().strip()
        if text:
            self.entry.delete(0, "end")
            self.line(text[:2000], _("You"))
            self._say(pipe.Say(text[:4000]))
