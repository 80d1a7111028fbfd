"""A Wayland desktop, as far as its portal lets a program look and type; it asks the person there itself, too."""
