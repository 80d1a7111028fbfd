"""A session's picture in a file: written while it is seen, played and exported later. docs/recording.md has every byte.

    screen channel ─▶ Recorder ─▶ (a process: Desk, Scribe, Sink) ─▶ FILE.rsrec ─▶ Recording ─▶ Reel ─▶ player, export

Nothing here knows a session or a socket: who records hands in the channel's messages, and opens the door when the
customer has agreed.
"""
