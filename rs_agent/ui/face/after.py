"""When it is over: what was done, for as long as the customer wants to read it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from rs_agent.language import _
from rs_agent.ui.face import style
from rs_agent.ui.face.style import GAP, Fonts


class After:
    def __init__(
        self, parent: tk.Misc, fonts: Fonts, title: str, lines: Sequence[str], close: Callable[[], None]
    ) -> None:
        """The last of `lines` stands by itself."""
        self.frame = tk.Frame(parent, background=style.PAPER)
        style.words(self.frame, fonts.large, title).pack(fill="x", pady=(0, GAP // 2))
        self.close = style.button(self.frame, _("&Close"), close, fonts.strong, fills=True)
        self.close.pack(side="bottom", fill="x", pady=(GAP, 0))
        style.words(
            self.frame,
            fonts.small,
            _("This computer keeps a record of it (`rs-agent journal`)."),
            foreground=style.SOFT,
        ).pack(side="bottom", fill="x", pady=(GAP // 2, 0))
        *told, last = lines
        style.words(self.frame, fonts.strong, last).pack(side="bottom", fill="x", pady=(GAP // 2, 0))
        box = tk.Frame(self.frame, background=style.PAPER)
        box.pack(fill="both", expand=True)
        bar = style.scrollbar(box)
        bar.pack(side="right", fill="y")
        text = tk.Text(
            box, height=4, width=20, wrap="word", font=fonts.text, background="#f4f5f8", foreground=style.INK,
            relief="flat", padx=8, pady=6, spacing3=6, takefocus=False, highlightthickness=0, yscrollcommand=bar.set,
        )  # fmt: skip
        text.insert("end", "\n".join(told))
        text.configure(state="disabled")
        bar.configure(command=text.yview)
        text.pack(side="left", fill="both", expand=True)
