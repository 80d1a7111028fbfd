"""What this user's `rs` programs move: whose turn it is, how fast it goes, and a folder in which they tell each other.

No engine and no session here: `features/files` moves, this room keeps the books.
"""
