"""The warehouse: one small engine interface, SQL rendered from `include/sql`, load, and publication."""
