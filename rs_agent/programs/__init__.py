"""Programs that run here for a technician: how they are started, held together, and ended, whatever they do.

Law: nothing outlives its channel (a command) or its session (a shell). Each gets a process group and session of its
own, and a cgroup where this user may make one; the end is TERM, a moment, then KILL, to all of it.
"""
