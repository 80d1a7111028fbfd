"""A Wayland desktop, seen through its portal."""
