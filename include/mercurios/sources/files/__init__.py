"""Exports of a shop system, read from a folder of CSV, Parquet or Excel files."""
