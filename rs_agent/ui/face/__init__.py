"""The customer's window: what `console` is in a terminal, for people who have never seen one.

    agent ─▶ child ─▶ pipe ─▶ __main__ ─▶ window ─▶ waiting · question · during · after     what holds, what is asked
    agent ◀─ child ◀─ pipe ◀──────────────────────────────────────────────────────────     what the customer does

It is a process of its own, for three reasons. What a stranger's texts can do to a tool kit, they do where no key is:
of all secrets it knows the code it shows. It is heard while the agent's event loop hangs: `stop` is acted upon in the
thread that reads the pipe. And it outlives the session: the summary stays on the screen when the agent has gone.
"""
