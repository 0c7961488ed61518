"""Frames of every channel into files and the catalog, and what the recorder tells other processes about it."""
