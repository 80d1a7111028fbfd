"""From a code or a name to a session in the book."""
