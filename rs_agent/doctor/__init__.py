"""What this computer can and cannot do for a support session, and why: `rs-agent doctor`.

    looks ──▶ facts ──▶ probes ──▶ report        looks do I/O, each in its own time; probes and report do none

Law: nothing is changed, nobody is told anything, and no secret is shown (a proxy's password is one).
"""
