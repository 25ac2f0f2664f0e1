"""Names of the roles that load, one for each database: a leaked key of one reads no other database."""

from __future__ import annotations

# What tenants share unless their files say otherwise.
SHARED_DATABASE = "MERCURIOS_DATA"
LOADER = "MERCURIOS_LOADER"


def loader_of(database: str) -> str:
    """Return the role that loads into a database, as Snowflake spells it."""
    name = database.upper()
    return LOADER if name == SHARED_DATABASE else f"{LOADER}_{name}"
