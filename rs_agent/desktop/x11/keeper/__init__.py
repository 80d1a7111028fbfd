"""What is changed at this desktop for the time of a session, and put back whatever happens: a process of its own.

    agent (rs_agent.desktop.x11.keeping)             keeper (this package, one process a purpose)
    Want(changes)   ─────────────▶    every second: what is to hold now
                    ◀─────────────    Told(…)   whenever what holds, or why something cannot, has changed
    end of stdin    ─────────────▶    put everything back, and end

Why a process: a `kill -9` asks nobody. When the agent is gone its pipe ends, and this process, which has a session of
its own, puts everything back. An agent that hangs says nothing: after SILENT seconds that is as if it were gone. What
is to be put back is written to a file before it is changed; should this process be killed as well, the next one of its
purpose (the agent's next start) reads the file first.

The customer's keyboard and mouse are held by grabs, which the X server ends itself with the connection that has them.
"""

BUSY = 75  # the exit status where another keeper of that purpose goes on: another agent's, on this display
