"""Strokes over a desktop, for whichever end shows them: what is there (`board`) and how it looks (`raster`). Pure."""
