"""A connection to an X server by libxcb: what a glass paints with and a camera sees with, and nothing of either."""
