"""Pictures from PipeWire, which is where a Wayland desktop hands them over: as a client of libpipewire, by ctypes."""
