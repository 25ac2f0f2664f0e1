"""Which of DuckDB's messages may show what is in a row."""

from __future__ import annotations

# What DuckDB says of SQL, files and sessions. Any other message may quote a value, with quotes or without.
_OF_NO_ROW = (
    "BinderException",
    "CatalogException",
    "ConnectionException",
    "DependencyException",
    "InterruptException",
    "IOException",
    "OutOfMemoryException",
    "ParserException",
    "PermissionException",
    "SyntaxException",
    "TransactionException",
)


def shows_a_value(error: BaseException) -> bool:
    """Return whether DuckDB's own message may quote a value of a row."""
    import duckdb

    of_no_row = tuple(getattr(duckdb, name) for name in _OF_NO_ROW)
    return isinstance(error, duckdb.Error) and not isinstance(error, of_no_row)
