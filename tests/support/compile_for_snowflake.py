"""dbt's own compiler on the Snowflake target, without an account: nothing it compiles may need an answer from one.

Run as a script in a process of its own, in the project's folder and with the variables of its profile:
`python compile_for_snowflake.py <folder>`. Compiles twice, into `<folder>/first` with an empty database and into
`<folder>/later` with every model in it, since incremental models read differently once they exist.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import snowflake.connector
from dbt.adapters.snowflake.impl import SnowflakeAdapter
from dbt.cli.main import dbtRunner
from dbt_server import PLACES, parsed


class Refusing:
    """A connection that is never asked anything."""

    def __getattr__(self, name: str) -> Any:
        if name in ("close", "rollback", "commit", "is_closed"):
            return lambda *_, **__: None
        raise AssertionError(f"compiling asked the warehouse: {name}")


def main(folder: Path) -> int:
    """Compile and return 0 if that worked."""
    models: list[Any] = []

    def existing(adapter: Any, schema: Any) -> list[Any]:
        return [
            adapter.Relation.create(
                database=model.database.upper(),
                schema=model.schema.upper(),
                identifier=model.alias.upper(),
                type="view" if model.config.materialized == "view" else "table",
            )
            for model in models
            if model.schema.upper() == schema.schema.upper()
        ]

    def columns(adapter: Any, relation: Any) -> list[Any]:
        model = next(each for each in models if each.alias.upper() == relation.identifier.upper())
        return [adapter.Column(column.name.upper(), column.data_type) for column in model.columns.values()]

    snowflake.connector.connect = lambda *_, **__: Refusing()
    SnowflakeAdapter.list_relations_without_caching = existing
    SnowflakeAdapter.get_columns_in_relation = columns
    for state in ("first", "later"):
        manifest = parsed("snowflake", os.environ["SNOWFLAKE_DATABASE"], dict(os.environ))
        done = dbtRunner(manifest=manifest).invoke(
            [
                "--quiet",
                "compile",
                "--target",
                "snowflake",
                *PLACES,
                "--target-path",
                str(folder / state),
            ]
        )
        if not done.success:
            print(done.exception or "dbt compile failed", file=sys.stderr)
            return 1
        models = [each.node for each in done.result.results if each.node.resource_type == "model"]
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
