"""What a person sees and types in a terminal: answers, bars, tables, pictures, raw keys."""
