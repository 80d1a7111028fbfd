"""From what a screen shows to the frames of an update, and when to look: for whoever shows a screen to the other end.

Pure but for `eye`, which grabs, and `show`, which owns the thread and the channel's loop.
"""
