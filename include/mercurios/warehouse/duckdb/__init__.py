"""The embedded engine, DuckDB: one file for each tenant."""
