"""The filters of mercurios.warehouse.sql, for linting templates without importing the project."""

SQLFLUFF_JINJA_FILTERS = {"ident": str, "literal": "'{}'".format}
