"""Keeps the recording disk in order: the cap, conversion, and what faults leave behind."""
