"""xdg-desktop-portal: how a Wayland desktop lets a program look and type, after it has asked the person there."""
