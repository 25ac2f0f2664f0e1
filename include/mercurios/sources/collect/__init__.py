"""Collecting the typed rows of one resource: compared with what is known, and written to parts."""
