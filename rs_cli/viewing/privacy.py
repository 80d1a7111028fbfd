"""The customer's screen dark and their keyboard and mouse held, as switches in the window's menu.

While anything of it is in force the status line says so, and the tool bar has the button that ends it.
"""

from __future__ import annotations

from collections.abc import Iterable

from rs_cli.features.privacy import Privacy
from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around
from rs_relay.channels.consent import Grant
from rs_relay.channels.privacy import Part, State
from rs_relay.errors import RsError
from rs_relay.link.spec import Permission
from rs_relay.text import printable

LABELS = {Part.BLANK: "Blank the customer's screen", Part.BLOCK: "Block the customer's keyboard and mouse"}
IN_FORCE = {
    frozenset({Part.BLANK}): "The customer's screen is dark.",
    frozenset({Part.BLOCK}): "The customer's keyboard and mouse are held.",
    frozenset(Part): "The customer's screen is dark, their keyboard and mouse are held.",
}
ENDED = "The customer has ended it: they see their screen and use their keyboard and mouse again."
ASKED = "The customer is asked whether they allow that…"
REASON = 160  # characters of why the customer's computer cannot


class PrivacySwitches:
    def __init__(self, around: Around) -> None:
        self._around = around
        self._privacy = Privacy(self._told)
        self._asked: frozenset[Part] = (
            frozenset()
        )  # what was chosen here, which the feature forgets when it is withdrawn

    def entries(self) -> Iterable[pipe.Entry]:
        state = self._privacy.state
        for part, label in LABELS.items():
            if part in state.cannot:
                label += " (not now)"
            yield pipe.Entry(str(part), label, pipe.Kind.CHECK, on=part in state.in_force)
        if state.in_force:
            yield pipe.Entry("unkeep", "End privacy", tool=True)

    async def chosen(self, what: str, on: bool) -> None:
        if what == "unkeep":
            await self._want(frozenset())
            return
        part, wanted = Part(what), self._privacy.wanted
        if on and part in self._privacy.state.cannot:
            self._say_why(self._privacy.state)
        await self._want(wanted | {part} if on else wanted - {part})

    async def _want(self, parts: frozenset[Part]) -> None:
        self._asked = parts
        await self._privacy.keep(parts)
        if not parts:
            await self._around.session.drop(self._privacy)
            return
        if self._around.grant(Permission.PRIVACY) is not Grant.GRANTED:
            self._around.say(ASKED)
        try:
            await self._around.session.use(self._privacy)
        except RsError:
            self._asked = frozenset()
            await self._privacy.keep(frozenset())
            raise

    def _told(self, state: State) -> None:
        self._around.stand("privacy", IN_FORCE.get(frozenset(state.in_force), ""))
        if self._asked and not self._privacy.wanted:
            self._asked = frozenset()
            self._around.say(ENDED)
        self._say_why(state)
        self._around.touch()

    def _say_why(self, state: State) -> None:
        if state.cannot:
            self._around.say(" ".join(printable(why, REASON) for why in state.cannot.values()))
