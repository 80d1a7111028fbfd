"""This computer's printers, and how a job stands."""
