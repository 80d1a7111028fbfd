"""The window in which a recording plays: a process of its own that knows no session, no key and no socket."""
